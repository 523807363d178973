import { Context } from '@temporalio/activity';
import type { DeletedArtifacts, DeletePartialArtifactsRequest } from '../contract';
import type { StorageObject } from '../google/storage';
import type { ExportDependencies } from './dependencies';
import { directoryOf } from './exported-files';
import { withFailures } from './failures';
import { withHeartbeats } from './heartbeats';
import { requireRunFolder } from './run-folder';

/** Removes what a cancelled export left in the run's own folder, and nothing else. */
export async function deletePartialArtifacts(
  deps: ExportDependencies,
  { folder, heartbeatTimeoutMs }: DeletePartialArtifactsRequest,
): Promise<DeletedArtifacts> {
  const { cancellationSignal: signal, info } = Context.current();
  // Whatever the request says: no folder but the run's own is ever emptied.
  requireRunFolder(folder, info);
  const { bucket, path } = directoryOf(folder);
  let count = 0;
  return withHeartbeats(
    heartbeatTimeoutMs,
    () => ({ step: 'deleting', objectsDeleted: count }),
    () =>
      withFailures('deletion', async () => {
        const objects: StorageObject[] = [];
        // First all of the list: to delete between its pages could shift them.
        for await (const page of deps.storage.listObjects(bucket, path, signal)) objects.push(...page);
        for (const object of objects) {
          await deps.storage.deleteObject(bucket, object, signal);
          count += 1;
        }
        return { count };
      }),
  );
}
