import type { ExportedFile } from '../contract/export-result';
import type { StorageUri } from '../contract/resource-names';
import { defined } from '../internal/defined';
import type { ArtifactFile } from '../verification/artifact-file';
import { ChangedFileError } from '../verification/artifact-file';
import { hasHttpStatus } from './api-error';
import type { StorageApi, StorageObject } from './storage';

/** Requests and bytes that a verification has used so far. */
export interface RunningReads {
  listRequests: number;
  readRequests: number;
  bytes: number;
}

/** A place as a prefix of objects: without the slash, a sibling directory with the same beginning would be listed. */
export function asDirectory({ bucket, path }: StorageUri): StorageUri {
  return { bucket, path: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/** An object's entry in a result, with its path relative to `prefix`. */
export function exportedFile({ name, size, crc32c, md5Hash, generation }: StorageObject, prefix: string): ExportedFile {
  return defined({ path: name.slice(prefix.length), bytes: size, crc32c, md5: md5Hash, generation });
}

/** Lists directories of Cloud Storage, reads the files in them, and counts the requests. */
export class DirectoryReader {
  readonly reads: RunningReads = { listRequests: 0, readRequests: 0, bytes: 0 };

  /** @param signal ends a listing or a read early; its reason is thrown */
  constructor(
    private readonly storage: StorageApi,
    private readonly signal: AbortSignal,
  ) {}

  /** Lists every object below a directory; calls `onPage` with the count so far. */
  async objects({ bucket, path }: StorageUri, onPage?: (count: number) => void): Promise<StorageObject[]> {
    const objects: StorageObject[] = [];
    for await (const page of this.storage.listObjects(bucket, path, this.signal)) {
      this.reads.listRequests += 1;
      objects.push(...page);
      onPage?.(objects.length);
    }
    return objects;
  }

  /** Lists every file below a directory, with paths relative to it; calls `onPage` with the count so far. */
  async files(directory: StorageUri, onPage?: (count: number) => void): Promise<ExportedFile[]> {
    return (await this.objects(directory, onPage)).map((object) => exportedFile(object, directory.path));
  }

  /**
   * A listed file with a `read` function for its content. Only the listed generation is read.
   *
   * `read` throws a ChangedFileError if that generation no longer exists.
   */
  readable(directory: StorageUri, file: ExportedFile): ArtifactFile {
    const object = { name: `${directory.path}${file.path}`, generation: file.generation };
    return {
      ...file,
      read: (start, length) => {
        this.reads.readRequests += 1;
        this.reads.bytes += length;
        return this.readRange(directory.bucket, file.path, object, start, length);
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
      // The bucket was listed a moment ago, so it is this generation of the object that no longer exists.
      throw hasHttpStatus(error, 404, 412, 416) ? new ChangedFileError(path) : error;
    }
  }
}
