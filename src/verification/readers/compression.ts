import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { SparseBytes } from './sparse-bytes';
import { attempt } from './sparse-bytes';
import type { Inspecting } from './work';
import { waitFor } from './work';

/** How a file is compressed. */
export interface Compression {
  readonly name: string;
  /** The first bytes. */
  readonly magic: readonly number[];
  /** Whether the file has the stream's end; absent if only reading the whole stream shows that. */
  readonly hasEnd?: (bytes: SparseBytes) => boolean;
  /** Decompresses in another thread. */
  readonly decompress?: (content: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
}

const XZ_END = [0x59, 0x5a];
const BZIP2_END = 0x177245385090n;
const BZIP2_END_BYTES = 11;

/** Larger content is not inspected, in bytes. */
const MAX_DECOMPRESSED_BYTES = 16 * 1024 * 1024;

/** Bytes that are decompressed in a step, while the event loop is free. */
const BYTES_PER_STEP = 128;

const ZLIB = { name: 'zlib', decompress: promisify(inflate) };

/**
 * Sources: RFC 1950, RFC 1952, RFC 8878, https://tukaani.org/xz/xz-file-format.txt,
 * https://en.wikipedia.org/wiki/Bzip2#File_format and https://github.com/joblib/joblib/blob/main/joblib/compressor.py
 */
const COMPRESSIONS: readonly Compression[] = [
  { ...ZLIB, magic: [0x78, 0x01] },
  { ...ZLIB, magic: [0x78, 0x5e] },
  { ...ZLIB, magic: [0x78, 0x9c] },
  { ...ZLIB, magic: [0x78, 0xda] },
  { name: 'gzip', magic: [0x1f, 0x8b], decompress: promisify(gunzip) },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], hasEnd: hasBzip2End },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], hasEnd: hasXzEnd },
  { name: 'lzma', magic: [0x5d, 0x00, 0x00] },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'zlib of joblib before 0.10', magic: [0x5a, 0x46] },
];

/** The compression that the first bytes show; `undefined` if the file is not compressed. */
export function compressionOf(bytes: SparseBytes): Compression | undefined {
  return COMPRESSIONS.find(({ magic }) => hasAt(bytes, 0, magic));
}

/**
 * Decompresses a file; `undefined` if the file or its content is too large, or the compression is not supported.
 *
 * @throws MalformedFileError if it is cut off or damaged
 */
export function* decompressed(
  bytes: SparseBytes,
  { name, hasEnd, decompress }: Compression,
): Inspecting<SparseBytes | undefined> {
  if ((yield* attempt(bytes, () => hasEnd?.(bytes))) === false) {
    throw bytes.malformed(`is cut off or damaged: its ${name} stream has no end`);
  }
  if (decompress === undefined || !bytes.isReadWhole) return undefined;
  const content = yield* attempt(bytes, () => bytes.slice(0, bytes.size));
  const result = yield* waitFor(
    decompress(content, { maxOutputLength: MAX_DECOMPRESSED_BYTES }).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    ),
  );
  // A range error means that the content is too large.
  if (result instanceof RangeError) return undefined;
  if (result instanceof Error) throw bytes.malformed(`is cut off or damaged: its ${name} stream: ${result.message}`);
  bytes.meter.charge(result.length / BYTES_PER_STEP);
  return bytes.derived(result);
}

function hasAt(bytes: SparseBytes, at: number, magic: readonly number[]): boolean {
  return at >= 0 && at + magic.length <= bytes.size && magic.every((byte, index) => bytes.u8(at + index) === byte);
}

function hasXzEnd(bytes: SparseBytes): boolean {
  return hasAt(bytes, bytes.size - XZ_END.length, XZ_END);
}

/** The end is a number and a checksum that start at any bit; up to seven bits fill the last byte. */
function hasBzip2End(bytes: SparseBytes): boolean {
  if (bytes.size < BZIP2_END_BYTES) return false;
  const tail = BigInt(`0x${bytes.slice(bytes.size - BZIP2_END_BYTES, BZIP2_END_BYTES).toString('hex')}`);
  return Array.from({ length: 8 }, (_, padding) => BigInt.asUintN(48, tail >> BigInt(padding + 32))).includes(
    BZIP2_END,
  );
}
