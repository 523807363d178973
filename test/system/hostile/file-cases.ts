import type { ArtifactFile } from '../../../src/verification/artifact-file';

/** A part of a generated file. The space between the parts is filled. */
interface FilePart {
  readonly at: number;
  readonly content: Buffer;
}

/** A file whose bytes are generated when they are read, so that it can have any size. */
export interface GeneratedFile {
  readonly bytes: number;
  readonly parts: readonly FilePart[];
  /** The byte between the parts. Default: 0. */
  readonly fill?: number;
}

/** The expectations for this file, in addition to the limits for every file. */
export interface FileCase {
  /** The description of the file in the title of its test: `a header of 100 MB`. */
  readonly title: string;
  /** Export format whose inspectors are used. */
  readonly format: string;
  /** Path of the hostile file. */
  readonly path: string;
  readonly file: Buffer | GeneratedFile;
  /** Files beside it. */
  readonly beside?: Readonly<Record<string, Buffer | GeneratedFile>>;
  /** A finding that is expected. */
  readonly finding?: RegExp;
  /** A note that is expected. */
  readonly note?: RegExp;
  /** No finding is allowed: the file is valid, or only too large. */
  readonly isAccepted?: true;
}

/** The bytes that were read from all files, and the number of reads. */
export interface Reads {
  bytes: number;
  count: number;
}

/** The file as an export has it. */
export function artifact(path: string, file: Buffer | GeneratedFile, reads: Reads): ArtifactFile {
  const generated: GeneratedFile = Buffer.isBuffer(file)
    ? { bytes: file.length, parts: [{ at: 0, content: file }] }
    : file;
  return {
    path,
    bytes: generated.bytes,
    generation: '1',
    read: (start, length) => {
      reads.bytes += length;
      reads.count += 1;
      return Promise.resolve(bytesOf(generated, start, length));
    },
  };
}

function bytesOf({ parts, fill = 0 }: GeneratedFile, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length, fill);
  for (const { at, content } of parts) {
    const from = Math.max(at, start);
    const to = Math.min(at + content.length, start + length);
    if (from < to) content.copy(bytes, from - start, from - at, to - at);
  }
  return bytes;
}

/** The same bytes, repeated. */
export function repeated(unit: string | Buffer, times: number): Buffer {
  const bytes = Buffer.from(unit);
  return Buffer.alloc(bytes.length * times, bytes);
}

/** A number of 64 bits, little-endian. */
export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
