import { Context } from '@temporalio/activity';
import type { RunOperation } from '../../contract/export-activities';
import type { GoogleApiError } from '../../google/api-error';
import { hasStatus } from '../../google/api-error';
import { pagesOf } from '../../google/pages';
import type { ExportOperation, VertexApi } from '../../google/vertex';
import type { ExportDependencies } from '../dependencies';
import { failureOf } from '../failures/failure';
import { isRunOperation } from './run-operation';

/** The operations of a Model: those of the run, oldest first, and all others. */
export interface ListedOperations {
  readonly ofRun: readonly ExportOperation[];
  readonly others: readonly ExportOperation[];
}

/**
 * Lists the operations of the run's Model.
 *
 * @returns the refusal if the service does not offer the list, or the account has no right to it
 * @throws ApplicationFailure with a documented type for every other error
 */
export async function listOperations(
  vertex: VertexApi,
  run: RunOperation,
  signal: AbortSignal,
): Promise<ListedOperations | GoogleApiError> {
  const ofRun: ExportOperation[] = [];
  const others: ExportOperation[] = [];
  try {
    const what = `GET ${run.model}/operations`;
    for await (const page of pagesOf(what, (token) => vertex.listOperations(run.model, token, signal))) {
      for (const operation of page.operations) (isRunOperation(operation, run) ? ofRun : others).push(operation);
    }
  } catch (error) {
    if (hasStatus(error, 'UNIMPLEMENTED', 'PERMISSION_DENIED')) return error;
    throw failureOf(error, 'operation');
  }
  return { ofRun: ofRun.sort((a, b) => createdAt(a) - createdAt(b)), others };
}

function createdAt({ metadata }: ExportOperation): number {
  return Date.parse(metadata.genericMetadata.createTime ?? '') || 0;
}

/** gRPC code of an operation that was cancelled. */
const CANCELLED = 1;

/** Whether the operation ended because it was cancelled. */
export function isCancelled({ error }: Pick<ExportOperation, 'error'>): boolean {
  return error?.code === CANCELLED;
}

/**
 * The operation of a run that is kept: the oldest that runs or has succeeded, or else the oldest that failed. A cancelled
 * one is never kept: an earlier attempt cancelled it in favor of another one, which may have failed since.
 */
export function survivorOf(ofRun: readonly ExportOperation[]): ExportOperation | undefined {
  return ofRun.find(({ error }) => error === undefined) ?? ofRun.find((operation) => !isCancelled(operation));
}

/**
 * Cancels the run's other operations: a race has started them, and their output would be a second export. A cancel that
 * fails is logged, and repeated when the export ends.
 *
 * @param signal ends it early. Default: the activity's cancellation
 */
export async function cancelOthers(
  { vertex }: Pick<ExportDependencies, 'vertex'>,
  ofRun: readonly ExportOperation[],
  survivor: string,
  signal = Context.current().cancellationSignal,
): Promise<void> {
  const { log } = Context.current();
  for (const { name, done } of ofRun) {
    if (done || name === survivor) continue;
    log.warn('A second operation of this export is cancelled.', { operation: name, kept: survivor });
    await vertex.cancelOperation(name, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn('The second operation could not be cancelled yet.', { operation: name, error });
    });
  }
}
