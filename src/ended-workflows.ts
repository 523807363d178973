import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { EXPORT_MODEL_WORKFLOW } from './contract';
import { pause } from './operations/pause';

/** A workflow that has ended, or that the server does not know. */
export interface EndedWorkflow {
  readonly workflowId: string;
  /** Left out where the server does not know it. */
  readonly runId?: string;
}

export interface EndedWorkflowsOptions {
  /** Pause between two looks, in milliseconds. */
  readonly everyMs: number;
  /** Ends the waiting; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** So few are asked after one by one: that answer is never late, as a list can be. */
const DESCRIBED_EACH = 10;
/** Ids in one query. */
const IDS_PER_QUERY = 100;
/** A workflow appears in lists a while after it has ended, and clocks differ. */
const OVERLAP_MS = 60_000;
/** Every so often each is looked at by its id, whatever the lists said, in milliseconds. */
const LOOK_AT_EACH_MS = 300_000;

/**
 * Gives export workflows as they end, those of one look together. It asks for what has closed lately, one list for all:
 * a wait for each would hold a long poll, of which the server refuses more than about a thousand.
 */
export async function* endedWorkflows(
  client: Client,
  workflowIds: Iterable<string>,
  { everyMs, signal }: EndedWorkflowsOptions,
): AsyncGenerator<EndedWorkflow[], void, undefined> {
  const waiting = new Set(workflowIds);
  let closedAfter = Date.now() - OVERLAP_MS;
  let lookAtEachAt = 0;
  while (waiting.size > 0) {
    signal.throwIfAborted();
    const ended: EndedWorkflow[] = [];
    if (Date.now() >= lookAtEachAt) {
      lookAtEachAt = Date.now() + LOOK_AT_EACH_MS;
      ended.push(...(await endedById(client, [...waiting])));
    } else if (waiting.size <= DESCRIBED_EACH) {
      ended.push(...(await describeEach(client, [...waiting])));
    } else {
      for await (const info of listClosed(client, closedAfter)) {
        closedAfter = Math.max(closedAfter, (info.closeTime?.getTime() ?? 0) - OVERLAP_MS);
        if (waiting.has(info.workflowId)) ended.push(info);
      }
    }
    const fresh = ended.filter(({ workflowId }) => waiting.delete(workflowId));
    if (fresh.length > 0) yield fresh.map(({ workflowId, runId }) => ({ workflowId, ...(runId && { runId }) }));
    else await pause(everyMs, signal);
  }
}

function listClosed(client: Client, after: number): AsyncIterable<WorkflowExecutionInfo> {
  const since = new Date(after).toISOString();
  // SQLite gives a running workflow a close time far ahead: its status must be asked for, too.
  const terms = [
    `WorkflowType = '${EXPORT_MODEL_WORKFLOW}'`,
    "ExecutionStatus != 'Running'",
    `CloseTime >= '${since}'`,
  ];
  return client.workflow.list({ query: terms.join(' AND ') });
}

async function endedById(client: Client, workflowIds: readonly string[]): Promise<EndedWorkflow[]> {
  if (workflowIds.length <= DESCRIBED_EACH) return describeEach(client, workflowIds);
  const latest = new Map<string, WorkflowExecutionInfo>();
  for (let start = 0; start < workflowIds.length; start += IDS_PER_QUERY) {
    const ids = workflowIds.slice(start, start + IDS_PER_QUERY).map(quoted);
    for await (const info of client.workflow.list({ query: `WorkflowId IN (${ids.join(', ')})` })) {
      const other = latest.get(info.workflowId);
      if (other === undefined || other.startTime < info.startTime) latest.set(info.workflowId, info);
    }
  }
  // One that was started just now may not be in lists yet.
  const unlisted = await describeEach(
    client,
    workflowIds.filter((id) => !latest.has(id)),
  );
  return [...[...latest.values()].filter(({ status }) => status.name !== 'RUNNING'), ...unlisted];
}

async function describeEach(client: Client, workflowIds: readonly string[]): Promise<EndedWorkflow[]> {
  const ended: EndedWorkflow[] = [];
  for (const workflowId of workflowIds) {
    try {
      const { status, runId } = await client.workflow.getHandle(workflowId).describe();
      if (status.name !== 'RUNNING') ended.push({ workflowId, runId });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      ended.push({ workflowId });
    }
  }
  return ended;
}

function quoted(id: string): string {
  return `'${id.replace(/['\\]/g, '\\$&')}'`;
}
