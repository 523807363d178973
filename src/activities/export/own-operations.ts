import { Context } from '@temporalio/activity';
import type { OwnOperation } from '../../contract/export-activities';
import { GoogleApiError } from '../../google/api-error';
import { pagesOf } from '../../google/pages';
import type { ExportOperation, VertexApi } from '../../google/vertex';
import type { ExportDependencies } from '../dependencies';
import { failureOf } from '../failures/failure';
import { isOwnOperation } from './own-operation';

/** The operations of a Model: those of the run, oldest first, and all others. */
export interface ListedOperations {
  readonly own: readonly ExportOperation[];
  readonly others: readonly ExportOperation[];
}

/**
 * Lists the operations of the run's Model.
 *
 * @returns the refusal where the service does not offer the list, or the account has no right to it
 * @throws ApplicationFailure with a documented type for every other error
 */
export async function listOperations(
  vertex: VertexApi,
  request: OwnOperation,
  signal: AbortSignal,
): Promise<ListedOperations | GoogleApiError> {
  const own: ExportOperation[] = [];
  const others: ExportOperation[] = [];
  try {
    const what = `GET ${request.model}/operations`;
    for await (const page of pagesOf(what, (token) => vertex.listOperations(request.model, token, signal))) {
      for (const operation of page.operations) (isOwnOperation(operation, request) ? own : others).push(operation);
    }
  } catch (error) {
    if (error instanceof GoogleApiError && ['UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(error.status)) return error;
    throw failureOf(error, 'operation');
  }
  return { own: own.sort((a, b) => createdAt(a) - createdAt(b)), others };
}

function createdAt({ metadata }: ExportOperation): number {
  return Date.parse(metadata.genericMetadata.createTime ?? '') || 0;
}

/** gRPC's CANCELLED, which a cancelled operation ends with. */
const CANCELLED = 1;

export function isCancelled({ error }: Pick<ExportOperation, 'error'>): boolean {
  return error?.code === CANCELLED;
}

/**
 * Of several operations of one run: the oldest that runs or has succeeded, or else the oldest that failed. A cancelled
 * one is none of them: an earlier attempt has cancelled it in favour of another one, which may have failed since.
 */
export function survivorOf(own: readonly ExportOperation[]): ExportOperation | undefined {
  return own.find(({ error }) => error === undefined) ?? own.find((operation) => !isCancelled(operation));
}

/**
 * Asks for the end of the run's other operations: a race has started them, and their output would be a second export.
 * One that can't be cancelled now is looked for again when the export ends.
 *
 * @param signal ends it early. Default: the activity's own
 */
export async function cancelOthers(
  { vertex }: Pick<ExportDependencies, 'vertex'>,
  own: readonly ExportOperation[],
  survivor: string,
  signal = Context.current().cancellationSignal,
): Promise<void> {
  const { log } = Context.current();
  for (const { name, done } of own) {
    if (done || name === survivor) continue;
    log.warn('A second operation of this export is cancelled.', { operation: name, kept: survivor });
    await vertex.cancelOperation(name, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn('The second operation could not be cancelled yet.', { operation: name, error });
    });
  }
}
