import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { EXPORT_MODEL_WORKFLOW } from '../contract/names';
import { defined } from '../internal/defined';
import { pause } from '../internal/pause';
import { inParallel } from '../internal/in-parallel';

/** A workflow to wait for. */
export interface FollowedWorkflow {
  readonly workflowId: string;
  /** Default: the latest run at the time of the call. */
  readonly runId?: string | undefined;
}

/** A workflow that has ended, that is not an export, or that the server does not know. */
export interface EndedWorkflow {
  readonly workflowId: string;
  /** The followed run, or the last one that continued it. Absent if the server does not know it. */
  readonly runId?: string;
  /** Type of a workflow that is not an export; it may still be running. */
  readonly foreignType?: string;
}

export interface EndedWorkflowsOptions {
  /** Pause between two polls, in milliseconds. */
  readonly everyMs: number;
  /** Ends the wait; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Up to this many workflows, each is described at each poll: a description is never late, but a list can be. */
const DESCRIBED_EACH = 10;
/** Most concurrent descriptions. */
const DESCRIBED_AT_ONCE = 10;
/** Most ids in one query. */
const IDS_PER_QUERY = 100;
/** Overlap of two lists, in milliseconds: an ended workflow is listed late, and clocks differ. */
const OVERLAP_MS = 60_000;
/** Interval at which each workflow is looked up by its id, whatever the lists contained, in milliseconds. */
const LOOK_UP_EACH_MS = 300_000;

/** The run that is followed: always the last one of its chain. */
interface Followed {
  readonly workflowId: string;
  runId: string | undefined;
  /** First run of its chain, once it is known. Runs that continue as new, are retried or reset share it. */
  firstRunId: string | undefined;
}

/**
 * Yields export workflows as they end, those of one poll together. One list of recently closed workflows serves all of
 * them: waiting for each would hold a long poll, and the server refuses more than about a thousand.
 *
 * It follows a run, not an id: earlier and later runs of the same id are ignored. A run that continues as new, is retried
 * or is reset is followed to its next run. Lists only select the runs to describe; the end of a run is always read from
 * its description.
 */
export async function* endedWorkflows(
  client: Client,
  workflows: Iterable<FollowedWorkflow>,
  { everyMs, signal }: EndedWorkflowsOptions,
): AsyncGenerator<EndedWorkflow[], void, undefined> {
  const waiting = new Set<Followed>();
  for (const { workflowId, runId } of distinct(workflows)) waiting.add({ workflowId, runId, firstRunId: undefined });
  // Only a description shows the latest run: a list can lack a run that began a second ago.
  let ended = await endedOf(
    client,
    [...waiting].filter(({ runId }) => runId === undefined),
    signal,
  );
  let closedAfter = Date.now() - OVERLAP_MS;
  let lookUpEachAt = 0;
  for (;;) {
    for (const { followed } of ended) waiting.delete(followed);
    if (ended.length > 0) yield ended.map(({ end }) => end);
    if (waiting.size === 0) return;
    if (ended.length === 0 && lookUpEachAt > 0) await pause(everyMs, signal);
    signal.throwIfAborted();
    let candidates = [...waiting];
    if (Date.now() >= lookUpEachAt) {
      lookUpEachAt = Date.now() + LOOK_UP_EACH_MS;
      if (waiting.size > DESCRIBED_EACH) candidates = await notListedAsRunning(client, candidates);
    } else if (waiting.size > DESCRIBED_EACH) {
      const closed = new Set<string>();
      for await (const info of listClosed(client, closedAfter)) {
        closedAfter = Math.max(closedAfter, (info.closeTime?.getTime() ?? 0) - OVERLAP_MS);
        closed.add(info.runId);
      }
      candidates = candidates.filter(({ runId }) => runId !== undefined && closed.has(runId));
    }
    ended = await endedOf(client, candidates, signal);
  }
}

function distinct(workflows: Iterable<FollowedWorkflow>): Iterable<FollowedWorkflow> {
  return new Map([...workflows].map((one) => [JSON.stringify([one.workflowId, one.runId]), one])).values();
}

function listClosed(client: Client, after: number): AsyncIterable<WorkflowExecutionInfo> {
  const since = new Date(after).toISOString();
  // With SQLite, a running workflow has a close time far in the future, so the status is needed, too.
  const terms = [
    `WorkflowType = '${EXPORT_MODEL_WORKFLOW}'`,
    "ExecutionStatus != 'Running'",
    `CloseTime >= '${since}'`,
  ];
  return client.workflow.list({ query: terms.join(' AND ') });
}

/** Those whose run is not listed as running: it has closed, or the list is late. */
async function notListedAsRunning(client: Client, followed: readonly Followed[]): Promise<Followed[]> {
  const running = new Set<string>();
  for (let start = 0; start < followed.length; start += IDS_PER_QUERY) {
    const ids = followed.slice(start, start + IDS_PER_QUERY).map(({ workflowId }) => quoted(workflowId));
    const query = `WorkflowId IN (${ids.join(', ')}) AND ExecutionStatus = 'Running'`;
    for await (const { runId } of client.workflow.list({ query })) running.add(runId);
  }
  return followed.filter(({ runId }) => runId === undefined || !running.has(runId));
}

interface FollowedEnd {
  readonly followed: Followed;
  readonly end: EndedWorkflow;
}

async function endedOf(client: Client, candidates: readonly Followed[], signal: AbortSignal): Promise<FollowedEnd[]> {
  const ended: FollowedEnd[] = [];
  await inParallel(
    candidates,
    async (followed) => {
      signal.throwIfAborted();
      const end = await endOf(client, followed);
      if (end !== undefined) ended.push({ followed, end });
    },
    DESCRIBED_AT_ONCE,
  );
  return ended;
}

/** The end of a workflow; `undefined` while the followed run, or one that continues it, is running. */
async function endOf(client: Client, followed: Followed): Promise<EndedWorkflow | undefined> {
  const { workflowId } = followed;
  const latest = await describe(client, workflowId, undefined);
  if (latest === undefined) return { workflowId, ...defined({ runId: followed.runId }) };
  const { runId = latest.runId } = followed;
  const description = runId === latest.runId ? latest : await describe(client, workflowId, runId);
  if (description === undefined && followed.firstRunId === undefined) return { workflowId, runId };
  followed.firstRunId ??= description && firstRunOf(description);
  // The latest run continues the followed one, unless the id was started again.
  const current = followed.firstRunId === firstRunOf(latest) ? latest : description;
  followed.runId = current?.runId ?? runId;
  if (current !== undefined && current.type !== EXPORT_MODEL_WORKFLOW) {
    return { workflowId, runId: current.runId, foreignType: current.type };
  }
  return current?.status.name === 'RUNNING' ? undefined : { workflowId, runId: followed.runId };
}

function firstRunOf({ raw, runId }: WorkflowExecutionDescription): string {
  const first = raw.workflowExecutionInfo?.firstRunId ?? '';
  // Servers before 1.24 leave it empty.
  return first === '' ? runId : first;
}

/** Describes a run; `undefined` if the server does not know it (any more). */
async function describe(
  client: Client,
  workflowId: string,
  runId: string | undefined,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function quoted(id: string): string {
  return `'${id.replace(/['\\]/g, '\\$&')}'`;
}
