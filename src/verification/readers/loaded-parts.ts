import type { ArtifactFile } from '../artifact-file';
import { inParallel } from '../../internal/in-parallel';
import { LimitError } from './limit-error';

/** Part of a file, in bytes from its start. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** Unit of reading, in bytes: tables of most formats are smaller. */
export const PAGE_BYTES = 4 * 1024;
/** Most bytes that are read ahead when a file is read sequentially. */
const MAX_READ_AHEAD_BYTES = 64 * 1024;
/** A file up to this size is read completely; at most this many bytes are read of a larger one. */
export const MAX_READ_BYTES = 1024 * 1024;
/** Most bytes per read. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** The loaded parts of a file. All inspections that need the file share them. */
export class LoadedParts {
  /** Bytes in memory. */
  bytes = 0;
  private readonly pages = new Map<number, Buffer>();
  private indexBytes = 0;

  constructor(readonly file: ArtifactFile) {}

  /** Content that is completely in memory, for example decompressed; `path` is for messages. */
  static of(path: string, content: Buffer): LoadedParts {
    const read = (start: number, length: number): Promise<Buffer> =>
      Promise.resolve(content.subarray(start, start + length));
    const parts = new LoadedParts({ path, bytes: content.length, read });
    parts.keep(0, content);
    return parts;
  }

  get isReadWhole(): boolean {
    return this.file.bytes <= MAX_READ_BYTES;
  }

  page(number: number): Buffer | undefined {
    return this.pages.get(number);
  }

  /** Allows a format's index to be read in addition to the usual limit. */
  allow(indexBytes: number): void {
    this.indexBytes = Math.max(this.indexBytes, indexBytes);
  }

  /** Loads missing parts. @throws LimitError if that exceeds the bytes that may be read of this file */
  async load(ranges: readonly ByteRange[]): Promise<void> {
    const reads = this.isReadWhole ? [{ start: 0, length: this.file.bytes }] : this.plan(ranges);
    await inParallel(reads, async ({ start, length }) => {
      this.keep(start, await this.file.read(start, length));
    });
  }

  private keep(start: number, block: Buffer): void {
    for (let from = 0; from < block.length; from += PAGE_BYTES) {
      const number = (start + from) / PAGE_BYTES;
      // Another inspection of the same file may have loaded it in the meantime.
      if (this.pages.has(number)) continue;
      const page = block.subarray(from, from + PAGE_BYTES);
      this.pages.set(number, page);
      this.bytes += page.length;
    }
  }

  /** Plans reads of whole pages; adjacent pages are read together. */
  private plan(ranges: readonly ByteRange[]): ByteRange[] {
    const limit = MAX_READ_BYTES + this.indexBytes;
    const { path, bytes: size } = this.file;
    const wanted = new Set<number>();
    for (const { start, length } of ranges) {
      const first = Math.floor(start / PAGE_BYTES);
      const last = Math.max(first, Math.floor((start + length - 1) / PAGE_BYTES), first + this.readAhead(first) - 1);
      for (let page = first; page <= last && page * PAGE_BYTES < size; page += 1) {
        if (!this.pages.has(page)) wanted.add(page);
        if (this.bytes + wanted.size * PAGE_BYTES > limit) {
          throw new LimitError(path, `only ${this.bytes} of ${size} bytes were read`);
        }
      }
    }
    const reads: { start: number; length: number }[] = [];
    for (const page of [...wanted].sort((a, b) => a - b)) {
      const start = page * PAGE_BYTES;
      const length = Math.min(PAGE_BYTES, size - start);
      const before = reads.at(-1);
      if (before && before.start + before.length === start && before.length < MAX_REQUEST_BYTES) {
        before.length += length;
      } else reads.push({ start, length });
    }
    return reads;
  }

  /** Pages to read from here: as many as were loaded right before, so that sequential reading needs few requests. */
  private readAhead(page: number): number {
    const limit = MAX_READ_AHEAD_BYTES / PAGE_BYTES;
    let before = 0;
    while (before < limit && this.pages.has(page - 1 - before)) before += 1;
    return Math.max(1, before);
  }
}
