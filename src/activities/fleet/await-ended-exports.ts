import { Context } from '@temporalio/activity';
import type { AwaitExportsRequest, EndedFleetExport } from '../../contract/fleet-activities';
import { notSucceeded, succeeded } from '../../contract/fleet-outcome';
import { endedExports } from '../../client/ended-exports';
import { withHeartbeats } from '../heartbeats';

/** Pause between two polls, in milliseconds. */
const POLL_EVERY_MS = 2_000;

/**
 * Waits until some of a fleet's exports have ended, and gives those: for exports that are not children of this run of
 * the fleet, and whose ends Temporal does not tell it.
 */
export function awaitExports({
  workflowIds,
  runIds = [],
  heartbeatTimeoutMs,
}: AwaitExportsRequest): Promise<EndedFleetExport[]> {
  const { client, cancellationSignal: signal } = Context.current();
  return withHeartbeats(
    heartbeatTimeoutMs,
    () => ({ step: 'waiting', exports: workflowIds.length }),
    async () => {
      const exports = workflowIds.map((workflowId, index) => ({ workflowId, runId: runIds[index] ?? undefined }));
      for await (const ended of endedExports(client, exports, { everyMs: POLL_EVERY_MS, signal })) {
        return ended.map(({ workflowId, result, error }) => ({
          workflowId,
          ...(result ? succeeded(result) : notSucceeded(error)),
        }));
      }
      return [];
    },
  );
}
