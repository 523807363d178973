import type { ExportedFile } from '../contract/export-result';

/** A file of an export whose parts can be read. */
export interface ArtifactFile extends ExportedFile {
  /**
   * Reads exactly so many bytes; they must lie within the file.
   *
   * @throws ChangedFileError where the listed generation is gone
   */
  read(start: number, length: number): Promise<Buffer>;
}

/** The file that was listed is not there any more. */
export class ChangedFileError extends Error {
  constructor(readonly path: string) {
    super('was replaced or deleted while it was verified');
  }
}
