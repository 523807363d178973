import type { ByteRange } from './loaded-parts';
import { LoadedParts, PAGE_BYTES } from './loaded-parts';
import type { Inspecting, WorkMeter } from './work';
import { LimitError } from './limit-error';
import { MissingBytesError } from './missing-bytes';

export type { ByteRange } from './loaded-parts';

/** A file does not have the content that its format requires. */
export class MalformedFileError extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Largest index of a format that is read, in bytes. */
const MAX_INDEX_BYTES = 8 * 1024 * 1024;
/** Bytes that are copied or compared in a step. */
const BYTES_PER_STEP = 64;

/**
 * A file that is partly in memory, with synchronous access for parsers. Access to a part that is not loaded throws
 * {@link MissingBytesError}; {@link attempt} and {@link nextOf} load the part and repeat the access. Access beyond the
 * file's end throws {@link MalformedFileError}: lengths and offsets in a file are never trusted. Every access is
 * charged to the meter of the inspection.
 */
export class SparseBytes {
  readonly path: string;
  /** Size of the file, in bytes. */
  readonly size: number;
  private lastNumber = -1;
  private lastPage: Buffer = Buffer.alloc(0);

  constructor(
    readonly parts: LoadedParts,
    readonly meter: WorkMeter,
  ) {
    this.path = parts.file.path;
    this.size = parts.file.bytes;
  }

  /** Content made from this file, for example decompressed. Access is charged to the same inspection. */
  derived(content: Buffer): SparseBytes {
    return new SparseBytes(LoadedParts.of(this.path, content), this.meter);
  }

  /** Whether the file is small enough to be read completely; only parts of a larger one are read. */
  get isReadWhole(): boolean {
    return this.parts.isReadWhole;
  }

  /** Whether all of it is in memory. */
  get isLoaded(): boolean {
    return this.parts.bytes === this.size;
  }

  /** The error for a fault of this file; the text follows its path: `has no root table`. */
  malformed(text: string): MalformedFileError {
    return new MalformedFileError(this.path, text);
  }

  /** The error for a file that exceeds a limit; the text states why it was not fully inspected. */
  limited(text: string): LimitError {
    return new LimitError(this.path, text);
  }

  u8(at: number): number {
    return this.inPage(at, 1)?.readUInt8(at % PAGE_BYTES) ?? this.slice(at, 1).readUInt8();
  }

  i8(at: number): number {
    return (this.u8(at) << 24) >> 24;
  }

  u16(at: number): number {
    return this.inPage(at, 2)?.readUInt16LE(at % PAGE_BYTES) ?? this.slice(at, 2).readUInt16LE();
  }

  u32(at: number): number {
    return this.inPage(at, 4)?.readUInt32LE(at % PAGE_BYTES) ?? this.slice(at, 4).readUInt32LE();
  }

  i32(at: number): number {
    return this.u32(at) | 0;
  }

  /** @throws MalformedFileError if the number is above 2^53, which no file's size is */
  u64(at: number): number {
    const value = this.slice(at, 8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`has the impossible number ${value} at ${at}`);
    return Number(value);
  }

  /** A part of the file. @throws MalformedFileError if it is not within the file */
  slice(start: number, length: number): Buffer {
    this.within(start, length);
    this.meter.charge(1 + length / BYTES_PER_STEP);
    const missing = this.missing({ start, length });
    if (missing) throw new MissingBytesError(this.parts, [missing]);
    const pages: Buffer[] = [];
    for (let at = start; at < start + length;) {
      const page = this.parts.page(Math.floor(at / PAGE_BYTES)) ?? Buffer.alloc(0);
      const from = at % PAGE_BYTES;
      const part = page.subarray(from, Math.min(page.length, from + start + length - at));
      pages.push(part);
      at += part.length;
    }
    return joined(pages, length);
  }

  /** Text in UTF-8. @throws MalformedFileError if it is not valid */
  text(start: number, length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.slice(start, length));
    } catch (error) {
      if (error instanceof TypeError) throw this.malformed(`has no UTF-8 text at ${start}`);
      throw error;
    }
  }

  /** Announces the parts that will be read next, so that they are loaded together. */
  need(ranges: readonly ByteRange[]): void {
    this.meter.charge(ranges.length);
    for (const { start, length } of ranges) this.within(start, length);
    const missing = ranges.flatMap((range) => this.missing(range) ?? []);
    if (missing.length > 0) throw new MissingBytesError(this.parts, missing);
  }

  /**
   * Loads a part that is the format's index, in addition to the bytes that may be read otherwise.
   *
   * @throws LimitError if it is larger than 8 MiB
   */
  needIndex(start: number, length: number): void {
    this.within(start, length);
    if (length > MAX_INDEX_BYTES) throw this.limited(`its index has ${length} bytes, more than ${MAX_INDEX_BYTES}`);
    this.parts.allow(length);
    this.need([{ start, length }]);
  }

  /** Reads a part that is needed once; it does not stay in memory. */
  async readOnce(start: number, length: number): Promise<Buffer> {
    this.within(start, length);
    return this.parts.file.read(start, length);
  }

  private missing({ start, length }: ByteRange): ByteRange | undefined {
    for (let page = Math.floor(start / PAGE_BYTES); page * PAGE_BYTES < start + length; page += 1) {
      if (this.parts.page(page) === undefined) return { start, length };
    }
    return undefined;
  }

  /** The loaded page with all of these bytes; `undefined` if there is none. */
  private inPage(at: number, length: number): Buffer | undefined {
    this.meter.charge(1);
    this.within(at, length);
    const number = Math.floor(at / PAGE_BYTES);
    if (number !== this.lastNumber) {
      const page = this.parts.page(number);
      if (page === undefined) return undefined;
      this.lastNumber = number;
      this.lastPage = page;
    }
    return (at % PAGE_BYTES) + length <= this.lastPage.length ? this.lastPage : undefined;
  }

  private within(start: number, length: number): void {
    if (Number.isInteger(start) && start >= 0 && length >= 0 && start + length <= this.size) return;
    throw this.malformed(
      `is cut off or damaged: the bytes ${start} to ${start + length} belong to it, but the file has ${this.size}`,
    );
  }
}

/** Joins pages. Pages that were read together are adjacent in memory and need no copy. */
function joined(pages: readonly Buffer[], length: number): Buffer {
  const [first] = pages;
  if (first === undefined) return Buffer.alloc(0);
  let end = first.byteOffset;
  for (const page of pages) {
    if (page.buffer !== first.buffer || page.byteOffset !== end) return Buffer.concat(pages);
    end += page.length;
  }
  return Buffer.from(first.buffer, first.byteOffset, length);
}

/** Runs short work that only reads. If bytes are missing, they are loaded and the work is repeated. */
export function* attempt<T>({ meter }: Pick<SparseBytes, 'meter'>, read: () => T): Inspecting<T> {
  for (;;) {
    if (meter.isDue) yield undefined;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MissingBytesError)) throw error;
      yield error;
    }
  }
}

/** The next item; `undefined` after the last one. The iterator must continue after bytes were missing. */
export function* nextOf<T>(bytes: Pick<SparseBytes, 'meter'>, items: Iterator<T>): Inspecting<T | undefined> {
  bytes.meter.charge(1);
  const next = yield* attempt(bytes, () => items.next());
  return next.done === true ? undefined : next.value;
}
