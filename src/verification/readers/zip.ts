import { shownName } from '../messages';
import type { ByteRange, SparseBytes } from './sparse-bytes';

/** The position and size of a zip archive's directory. */
export interface ZipDirectory {
  /** Where the directory begins, in bytes from the file's start. */
  readonly at: number;
  readonly length: number;
  /** Number of entries by the end record. */
  readonly entries: number;
  /** Bytes to add to offsets in the archive: not 0 if the unchanged archive was appended to another file. */
  readonly shift: number;
}

/** An entry in the directory of a zip archive. */
export interface ZipEntry {
  /** Folders end in `/`. */
  readonly name: string;
  /** Compression method: {@link STORED}, 8 for deflated, or another one. */
  readonly method: number;
  /** Bytes of its data in the archive. */
  readonly compressedBytes: number;
  /** Bytes of its content. */
  readonly bytes: number;
  /** Position of its local header, in bytes from the file's start; the data follows it: {@link zipData}. */
  readonly headerAt: number;
}

/** The method of an entry whose data is its content. */
export const STORED = 0;

const LOCAL_HEADER = { signature: 0x04034b50, bytes: 30 };
const DIRECTORY_HEADER = { signature: 0x02014b50, bytes: 46 };
const END_RECORD = { signature: 0x06054b50, bytes: 22 };
const END_RECORD_64 = { signature: 0x06064b50, bytes: 56 };
const END_LOCATOR_64 = { signature: 0x07064b50, bytes: 20 };
/** An archive begins with an entry, or with its end. */
const BEGINNINGS = [LOCAL_HEADER, END_RECORD].map(signatureOf);
const MAX_COMMENT_BYTES = 0xffff;
/** Values of fields whose number is too large for them: a zip64 record has the number. */
const IN_ZIP64 = { u16: 0xffff, u32: 0xffffffff };
const ZIP64_EXTRA = 0x0001;

/** Whether an archive begins at a position. An archive without a directory is cut off. */
export function beginsAsZip(bytes: SparseBytes, at = 0): boolean {
  const first = bytes.slice(at, Math.min(4, bytes.size - at));
  return first.length > 0 && BEGINNINGS.some((beginning) => beginning.subarray(0, first.length).equals(first));
}

/** Whether a file ends like most archives: with an end record without a comment. */
export function endsAsZip(bytes: SparseBytes): boolean {
  return isEndRecord(bytes, bytes.size - END_RECORD.bytes);
}

/**
 * The directory of the zip archive at the end of a file: the archive is the whole file or was appended to another file.
 * `undefined` if there is none. The end record must reach exactly to the file's end: an earlier one may belong to an
 * archive inside a larger archive that was cut off.
 *
 * Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @throws MalformedFileError if the end record is impossible
 */
export function zipDirectory(bytes: SparseBytes): ZipDirectory | undefined {
  const endAt = findEndRecord(bytes);
  if (endAt === undefined) return undefined;
  const { directoryEnd, entries, length, offset } = readEndRecords(bytes, endAt);
  const at = locateDirectory(bytes, directoryEnd, length, offset);
  if (entries * DIRECTORY_HEADER.bytes > length) {
    throw bytes.malformed(`its zip directory of ${length} bytes is too short for ${entries} entries`);
  }
  return { at, length, entries, shift: at - offset };
}

/**
 * The entries of an archive in the order of its directory, which is read completely. If bytes are missing, the iterator
 * returns the same entry at the next attempt.
 *
 * @throws MalformedFileError if the directory is damaged, or an entry can't be in the file
 * @throws LimitError if the directory is larger than 8 MiB
 */
export function zipEntries(bytes: SparseBytes, directory: ZipDirectory): IterableIterator<ZipEntry> {
  return new Entries(bytes, directory);
}

class Entries implements IterableIterator<ZipEntry> {
  private number = 0;
  private at: number;

  constructor(
    private readonly bytes: SparseBytes,
    private readonly directory: ZipDirectory,
  ) {
    this.at = directory.at;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<ZipEntry, undefined> {
    const { bytes, directory, at } = this;
    if (this.number === 0) bytes.needIndex(directory.at, directory.length);
    if (this.number >= directory.entries) return { done: true, value: undefined };
    const end = directory.at + directory.length;
    const number = this.number + 1;
    if (at + DIRECTORY_HEADER.bytes > end || !hasSignature(bytes, at, DIRECTORY_HEADER)) {
      throw bytes.malformed(`its zip directory has no entry ${number} of ${directory.entries} at ${at}`);
    }
    const nameBytes = bytes.u16(at + 28);
    const extraBytes = bytes.u16(at + 30);
    const extraAt = at + DIRECTORY_HEADER.bytes + nameBytes;
    const next = extraAt + extraBytes + bytes.u16(at + 32);
    if (next > end) throw bytes.malformed(`the entry ${number} at ${at} reaches beyond its zip directory`);
    // Older archives may have names in other encodings than UTF-8.
    const name = bytes.slice(at + DIRECTORY_HEADER.bytes, nameBytes).toString('utf8');
    const entry = { name, method: bytes.u16(at + 10), ...readSizes(bytes, at, { start: extraAt, length: extraBytes }) };
    const value = placed(bytes, directory, entry);
    this.number = number;
    this.at = next;
    return { done: false, value };
  }
}

/**
 * The position of an entry's data. It reads the local header.
 *
 * @throws MalformedFileError if there is no local header, or the data reaches into the directory
 */
export function zipData(bytes: SparseBytes, directory: ZipDirectory, entry: ZipEntry): ByteRange {
  const { name, headerAt, compressedBytes: length } = entry;
  if (!hasSignature(bytes, headerAt, LOCAL_HEADER)) {
    throw bytes.malformed(`has no entry ${shownName(name)} at ${headerAt}, the offset in its zip directory`);
  }
  const start = headerAt + LOCAL_HEADER.bytes + bytes.u16(headerAt + 26) + bytes.u16(headerAt + 28);
  if (start + length > directory.at) throw overlapping(bytes, entry);
  return { start, length };
}

function signatureOf(record: { signature: number }): Buffer {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(record.signature);
  return signature;
}

function hasSignature(bytes: SparseBytes, at: number, record: { signature: number; bytes: number }): boolean {
  return at >= 0 && at + record.bytes <= bytes.size && bytes.u32(at) === record.signature;
}

/** A comment of up to 64 KiB may follow the end record; most archives have none. */
function findEndRecord(bytes: SparseBytes): number | undefined {
  const last = bytes.size - END_RECORD.bytes;
  if (isEndRecord(bytes, last)) return last;
  const start = Math.max(0, last - MAX_COMMENT_BYTES);
  const tail = bytes.slice(start, bytes.size - start);
  const signature = signatureOf(END_RECORD);
  for (
    let from = tail.lastIndexOf(signature);
    from >= 0;
    from = from > 0 ? tail.lastIndexOf(signature, from - 1) : -1
  ) {
    if (isEndRecord(bytes, start + from)) return start + from;
  }
  return undefined;
}

function isEndRecord(bytes: SparseBytes, at: number): boolean {
  return hasSignature(bytes, at, END_RECORD) && at + END_RECORD.bytes + bytes.u16(at + 20) === bytes.size;
}

interface EndRecords {
  /** Where the directory ends and the first end record begins. */
  readonly directoryEnd: number;
  readonly entries: number;
  readonly length: number;
  /** Where the directory begins, in bytes from the archive's start. */
  readonly offset: number;
}

function readEndRecords(bytes: SparseBytes, at: number): EndRecords {
  const disks = [bytes.u16(at + 4), bytes.u16(at + 6)];
  if (disks.some((disk) => disk !== 0 && disk !== IN_ZIP64.u16)) throw bytes.malformed('is one part of a split zip');
  const [entries, length, offset] = [bytes.u16(at + 10), bytes.u32(at + 12), bytes.u32(at + 16)];
  const at64 = findEndRecord64(bytes, at);
  if (at64 === undefined) return { directoryEnd: at, entries, length, offset };
  return {
    directoryEnd: at64,
    entries: entries === IN_ZIP64.u16 ? bytes.u64(at64 + 32) : entries,
    length: length === IN_ZIP64.u32 ? bytes.u64(at64 + 40) : length,
    offset: offset === IN_ZIP64.u32 ? bytes.u64(at64 + 48) : offset,
  };
}

/** The locator is right before the end record; its offset does not count bytes before the archive. */
function findEndRecord64(bytes: SparseBytes, endAt: number): number | undefined {
  const locatorAt = endAt - END_LOCATOR_64.bytes;
  if (!hasSignature(bytes, locatorAt, END_LOCATOR_64)) return undefined;
  const candidates = [locatorAt - END_RECORD_64.bytes, bytes.u64(locatorAt + 8)];
  const found = candidates.find((at) => at < locatorAt && hasSignature(bytes, at, END_RECORD_64));
  if (found === undefined) throw bytes.malformed('has no zip64 end record at the offset in its locator');
  return found;
}

/** The directory is right before its end records, even in an appended archive; otherwise at their offset. */
function locateDirectory(bytes: SparseBytes, directoryEnd: number, length: number, offset: number): number {
  const adjacent = directoryEnd - length;
  if (adjacent < offset) {
    throw bytes.malformed(
      `its zip directory should be at the bytes ${offset} to ${offset + length}, but its end record is at ${directoryEnd}`,
    );
  }
  if (length === 0 || adjacent === offset || hasSignature(bytes, adjacent, DIRECTORY_HEADER)) return adjacent;
  return offset;
}

type Sizes = Omit<ZipEntry, 'name' | 'method'>;

/** The numbers of an entry. Those that are too large for their fields are in the extra field, in this order. */
function readSizes(bytes: SparseBytes, at: number, extra: ByteRange): Sizes {
  let wide = findExtra64(bytes, extra);
  const sizes = [bytes.u32(at + 24), bytes.u32(at + 20), bytes.u32(at + 42)].map((size) => {
    if (size !== IN_ZIP64.u32 || wide === undefined) return size;
    if (wide.length < 8) throw bytes.malformed(`the zip64 record of the entry at ${at} is too short`);
    const value = bytes.u64(wide.start);
    wide = { start: wide.start + 8, length: wide.length - 8 };
    return value;
  });
  const [content = 0, compressedBytes = 0, headerAt = 0] = sizes;
  return { bytes: content, compressedBytes, headerAt };
}

function findExtra64(bytes: SparseBytes, { start, length }: ByteRange): ByteRange | undefined {
  const end = start + length;
  for (let at = start; at + 4 <= end;) {
    const field = { start: at + 4, length: bytes.u16(at + 2) };
    if (bytes.u16(at) === ZIP64_EXTRA && field.start + field.length <= end) return field;
    at = field.start + field.length;
  }
  return undefined;
}

function placed(bytes: SparseBytes, directory: ZipDirectory, entry: ZipEntry): ZipEntry {
  const moved = { ...entry, headerAt: entry.headerAt + directory.shift };
  if (moved.headerAt + LOCAL_HEADER.bytes + moved.compressedBytes > directory.at) throw overlapping(bytes, moved);
  return moved;
}

function overlapping(bytes: SparseBytes, { name, compressedBytes, headerAt }: ZipEntry): Error {
  return bytes.malformed(
    `its entry ${shownName(name)} of ${compressedBytes} bytes at ${headerAt} reaches into its zip directory`,
  );
}
