import type { OwnOperation } from '../contract';
import { GoogleApiError } from '../google/api-error';
import type { ExportOperation } from '../google/vertex';
import type { ExportDependencies } from './dependencies';
import { withFailures } from './failures';
import { isOwnOperation } from './own-operation';

/** Pages of one list of operations: far more than the service keeps of one Model. */
const MAX_PAGES = 1_000;

/** Every operation of a Model, page by page. Throws what the client throws. */
export async function operationsOfModel(
  { vertex }: Pick<ExportDependencies, 'vertex'>,
  model: string,
  signal: AbortSignal,
): Promise<ExportOperation[]> {
  const operations: ExportOperation[] = [];
  let pageToken = '';
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await vertex.listOperations(model, pageToken, signal);
    operations.push(...page.operations);
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  return operations;
}

/** Listing is optional for the service, and the right to it can be missing. */
export function isListingUnavailable(error: unknown): boolean {
  return error instanceof GoogleApiError && ['UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(error.status);
}

/** The operations of the run, running and ended, and all others of its Model; `undefined` where they can't be listed. */
export async function listOperations(
  deps: ExportDependencies,
  own: OwnOperation,
  signal: AbortSignal,
): Promise<{ readonly own: ExportOperation[]; readonly others: ExportOperation[] } | undefined> {
  try {
    const operations = await withFailures('operation', () => operationsOfModel(deps, own.model, signal));
    return {
      own: operations.filter((operation) => isOwnOperation(operation, own)),
      others: operations.filter((operation) => !isOwnOperation(operation, own)),
    };
  } catch (error) {
    if (error instanceof Error && isListingUnavailable(error.cause)) return undefined;
    throw error;
  }
}
