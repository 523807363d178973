import type { ContentRange } from './content-range';
import type { ContentWriter, ReceivedContent } from './contents';
import { invalid, StorageError } from './storage-error';

/** The service stores multiples of this number of bytes, until the last chunk. */
const BLOCK_BYTES = 256 * 1024;

type Chunk = Extract<ContentRange, { readonly kind: 'chunk' }>;

/** Writes chunks of a resumable upload. What an interrupted chunk leaves is a multiple of 256 KiB, as with the service. */
export class ChunkWriter {
  constructor(private readonly writer: ContentWriter) {}

  /** Bytes that are stored. */
  get size(): number {
    return this.writer.size;
  }

  /**
   * Receives a chunk. Bytes that are already stored are skipped.
   *
   * @throws StorageError if the chunk does not continue the upload
   */
  async receive(body: AsyncIterable<unknown>, chunk: Chunk): Promise<void> {
    if (chunk.start > this.size) throw gap(chunk.start, this.size);
    const block = new Block();
    let position = chunk.start;
    try {
      for await (const part of body) {
        if (!(part instanceof Uint8Array)) continue;
        const isNew = part.subarray(Math.min(Math.max(this.size + block.used - position, 0), part.length));
        position += part.length;
        if (chunk.length !== undefined && position > chunk.start + chunk.length) throw otherLength(chunk, position);
        await this.store(block, isNew);
      }
      checkLength(chunk, position);
      if (chunk.isLast) await this.writer.write(block.content());
    } finally {
      await this.writer.pause();
    }
  }

  finish(): Promise<ReceivedContent> {
    return this.writer.finish();
  }

  discard(): Promise<void> {
    return this.writer.discard();
  }

  private async store(block: Block, bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = block.add(rest);
      if (block.used < BLOCK_BYTES) continue;
      await this.writer.write(block.content());
      block.used = 0;
    }
  }
}

/** Bytes that are not yet a whole block. */
class Block {
  used = 0;
  private readonly bytes = Buffer.allocUnsafe(BLOCK_BYTES);

  /** Adds bytes until the block is full, and returns the rest. */
  add(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, BLOCK_BYTES - this.used);
    this.bytes.set(taken, this.used);
    this.used += taken.length;
    return bytes.subarray(taken.length);
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.used);
  }
}

function checkLength(chunk: Chunk, position: number): void {
  const { start, length = position - start, isLast, total } = chunk;
  if (position !== start + length || (isLast && total !== undefined && position !== total)) {
    throw otherLength(chunk, position);
  }
  if (isLast || length >= BLOCK_BYTES) return;
  throw invalid(
    `Invalid request.  The number of bytes uploaded is required to be equal or greater than ${BLOCK_BYTES}, except for the final request (it's recommended to be the exact multiple of ${BLOCK_BYTES}).  The received request contained ${length} bytes, which does not meet this requirement.`,
  );
}

function otherLength({ start, length, total }: Chunk, position: number): StorageError {
  const expected = length ?? (total ?? position) - start;
  return invalid(
    `Invalid request.  There were ${position - start} byte(s) in the request body.  There should have been ${expected} byte(s) (starting at offset ${start}) according to the Content-Range header.`,
  );
}

function gap(start: number, size: number): StorageError {
  const message = `Invalid request.  According to the Content-Range header, the upload offset is ${start} byte(s), which exceeds already uploaded size of ${size} byte(s).`;
  return new StorageError(503, 'backendError', message);
}
