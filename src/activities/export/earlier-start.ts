import type { StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { parseStorageUri } from '../../contract/resource-names';
import type { GoogleApiError } from '../../google/api-error';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import { haveAttemptsFailedFor } from '../failures/persistence';

/** Refuses a start if an earlier attempt may have started an operation, and the list that would show it is refused. */
export function requireListing(
  deps: Pick<ExportDependencies, 'refusedMs'>,
  refusal: GoogleApiError,
  { model }: StartExportRequest,
): never {
  throw failureOf(refusal, 'operation', {
    action: `Grant the worker's account roles/aiplatform.user (aiplatform.operations.list), or check yourself whether an export of ${model} is running. An earlier attempt may have started one, and without the list no second one is started.`,
    retry: !haveAttemptsFailedFor(deps.refusedMs),
  });
}

/** Refuses a start if the run's folder has objects: an operation was started that is not listed, or not listed yet. */
export async function requireEmptyFolder(
  deps: Pick<ExportDependencies, 'storage' | 'refusedMs'>,
  { destinations, perRunFolder, exclude }: StartExportRequest,
  signal: AbortSignal,
): Promise<void> {
  const place = perRunFolder ? parseStorageUri(destinations.outputUriPrefix ?? '') : undefined;
  // After earlier operations of the run, the folder has their output.
  if (place === undefined || exclude.length > 0 || (await isEmpty(deps.storage, place.bucket, place.path, signal)))
    return;
  throw exportFailure(
    `There are objects in ${destinations.outputUriPrefix ?? ''}, but the operation that writes them is not listed`,
    {
      type: ExportFailureType.OperationNotFound,
      action:
        'Check the folder. An earlier attempt has started an export that the service does not list. Start the export again after that one has ended.',
    },
    { retry: !haveAttemptsFailedFor(deps.refusedMs) },
  );
}

/** Whether a folder has no objects; `true` if it can't be listed. */
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
