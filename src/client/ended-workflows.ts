import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { EXPORT_MODEL_WORKFLOW } from '../contract/export-status';
import { pause } from '../internal/pause';
import { inParallel } from '../internal/in-parallel';

/** A workflow to wait for. */
export interface FollowedWorkflow {
  readonly workflowId: string;
  /** Default: the run that is the latest at the time of asking. */
  readonly runId?: string | undefined;
}

/** A workflow that has ended, that is not an export, or that the server does not know. */
export interface EndedWorkflow {
  readonly workflowId: string;
  /** The run that was asked for, or the last one that continued it. Left out where the server does not know it. */
  readonly runId?: string;
  /** Type of the workflow, where it is not an export; it may still run. */
  readonly foreignType?: string;
}

export interface EndedWorkflowsOptions {
  /** Pause between two polls, in milliseconds. */
  readonly everyMs: number;
  /** Ends the waiting; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** At most this many are described one by one at each poll: that answer is never late, as a list can be. */
const DESCRIBED_EACH = 10;
/** Descriptions that are asked for at the same time. */
const DESCRIBED_AT_ONCE = 10;
/** Ids in one query. */
const IDS_PER_QUERY = 100;
/** A workflow appears in lists a while after it has ended, and clocks differ. */
const OVERLAP_MS = 60_000;
/** Each workflow is looked up by its id at this interval, whatever the lists contained, in milliseconds. */
const LOOK_UP_EACH_MS = 300_000;

/** The run that is followed: of a chain of runs always the last. */
interface Followed {
  readonly workflowId: string;
  runId: string | undefined;
  /** First run of its chain, once it is known. Runs that continue as new, are retried or reset share it. */
  firstRunId: string | undefined;
}

/**
 * Gives export workflows as they end, those of one poll together. It lists what has closed lately, one list for all: a
 * wait for each would hold a long poll, of which the server refuses more than about a thousand.
 *
 * A run is followed, not an id: an earlier run of the same id that has closed says nothing about it, and neither does a
 * later one that somebody starts. A run that continues as new, is retried or is reset is followed to its next run.
 * Lists only say which runs to describe; that a run has ended is always read from its own description.
 */
export async function* endedWorkflows(
  client: Client,
  workflows: Iterable<FollowedWorkflow>,
  { everyMs, signal }: EndedWorkflowsOptions,
): AsyncGenerator<EndedWorkflow[], void, undefined> {
  const waiting = new Set<Followed>();
  for (const { workflowId, runId } of distinct(workflows)) waiting.add({ workflowId, runId, firstRunId: undefined });
  // Which run is the latest is known from descriptions alone: a list can lack a run that began a second ago.
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
  // SQLite gives a running workflow a close time far ahead: its status must be asked for, too.
  const terms = [
    `WorkflowType = '${EXPORT_MODEL_WORKFLOW}'`,
    "ExecutionStatus != 'Running'",
    `CloseTime >= '${since}'`,
  ];
  return client.workflow.list({ query: terms.join(' AND ') });
}

/** Those whose run is not in the list of what runs: it has closed, or the list is late. */
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

/** How a workflow ended; `undefined` while the run that is followed, or one that continues it, runs. */
async function endOf(client: Client, followed: Followed): Promise<EndedWorkflow | undefined> {
  const { workflowId } = followed;
  const latest = await describe(client, workflowId, undefined);
  if (latest === undefined) return { workflowId, ...(followed.runId !== undefined && { runId: followed.runId }) };
  const { runId = latest.runId } = followed;
  const own = runId === latest.runId ? latest : await describe(client, workflowId, runId);
  if (own === undefined && followed.firstRunId === undefined) return { workflowId, runId };
  followed.firstRunId ??= own && firstRunOf(own);
  // The latest run continues the one that is followed, unless somebody has started the id again.
  const current = followed.firstRunId === firstRunOf(latest) ? latest : own;
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

/** `undefined` where the server does not know the run, or no longer. */
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
