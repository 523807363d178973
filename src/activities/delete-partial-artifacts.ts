import { Context } from '@temporalio/activity';
import type { DeletedArtifacts, DeletePartialArtifactsRequest } from '../contract';
import { cut, ExportFailureType } from '../contract';
import type { StorageObject } from '../google/storage';
import type { ExportDependencies } from './dependencies';
import { directoryOf } from './exported-files';
import { exportFailure, withFailures } from './failures';
import { withHeartbeats } from './heartbeats';
import { requireRunFolder } from './run-folder';

/** Longest name of an object that a message contains, in characters. */
const MAX_NAME = 300;

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
        const stranger = objects.find(({ name }) => !name.startsWith(path));
        if (stranger !== undefined) throw notBelow(folder, stranger.name);
        for (const object of objects) {
          await deps.storage.deleteObject(bucket, object, signal);
          count += 1;
        }
        return { count };
      }),
  );
}

function notBelow(folder: string, name: string): Error {
  return exportFailure(`The list of ${folder} names an object that is not in it: ${cut(name, MAX_NAME)}`, {
    type: ExportFailureType.Unavailable,
    action: 'Nothing was deleted. Check what answers in the place of Cloud Storage.',
  });
}
