import type { StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { parseStorageUri } from '../../contract/resource-names';
import type { GoogleApiError } from '../../google/api-error';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import { haveAttemptsFailedFor } from '../failures/lasting';

/**
 * An earlier attempt may have started an operation, and the list that would show it is refused: another one must not be
 * started.
 */
export function requireListing(
  deps: Pick<ExportDependencies, 'refusedMs'>,
  refusal: GoogleApiError,
  { model }: StartExportRequest,
): never {
  throw failureOf(refusal, 'operation', {
    action: `Give the worker's account roles/aiplatform.user (aiplatform.operations.list), or look for a running export of ${model} yourself: an earlier attempt may have started one, and without the list a second one is not started.`,
    retry: !haveAttemptsFailedFor(deps.refusedMs),
  });
}

/** Something has been written to the run's own folder, so that an operation was started, which no list shows (yet). */
export async function requireEmptyFolder(
  deps: Pick<ExportDependencies, 'storage' | 'refusedMs'>,
  { destinations, perRunFolder, exclude }: StartExportRequest,
  signal: AbortSignal,
): Promise<void> {
  const place = perRunFolder ? parseStorageUri(destinations.outputUriPrefix ?? '') : undefined;
  // The folder has the output of earlier operations of the run, where there were any.
  if (place === undefined || exclude.length > 0 || (await isEmpty(deps.storage, place.bucket, place.path, signal)))
    return;
  throw exportFailure(
    `There are objects in ${destinations.outputUriPrefix ?? ''}, but the operation that writes them is not listed`,
    {
      type: ExportFailureType.OperationNotFound,
      action:
        'Look into the folder: an earlier attempt has started an export that the service does not list. Start the export again when it has ended.',
    },
    { retry: !haveAttemptsFailedFor(deps.refusedMs) },
  );
}

/** A folder that can't be listed says nothing. */
async function isEmpty(
  storage: ExportDependencies['storage'],
  bucket: string,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await withFailures('artifacts', async () => {
      for await (const page of storage.listObjects(bucket, path, signal)) return page.length === 0;
      return true;
    });
  } catch {
    signal.throwIfAborted();
    return true;
  }
}
