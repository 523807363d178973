import { Context } from '@temporalio/activity';
import type { DeletedArtifacts, DeletePartialArtifactsRequest } from '../contract';
import { ExportFailureType, parseStorageUri } from '../contract';
import type { StorageObject } from '../google/storage';
import type { ExportDependencies } from './dependencies';
import { exportFailure, withFailures } from './failures';
import { withHeartbeats } from './heartbeats';

/** Removes what a cancelled export left in the run's own folder, and nothing else. */
export async function deletePartialArtifacts(
  deps: ExportDependencies,
  { folder, heartbeatTimeoutMs }: DeletePartialArtifactsRequest,
): Promise<DeletedArtifacts> {
  const { cancellationSignal: signal, info } = Context.current();
  const place = parseStorageUri(folder);
  // Whatever the request says: no folder but the run's own is ever emptied.
  if (!place?.path.endsWith(`/${info.workflowExecution?.runId ?? ' '}/`)) {
    throw exportFailure(`${folder} is not the folder of this run`, {
      type: ExportFailureType.InvalidInput,
      action: 'Nothing was removed.',
    });
  }
  let count = 0;
  return withHeartbeats(
    heartbeatTimeoutMs,
    () => ({ step: 'deleting', objectsDeleted: count }),
    () =>
      withFailures('deletion', async () => {
        const objects: StorageObject[] = [];
        // First all of the list: to delete between its pages could shift them.
        for await (const page of deps.storage.listObjects(place.bucket, place.path, signal)) objects.push(...page);
        for (const object of objects) {
          await deps.storage.deleteObject(place.bucket, object, signal);
          count += 1;
        }
        return { count };
      }),
  );
}
