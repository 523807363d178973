import { ApplicationFailure, Context } from '@temporalio/activity';
import type { CancelledOperation, CancelExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError } from '../../google/api-error';
import type { ExportOperation } from '../../google/vertex';
import { pause } from '../../internal/pause';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { isLasting } from '../failures/lasting';
import { hasOwnFolder, isOwnOperation } from './own-operation';
import type { ListedOperations } from './own-operations';
import { listOperations } from './own-operations';
import { requireOwnFolder } from './run-folder';

/** A cancelled operation ends soon, so that it is polled often; in milliseconds. */
const POLL_DELAY_MS = 1_000;
const MAX_POLL_DELAY_MS = 10_000;
/** gRPC's CANCELLED, which a cancelled operation ends with. */
const CANCELLED = 1;

/**
 * Cancels every operation of the run and waits for its end. How each ended is reported, since a cancel can come too
 * late. A refusal is retried for minutes, since the operation continues to run.
 */
export async function cancelExport(
  deps: ExportDependencies,
  request: CancelExportRequest,
): Promise<CancelledOperation[]> {
  requireOwnFolder(request.own, Context.current().info);
  const cancelled: CancelledOperation[] = [];
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'cancelling', operation: request.operation ?? 'looked up', cancelled: cancelled.length }),
    async () => {
      try {
        cancelled.push(...(await cancelAll(deps, await findOperations(deps, request))));
        // An operation whose start was not answered may be listed late, and one of a lost race is not recorded.
        if (cancelled.length === 0) await pause(deps.settleDelayMs, Context.current().cancellationSignal);
        const known = new Set(cancelled.map(({ operation }) => operation));
        const late = (await findOperations(deps, request)).filter(({ name }) => !known.has(name));
        cancelled.push(...(await cancelAll(deps, late)));
        return cancelled;
      } catch (error) {
        const refusal = error instanceof ApplicationFailure ? error.cause : error;
        throw refusal instanceof GoogleApiError && !isLasting(deps.refusedMs)
          ? failureOf(refusal, 'operation', { retry: true })
          : error;
      }
    },
  );
}

const NOTHING: ListedOperations = { own: [], others: [] };

/** An operation that is to be cancelled; what is known of it where it was listed. */
type Found = Pick<ExportOperation, 'name'> & { readonly listed?: ExportOperation };

/** The operations of the run: those that are listed, and the one that is recorded. */
async function findOperations(deps: ExportDependencies, { own, operation }: CancelExportRequest): Promise<Found[]> {
  const listed = await listOperations(deps.vertex, own, Context.current().cancellationSignal);
  // Without the list and a name, an operation that runs can't be told from none.
  if (listed instanceof GoogleApiError && operation === undefined) throw unknownOperations(listed, own.model);
  const { own: runs, others } = listed instanceof GoogleApiError ? NOTHING : listed;
  // In a shared place the recorded operation is the only one that is certainly the run's own.
  const certain = operation === undefined || hasOwnFolder(own) ? runs : runs.filter(({ name }) => name === operation);
  const found = certain.map((one): Found => ({ name: one.name, listed: one }));
  if (operation === undefined || found.some(({ name }) => name === operation)) return found;
  const other = others.find(({ name }) => name === operation) ?? (await getOperation(deps, operation));
  if (other !== undefined && !isOwnOperation(other, { ...own, exclude: [] })) throw notOwn(operation);
  return [...found, { name: operation }];
}

function unknownOperations(refusal: GoogleApiError, model: string): unknown {
  return failureOf(refusal, 'operation', {
    action: `Look for a running export of ${model} yourself: the list of operations, which would show it, is refused.`,
  });
}

/** `undefined` where the service does not know the operation, or does not know it yet. */
async function getOperation(deps: ExportDependencies, name: string): Promise<ExportOperation | undefined> {
  try {
    return await withFailures('operation', () => deps.vertex.getOperation(name, Context.current().cancellationSignal));
  } catch (error) {
    if (error instanceof Error && error.cause instanceof GoogleApiError && error.cause.status === 'NOT_FOUND') {
      return undefined;
    }
    throw error;
  }
}

function notOwn(operation: string): Error {
  return exportFailure(`${operation} is not an operation of this export`, {
    type: ExportFailureType.InvalidInput,
    action: 'Cancel the export that started it. Nothing was cancelled.',
  });
}

function cancelAll(deps: ExportDependencies, operations: readonly Found[]): Promise<CancelledOperation[]> {
  return Promise.all(operations.map((operation) => cancelOperation(deps, operation)));
}

async function cancelOperation(deps: ExportDependencies, { name, listed }: Found): Promise<CancelledOperation> {
  const { cancellationSignal: signal } = Context.current();
  if (listed?.done) return describeEnd(listed);
  return withFailures('operation', async () => {
    await requestCancel(deps, name, signal);
    const { operation } = await deps.watch.untilDone(name, {
      initialDelayMs: POLL_DELAY_MS,
      multiplier: 1.5,
      maxDelayMs: MAX_POLL_DELAY_MS,
      signal,
    });
    return describeEnd(operation);
  });
}

/**
 * A service without cancel, or an operation that has ended, leaves only the waiting. Any other refusal can pass (a right
 * is granted, a proxy answers in between), and the operation runs: it is believed only after minutes.
 */
async function requestCancel(deps: ExportDependencies, name: string, signal: AbortSignal): Promise<void> {
  try {
    await deps.vertex.cancelOperation(name, signal);
  } catch (error) {
    if (!(error instanceof GoogleApiError)) throw error;
    if (error.status === 'UNIMPLEMENTED') return;
    if (error.status !== 'FAILED_PRECONDITION') throw error;
    // Of an operation that runs, the service or a proxy refuses the cancel for another reason.
    const { done } = await deps.vertex.getOperation(name, signal);
    if (!done && !isLasting(deps.refusedMs)) throw error;
  }
}

function describeEnd({ name, error, metadata: { outputInfo } }: ExportOperation): CancelledOperation {
  const outcome = error === undefined ? 'succeeded' : error.code === CANCELLED ? 'cancelled' : 'failed';
  return { operation: name, outcome, outputInfo };
}
