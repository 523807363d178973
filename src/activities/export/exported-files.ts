import type { ExportedFile } from '../../contract/export-result';
import type { StorageUri } from '../../contract/resource-names';
import { ExportFailureType } from '../../contract/failures';
import { parseStorageUri } from '../../contract/resource-names';
import { GoogleApiError } from '../../google/api-error';
import type { StorageApi, StorageObject } from '../../google/storage';
import type { ArtifactFile } from '../../verification/artifact-file';
import { ChangedFileError } from '../../verification/artifact-file';
import { exportFailure, withFailures } from '../failures/failure';

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
  return asDirectory(directory);
}

/** A place as a prefix of objects: without the slash a neighbour whose name begins alike would be listed too. */
export function asDirectory({ bucket, path }: StorageUri): StorageUri {
  return { bucket, path: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/** What a result says of an object. */
export function exportedFile({ name, size, crc32c, md5Hash, generation }: StorageObject, prefix: string): ExportedFile {
  return {
    path: name.slice(prefix.length),
    bytes: size,
    ...(crc32c === undefined ? {} : { crc32c }),
    ...(md5Hash === undefined ? {} : { md5: md5Hash }),
    generation,
  };
}

/** Lists directories and reads the files in them, and counts what that costs. */
export class DirectoryReader {
  readonly reads: RunningReads = { listRequests: 0, readRequests: 0, bytes: 0 };

  /** @param signal ends a listing or a read early; its reason is thrown */
  constructor(
    private readonly storage: StorageApi,
    private readonly signal: AbortSignal,
  ) {}

  /** Everything below a directory; `onPage` is told how many there are so far. */
  async objects({ bucket, path }: StorageUri, onPage?: (count: number) => void): Promise<StorageObject[]> {
    const objects: StorageObject[] = [];
    const pages = this.storage.listObjects(bucket, path, this.signal)[Symbol.asyncIterator]();
    for (;;) {
      const next = await withFailures('artifacts', () => pages.next());
      if (next.done) return objects;
      this.reads.listRequests += 1;
      objects.push(...next.value);
      onPage?.(objects.length);
    }
  }

  /** The same, with paths relative to the directory. */
  async files(directory: StorageUri, onPage?: (count: number) => void): Promise<ExportedFile[]> {
    return (await this.objects(directory, onPage)).map((object) => exportedFile(object, directory.path));
  }

  /** An object's whole content; `undefined` where there is none. */
  async content({ bucket, path }: StorageUri): Promise<Buffer | undefined> {
    const object = (await this.objects({ bucket, path })).find(({ name }) => name === path);
    return object && this.readable({ bucket, path: '' }, exportedFile(object, '')).read(0, object.size);
  }

  /** Lets a listed file be read: the generation that was listed, and no other. */
  readable(directory: StorageUri, file: ExportedFile): ArtifactFile {
    const object = { name: `${directory.path}${file.path}`, generation: file.generation };
    return {
      ...file,
      read: (start, length) => {
        this.reads.readRequests += 1;
        this.reads.bytes += length;
        return withFailures('artifacts', () => this.readRange(directory.bucket, file.path, object, start, length));
      },
    };
  }

  private async readRange(
    bucket: string,
    path: string,
    object: Pick<StorageObject, 'name' | 'generation'>,
    start: number,
    length: number,
  ): Promise<Buffer> {
    try {
      return await this.storage.readRange(bucket, object, { start, length }, this.signal);
    } catch (error) {
      // The bucket was there a moment ago: it is this generation of the object that is gone.
      const isGone = error instanceof GoogleApiError && [404, 412, 416].includes(error.httpStatus);
      throw isGone ? new ChangedFileError(path) : error;
    }
  }
}
