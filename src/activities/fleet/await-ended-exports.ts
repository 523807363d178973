import { Context } from '@temporalio/activity';
import type { AwaitExportsRequest, EndedFleetExport } from '../../contract/fleet-activities';
import { notSucceeded, succeeded } from '../../contract/fleet-outcome';
import { endedExports } from '../../client/ended-exports';
import type { ReportDetails } from '../heartbeats';

/** Pause between two polls, in milliseconds. */
const POLL_EVERY_MS = 2_000;

/**
 * Waits until some of a fleet's exports have ended, and returns those. It waits for exports that an earlier run of the
 * fleet started: they are not children of this run, so Temporal does not report their ends to it.
 */
export async function awaitExports(
  { workflowIds, runIds = [] }: AwaitExportsRequest,
  report: ReportDetails,
): Promise<EndedFleetExport[]> {
  const { client, cancellationSignal: signal } = Context.current();
  report(() => ({ step: 'waiting', exports: workflowIds.length }));
  const exports = workflowIds.map((workflowId, index) => ({ workflowId, runId: runIds[index] ?? undefined }));
  for await (const ended of endedExports(client, exports, { everyMs: POLL_EVERY_MS, signal })) {
    return ended.map(({ workflowId, result, error }) => ({
      workflowId,
      ...(result ? succeeded(result) : notSucceeded(error)),
    }));
  }
  return [];
}
