import type { ByteRange, LoadedParts } from './loaded-parts';

/** Bytes that an inspector needs are not read yet. */
export class MissingBytesError extends Error {
  constructor(
    readonly parts: LoadedParts,
    readonly ranges: readonly ByteRange[],
  ) {
    super(`bytes of ${parts.file.path} must be read`);
  }
}
