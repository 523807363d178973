import { Context } from '@temporalio/activity';
import type { ExportedFile, StorageUri } from '../contract';
import { ExportFailureType, parseStorageUri } from '../contract';
import { GoogleApiError } from '../google/api-error';
import type { StorageObject } from '../google/storage';
import type { ArtifactFile } from '../verification/artifact-file';
import { ChangedFileError } from '../verification/artifact-file';
import type { ExportDependencies } from './dependencies';
import { exportFailure, withFailures } from './failures';

/** What a verification cost so far. */
export interface RunningReads {
  listRequests: number;
  readRequests: number;
  bytes: number;
}

/** The directory that an operation wrote to; its path ends with `/`. */
export function directoryOf(uri: string): StorageUri {
  const directory = parseStorageUri(uri);
  if (directory === undefined) {
    throw exportFailure(`The operation's artifactOutputUri is no Cloud Storage URI: ${uri}`, {
      type: ExportFailureType.VerificationFailed,
      action: 'Look at the operation: the service answered with something that the API does not document.',
    });
  }
  const { bucket, path } = directory;
  // Without the slash a neighbour whose name begins alike would be listed too.
  return { bucket, path: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/** Everything below a directory, with paths relative to it. */
export async function listFiles(
  deps: ExportDependencies,
  { bucket, path }: StorageUri,
  reads: RunningReads,
): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  const pages = deps.storage.listObjects(bucket, path, Context.current().cancellationSignal)[Symbol.asyncIterator]();
  for (;;) {
    const next = await withFailures('artifacts', () => pages.next());
    if (next.done) return files;
    reads.listRequests += 1;
    files.push(...next.value.map((object) => exportedFile(object, path)));
  }
}

function exportedFile(object: StorageObject, prefix: string): ExportedFile {
  return {
    path: object.name.slice(prefix.length),
    bytes: object.size,
    ...(object.crc32c === undefined ? {} : { crc32c: object.crc32c }),
    ...(object.md5Hash === undefined ? {} : { md5: object.md5Hash }),
    generation: object.generation,
  };
}

/** Lets a listed file be read: the generation that was listed, and no other. */
export function readable(
  deps: ExportDependencies,
  directory: StorageUri,
  file: ExportedFile,
  reads: RunningReads,
): ArtifactFile {
  const signal = Context.current().cancellationSignal;
  const object = { name: `${directory.path}${file.path}`, generation: file.generation };
  const read = async (start: number, length: number): Promise<Buffer> => {
    try {
      return await deps.storage.readRange(directory.bucket, object, { start, length }, signal);
    } catch (error) {
      // The bucket was there a moment ago: it is this generation of the object that is gone.
      const isGone = error instanceof GoogleApiError && [404, 412, 416].includes(error.httpStatus);
      throw isGone ? new ChangedFileError(file.path) : error;
    }
  };
  return {
    ...file,
    read: (start, length) => {
      reads.readRequests += 1;
      reads.bytes += length;
      return withFailures('artifacts', () => read(start, length));
    },
  };
}
