import { Context } from '@temporalio/activity';
import type { CancelledOperation, CancelExportRequest, OwnOperation } from '../contract';
import { GoogleApiError } from '../google/api-error';
import type { ExportOperation } from '../google/vertex';
import { pause } from '../operations/pause';
import type { ExportDependencies } from './dependencies';
import { withFailures } from './failures';
import { withHeartbeats } from './heartbeats';
import { listOwnOperations } from './start-export';

/** A cancelled operation ends soon, so it is looked at often, in milliseconds. */
const POLL_DELAY_MS = 1_000;
const MAX_POLL_DELAY_MS = 10_000;
/** gRPC's CANCELLED, which a cancelled operation ends with. */
const CANCELLED = 1;

/** Cancels the run's running operations and waits for their end: which it was is told, since a cancel can come too late. */
export async function cancelExport(
  deps: ExportDependencies,
  request: CancelExportRequest,
): Promise<CancelledOperation[]> {
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'cancelling', operation: request.operation ?? 'looked up' }),
    async () => {
      const names = request.operation === undefined ? await findOperations(deps, request.own) : [request.operation];
      return Promise.all(names.map((name) => cancelOperation(deps, name)));
    },
  );
}

/** An operation whose start was not answered may be listed late: where there is none, a second look settles it. */
async function findOperations(deps: ExportDependencies, own: OwnOperation): Promise<string[]> {
  const { cancellationSignal: signal } = Context.current();
  let operations = await listOwnOperations(deps, own, signal);
  if (operations.length === 0) {
    await pause(deps.settleDelayMs, signal);
    operations = await listOwnOperations(deps, own, signal);
  }
  return operations.map(({ name }) => name);
}

async function cancelOperation(deps: ExportDependencies, name: string): Promise<CancelledOperation> {
  const { cancellationSignal: signal } = Context.current();
  return withFailures('operation', async () => {
    await requestCancel(deps, name, signal);
    const { operation } = await deps.watch.untilDone(name, {
      initialDelayMs: POLL_DELAY_MS,
      multiplier: 1.5,
      maxDelayMs: MAX_POLL_DELAY_MS,
      signal,
    });
    return { operation: name, outcome: outcomeOf(operation), outputInfo: operation.metadata.outputInfo };
  });
}

/** A service without cancel, or an operation that is over, leaves only the waiting. */
async function requestCancel(deps: ExportDependencies, name: string, signal: AbortSignal): Promise<void> {
  try {
    await deps.vertex.cancelOperation(name, signal);
  } catch (error) {
    if (!(error instanceof GoogleApiError) || !['UNIMPLEMENTED', 'FAILED_PRECONDITION'].includes(error.status)) {
      throw error;
    }
  }
}

function outcomeOf(operation: ExportOperation): CancelledOperation['outcome'] {
  if (operation.error === undefined) return 'succeeded';
  return operation.error.code === CANCELLED ? 'cancelled' : 'failed';
}
