import { inflateRawSync } from 'node:zlib';
import { shownName } from '../messages';
import type { ByteRange, SparseBytes } from './sparse-bytes';
import type { ZipDirectory, ZipEntry } from './zip';
import { STORED, zipData } from './zip';

/** The content of an entry: a part of the archive, or inflated from it. */
export interface ZipContent extends ByteRange {
  readonly bytes: SparseBytes;
}

const DEFLATED = 8;
/** A larger entry is not inflated, in bytes before and after. */
const MAX_INFLATED_BYTES = 1024 * 1024;
const BYTES_PER_STEP = 16;

/**
 * The content of an entry of an archive; `undefined` if it is compressed and large, or by an unknown method.
 *
 * @throws MalformedFileError if it is not at the offset in the directory, or is damaged
 */
export function zipContent(bytes: SparseBytes, directory: ZipDirectory, entry: ZipEntry): ZipContent | undefined {
  const { start, length } = zipData(bytes, directory, entry);
  if (entry.method === STORED) return { bytes, start, length };
  if (entry.method !== DEFLATED || Math.max(length, entry.bytes) > MAX_INFLATED_BYTES) return undefined;
  const content = inflate(bytes, entry, bytes.slice(start, length));
  bytes.meter.charge(content.length / BYTES_PER_STEP);
  return { bytes: bytes.derived(content), start: 0, length: content.length };
}

function inflate(bytes: SparseBytes, entry: ZipEntry, compressed: Buffer): Buffer {
  try {
    const content = inflateRawSync(compressed, { maxOutputLength: Math.max(1, entry.bytes) });
    if (content.length === entry.bytes) return content;
  } catch {
    // Damaged data has no content.
  }
  throw bytes.malformed(`is damaged: its entry ${shownName(entry.name)} can't be inflated to ${entry.bytes} bytes`);
}
