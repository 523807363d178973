import { Readable } from 'node:stream';
import { Checksums } from './checksums';
import type { Contents, ContentWriter, ReceivedContent } from './contents';
import { StorageError } from './storage-error';

const MIB = 1024 * 1024;
/** Most bytes of all objects and unfinished uploads in memory. */
export const MAX_MEMORY_BYTES = 1024 * MIB;

const FIRST_BLOCK_BYTES = 4_096;
const LARGEST_BLOCK_BYTES = MIB;
/** Largest part of a download that is sent at once, in bytes. */
const READ_BYTES = 65_536;

/** Contents in memory. */
export class MemoryContents implements Contents {
  private readonly blocks = new Map<string, readonly Buffer[]>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_MEMORY_BYTES) {}

  writer(): ContentWriter {
    return new MemoryWriter(
      (bytes) => {
        this.reserve(bytes);
      },
      (key, blocks) => {
        this.blocks.set(key, blocks);
      },
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async open(key: string, start: number, end: number): Promise<Readable> {
    const blocks = this.blocks.get(key);
    if (blocks === undefined) throw new Error(`the content ${key} does not exist`);
    return Readable.from(partsOf(blocks, start, end), { objectMode: false });
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async copy(from: string, to: string): Promise<void> {
    const blocks = this.blocks.get(from);
    if (blocks === undefined) throw new Error(`the content ${from} does not exist`);
    this.reserve(sizeOf(blocks));
    this.blocks.set(to, blocks);
  }

  remove(key: string): Promise<void> {
    this.bytes -= sizeOf(this.blocks.get(key) ?? []);
    this.blocks.delete(key);
    return Promise.resolve();
  }

  private reserve(bytes: number): void {
    if (this.bytes + bytes > this.maxBytes) {
      const limit = `${this.maxBytes / MIB} MiB`;
      const message = `The object store holds at most ${limit} in memory. Delete objects, or start it with a folder for its data.`;
      throw new StorageError(413, 'uploadTooLarge', message);
    }
    this.bytes += bytes;
  }
}

class MemoryWriter implements ContentWriter {
  size = 0;
  private readonly full: Buffer[] = [];
  /** The block that is being filled: small chunks would otherwise keep a much larger buffer of the connection alive. */
  private block = Buffer.alloc(0);
  private used = 0;
  private readonly checksums = new Checksums();

  constructor(
    private readonly reserve: (bytes: number) => void,
    private readonly keep: (key: string, blocks: readonly Buffer[]) => void,
  ) {}

  // eslint-disable-next-line @typescript-eslint/require-await
  async write(chunk: Uint8Array): Promise<void> {
    this.reserve(chunk.length);
    this.checksums.add(chunk);
    for (let taken = 0; taken < chunk.length;) {
      if (this.used === this.block.length) this.nextBlock();
      const part = chunk.subarray(taken, taken + this.block.length - this.used);
      this.block.set(part, this.used);
      this.used += part.length;
      taken += part.length;
    }
    this.size += chunk.length;
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<ReceivedContent> {
    // The rest of the last block would otherwise stay in memory unused.
    const blocks = [...this.full, Buffer.from(this.block.subarray(0, this.used))];
    return Promise.resolve({
      size: this.size,
      ...this.checksums.digest(),
      keep: (key: string) => {
        this.keep(key, blocks);
        return Promise.resolve();
      },
      discard: () => this.discard(),
    });
  }

  discard(): Promise<void> {
    this.reserve(-this.size);
    this.size = 0;
    return Promise.resolve();
  }

  private nextBlock(): void {
    if (this.used > 0) this.full.push(this.block);
    this.block = Buffer.allocUnsafe(Math.min(Math.max(this.block.length * 2, FIRST_BLOCK_BYTES), LARGEST_BLOCK_BYTES));
    this.used = 0;
  }
}

function sizeOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, { length }) => sum + length, 0);
}

function* partsOf(blocks: readonly Buffer[], start: number, end: number): Generator<Buffer> {
  let at = 0;
  for (const block of blocks) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, block.length)];
    for (let next = from; next < to; next += READ_BYTES) yield block.subarray(next, Math.min(next + READ_BYTES, to));
    at += block.length;
    if (at >= end) return;
  }
}
