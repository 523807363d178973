import type { ExportHandle } from '../../src';

/** Process id in the default identity of a worker, `PID@HOST`. */
function pidOf(identity: string | null | undefined): number | undefined {
  const pid = Number.parseInt(identity ?? '', 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** Process ids of the workers that ran the activities of an export, in order. */
export async function workersOf({ workflow }: ExportHandle): Promise<number[]> {
  const { events = [] } = await workflow.fetchHistory();
  const pids = (events ?? []).flatMap((event) => pidOf(event.activityTaskStartedEventAttributes?.identity) ?? []);
  return [...new Set(pids)];
}

/** Process id of the worker that runs an activity of an export now; undefined between activities. */
export async function currentWorkerOf({ workflow }: ExportHandle): Promise<number | undefined> {
  const { raw } = await workflow.describe();
  return pidOf(raw.pendingActivities?.[0]?.lastWorkerIdentity);
}
