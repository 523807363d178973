import type { Readable } from 'node:stream';

/** Bytes that arrive and do not have a digest yet. */
export interface Draft {
  /** Number of bytes. */
  readonly size: number;
  /** @throws RegistryError SIZE_INVALID if there is no room */
  append(part: Buffer): Promise<void>;
  /** Removes the bytes from `size` on. */
  truncate(size: number): Promise<void>;
  /** Removes all bytes. The draft can't be used further. */
  discard(): Promise<void>;
}

/** Bytes by their digests, without repositories. */
export interface Contents {
  begin(): Promise<Draft>;
  /** Stores a draft by its digest. The draft can't be used further. */
  keep(draft: Draft, digest: string): Promise<void>;
  /** Size in bytes; undefined if there is no content with this digest. */
  size(digest: string): Promise<number | undefined>;
  /** Reads the bytes from `start` to `end`, both inclusive. */
  read(digest: string, start: number, end: number): Readable;
  remove(digest: string): Promise<void>;
}

const GIB = 1024 ** 3;
/** Maximum number of bytes in memory, of all repositories and uploads together. */
export const MAX_MEMORY_BYTES = 2 * GIB;
/** Maximum size of a blob in a folder, in bytes. */
export const MAX_BLOB_BYTES = 64 * GIB;
