/** A file in a listing of a model directory. */
export interface ListedFile {
  /** Path below the directory; `/` separates its parts. */
  readonly path: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** Recorded CRC32C: four bytes, big-endian, in base64, as Cloud Storage records it. */
  readonly crc32c?: string;
  /** Recorded MD5 in base64. */
  readonly md5?: string;
  /** Identifies this version of the file: it differs after the file was replaced. */
  readonly generation?: string;
}

/**
 * A file of a model directory whose bytes can be read.
 *
 * @experimental
 */
export interface ArtifactFile extends ListedFile {
  /**
   * Reads exactly `length` bytes from byte `start` on. Verification never asks for bytes beyond the end of the file.
   *
   * @throws ChangedFileError if the listed version of the file does not exist any more
   */
  read(start: number, length: number): Promise<Buffer>;
}

/**
 * The listed version of a file does not exist any more. Verification reports it as a finding; any other error of
 * `read` ends the verification.
 *
 * @experimental
 */
export class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';

  constructor(readonly path: string) {
    super('was replaced or deleted while it was verified');
  }
}
