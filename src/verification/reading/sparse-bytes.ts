import type { ArtifactFile } from '../artifact-file';
import { inParallel } from '../in-parallel';

/** Part of a file, in bytes from its start. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** What a file has is not what its format says. */
export class MalformedFileError extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Bytes that an inspector needs are not read yet. */
export class MissingBytesError extends Error {
  constructor(
    readonly bytes: SparseBytes,
    readonly ranges: readonly ByteRange[],
  ) {
    super(`bytes of ${bytes.path} are to be read`);
  }
}

/** To go on would read more of a file than a look into it may. */
export class ReadLimitError extends Error {
  constructor(
    readonly path: string,
    /** What is not looked at, for a note. */
    message: string,
  ) {
    super(message);
  }
}

/** Unit of reading, in bytes: tables of most formats are smaller. */
const PAGE_BYTES = 4 * 1024;
/** Where a file is read on from where the last read ended, as much is read at once, in bytes. */
const MAX_READ_AHEAD_BYTES = 64 * 1024;
/** A file up to this size is read as a whole; of a larger one no more than this, in bytes. */
const MAX_READ_BYTES = 1024 * 1024;
/** A format's own index may be larger; one beyond this is not looked into, in bytes. */
const MAX_INDEX_BYTES = 8 * 1024 * 1024;
/** So many accesses make a look: in a whole file tables are read a few times, in a hostile one over and over. */
const MAX_STEPS = 4_000_000;

/**
 * A file of which some parts are in memory, read synchronously, as parsers want it. Access to a part that is not
 * there throws {@link MissingBytesError}: whoever runs the inspector loads it and runs the inspector again from its
 * begin. Access beyond the file's end throws {@link MalformedFileError}: no length or offset that a file states is
 * ever trusted.
 */
export class SparseBytes {
  readonly path: string;
  /** Size of the file, in bytes. */
  readonly size: number;
  /** Bytes in memory. */
  loadedBytes = 0;
  /** Accesses since {@link rewind}. */
  steps = 0;
  private readonly pages = new Map<number, Buffer>();
  private indexBytes = 0;
  private lastNumber = -1;
  private lastPage: Buffer = Buffer.alloc(0);

  constructor(private readonly file: ArtifactFile) {
    this.path = file.path;
    this.size = file.bytes;
  }

  /** Content that is in memory as a whole, for example decompressed; the path is the one for messages. */
  static of(path: string, content: Buffer): SparseBytes {
    const read = (start: number, length: number): Promise<Buffer> =>
      Promise.resolve(content.subarray(start, start + length));
    const bytes = new SparseBytes({ path, bytes: content.length, generation: '', read });
    bytes.keep(0, content);
    return bytes;
  }

  /** Whether the file is small enough to be read as a whole; of a larger one only parts are looked at. */
  get isReadWhole(): boolean {
    return this.size <= MAX_READ_BYTES;
  }

  /** Starts a new run of an inspector. */
  rewind(): void {
    this.steps = 0;
  }

  /** The error for what is wrong with this file; the text follows its path: `has no root table`. */
  malformed(text: string): MalformedFileError {
    return new MalformedFileError(this.path, text);
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

  /** @throws MalformedFileError where the number is beyond 2^53: no file is so large */
  u64(at: number): number {
    const value = this.slice(at, 8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`has the impossible number ${value} at ${at}`);
    return Number(value);
  }

  /** A part of the file; it must lie within. */
  slice(start: number, length: number): Buffer {
    this.step(1 + length / 64);
    this.within(start, length);
    const missing = this.missing({ start, length });
    if (missing) throw new MissingBytesError(this, [missing]);
    const parts: Buffer[] = [];
    for (let at = start; at < start + length;) {
      const page = this.pages.get(Math.floor(at / PAGE_BYTES)) ?? Buffer.alloc(0);
      const from = at % PAGE_BYTES;
      const part = page.subarray(from, Math.min(page.length, from + start + length - at));
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** Text in UTF-8. @throws MalformedFileError where it is none */
  text(start: number, length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.slice(start, length));
    } catch (error) {
      if (error instanceof TypeError) throw this.malformed(`has no UTF-8 text at ${start}`);
      throw error;
    }
  }

  /** Says which parts will be read next, so that they are loaded together and not one after the other. */
  need(ranges: readonly ByteRange[]): void {
    for (const { start, length } of ranges) this.within(start, length);
    const missing = ranges.flatMap((range) => this.missing(range) ?? []);
    if (missing.length > 0) throw new MissingBytesError(this, missing);
  }

  /**
   * Says that a part is the format's own index and is read whole, however small the share of the file is that may be
   * read otherwise.
   *
   * @throws ReadLimitError where it is larger than 8 MiB
   */
  needIndex(start: number, length: number): void {
    this.within(start, length);
    if (length > MAX_INDEX_BYTES)
      throw new ReadLimitError(this.path, `its index of ${length} bytes is too large to be looked into`);
    this.indexBytes = Math.max(this.indexBytes, length);
    this.need([{ start, length }]);
  }

  /** Loads parts that were missing. @throws ReadLimitError where that would be more than may be read of this file */
  async load(ranges: readonly ByteRange[]): Promise<void> {
    const reads = this.isReadWhole ? [{ start: 0, length: this.size }] : this.plan(ranges);
    await inParallel(reads, async ({ start, length }) => {
      this.keep(start, await this.file.read(start, length));
    });
  }

  private keep(start: number, block: Buffer): void {
    for (let from = 0; from < block.length; from += PAGE_BYTES) {
      const number = (start + from) / PAGE_BYTES;
      // Another look into the same file may have loaded it meanwhile.
      if (this.pages.has(number)) continue;
      const page = block.subarray(from, from + PAGE_BYTES);
      this.pages.set(number, page);
      this.loadedBytes += page.length;
    }
  }

  /** Reads of whole pages for ranges, joined where they touch. */
  private plan(ranges: readonly ByteRange[]): ByteRange[] {
    const limit = MAX_READ_BYTES + this.indexBytes;
    const wanted = new Set<number>();
    for (const { start, length } of ranges) {
      const first = Math.floor(start / PAGE_BYTES);
      const last = Math.max(first, Math.floor((start + length - 1) / PAGE_BYTES), first + this.readAhead(first) - 1);
      for (let page = first; page <= last && page * PAGE_BYTES < this.size; page += 1) {
        if (!this.pages.has(page)) wanted.add(page);
        if (this.loadedBytes + wanted.size * PAGE_BYTES > limit) {
          throw new ReadLimitError(this.path, `only ${this.loadedBytes} of ${this.size} bytes were looked at`);
        }
      }
    }
    const reads: { start: number; length: number }[] = [];
    for (const page of [...wanted].sort((a, b) => a - b)) {
      const start = page * PAGE_BYTES;
      const length = Math.min(PAGE_BYTES, this.size - start);
      const before = reads.at(-1);
      if (before && before.start + before.length === start) before.length += length;
      else reads.push({ start, length });
    }
    return reads;
  }

  /** Pages to read from here on: as many as were read right before, so that a file that is read on costs few requests. */
  private readAhead(page: number): number {
    const limit = MAX_READ_AHEAD_BYTES / PAGE_BYTES;
    let before = 0;
    while (before < limit && this.pages.has(page - 1 - before)) before += 1;
    return Math.max(1, before);
  }

  private missing({ start, length }: ByteRange): ByteRange | undefined {
    for (let page = Math.floor(start / PAGE_BYTES); page * PAGE_BYTES < start + length; page += 1) {
      if (!this.pages.has(page)) return { start, length };
    }
    return undefined;
  }

  /** The page that has all of so many bytes, where it is loaded. */
  private inPage(at: number, length: number): Buffer | undefined {
    this.step(1);
    this.within(at, length);
    const number = Math.floor(at / PAGE_BYTES);
    if (number !== this.lastNumber) {
      const page = this.pages.get(number);
      if (page === undefined) return undefined;
      this.lastNumber = number;
      this.lastPage = page;
    }
    return (at % PAGE_BYTES) + length <= this.lastPage.length ? this.lastPage : undefined;
  }

  private within(start: number, length: number): void {
    if (Number.isInteger(start) && start >= 0 && length >= 0 && start + length <= this.size) return;
    throw this.malformed(
      `is cut off or damaged: something should stand at the bytes ${start} to ${start + length}, and the file has ${this.size}`,
    );
  }

  private step(count: number): void {
    this.steps += count;
    if (this.steps > MAX_STEPS) throw this.malformed('is damaged: its parts refer to each other over and over');
  }
}
