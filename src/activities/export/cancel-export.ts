import { ApplicationFailure, Context } from '@temporalio/activity';
import type { CancelledOperation, CancelExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError, hasStatus } from '../../google/api-error';
import type { ExportOperation } from '../../google/vertex';
import { pause } from '../../internal/pause';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { haveAttemptsFailedFor } from '../failures/persistence';
import { hasRunFolder, isRunOperation } from './run-operation';
import type { ListedOperations } from './run-operations';
import { isCancelled, listOperations } from './run-operations';
import { requireUnsharedFolder } from './run-folder';

/** First and longest pause between two polls, in milliseconds: a cancelled operation ends soon. */
const POLL_DELAY_MS = 1_000;
const MAX_POLL_DELAY_MS = 10_000;

/**
 * Cancels every operation of the run and waits for its end. How each ended is reported, since a cancel can come too
 * late. A refusal is retried for minutes, since the operation continues to run.
 */
export async function cancelExport(
  deps: ExportDependencies,
  request: CancelExportRequest,
  report: ReportDetails,
): Promise<CancelledOperation[]> {
  requireUnsharedFolder(request.own, Context.current().info);
  const cancelled: CancelledOperation[] = [];
  report(() => ({ step: 'cancelling', operation: request.operation ?? 'looked up', cancelled: cancelled.length }));
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
    throw refusal instanceof GoogleApiError && !haveAttemptsFailedFor(deps.refusedMs)
      ? failureOf(refusal, 'operation', { retry: true })
      : error;
  }
}

const NOTHING: ListedOperations = { ofRun: [], others: [] };

/** An operation to cancel, with its record if it was listed. */
type Found = Pick<ExportOperation, 'name'> & { readonly listed?: ExportOperation };

/** Finds the operations of the run: the listed ones, and the recorded one. */
async function findOperations(
  deps: ExportDependencies,
  { own: run, operation }: CancelExportRequest,
): Promise<Found[]> {
  const listed = await listOperations(deps.vertex, run, Context.current().cancellationSignal);
  // Without the list and a name, nothing shows whether an operation is running.
  if (listed instanceof GoogleApiError && operation === undefined) throw unknownOperations(listed, run.model);
  const { ofRun, others } = listed instanceof GoogleApiError ? NOTHING : listed;
  // In a shared place, only the recorded operation belongs to the run with certainty.
  const certain = operation === undefined || hasRunFolder(run) ? ofRun : ofRun.filter(({ name }) => name === operation);
  const found = certain.map((one): Found => ({ name: one.name, listed: one }));
  if (operation === undefined || found.some(({ name }) => name === operation)) return found;
  const other = others.find(({ name }) => name === operation) ?? (await getOperation(deps, operation));
  if (other !== undefined && !isRunOperation(other, { ...run, exclude: [] })) throw notOfRun(operation);
  return [...found, { name: operation }];
}

function unknownOperations(refusal: GoogleApiError, model: string): unknown {
  return failureOf(refusal, 'operation', {
    action: `Check yourself whether an export of ${model} is running. The list of operations, which would show it, is refused.`,
  });
}

/** Reads an operation; `undefined` if the service does not know it, or does not know it yet. */
async function getOperation(deps: ExportDependencies, name: string): Promise<ExportOperation | undefined> {
  try {
    return await withFailures('operation', () => deps.vertex.getOperation(name, Context.current().cancellationSignal));
  } catch (error) {
    if (error instanceof Error && hasStatus(error.cause, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

function notOfRun(operation: string): Error {
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
    const { operation } = await deps.poller.waitForEnd(name, {
      initialDelayMs: POLL_DELAY_MS,
      multiplier: 1.5,
      maxDelayMs: MAX_POLL_DELAY_MS,
      signal,
    });
    return describeEnd(operation);
  });
}

/**
 * Requests a cancel. A service without cancel and an operation that has ended are not errors. Any other refusal may pass
 * (a right is granted, a proxy has answered) while the operation is running, so it is final only after minutes.
 */
async function requestCancel(deps: ExportDependencies, name: string, signal: AbortSignal): Promise<void> {
  try {
    await deps.vertex.cancelOperation(name, signal);
  } catch (error) {
    if (!(error instanceof GoogleApiError)) throw error;
    if (error.status === 'UNIMPLEMENTED') return;
    if (error.status !== 'FAILED_PRECONDITION') throw error;
    // While the operation is running, the service or a proxy has another reason to refuse the cancel.
    const { done } = await deps.vertex.getOperation(name, signal);
    if (!done && !haveAttemptsFailedFor(deps.refusedMs)) throw error;
  }
}

function describeEnd(operation: ExportOperation): CancelledOperation {
  const { name, error, metadata } = operation;
  const outcome = error === undefined ? 'succeeded' : isCancelled(operation) ? 'cancelled' : 'failed';
  return { operation: name, outcome, outputInfo: metadata.outputInfo };
}
