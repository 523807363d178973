/** A body is longer than it may be. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';

  constructor(maxBytes: number) {
    super(`the answer has more than ${maxBytes} bytes`);
  }
}

const FIRST_CAPACITY = 16_384;

/**
 * Collects the body of an answer up to a limit. It copies the chunks into one buffer: a list would need more than a hundred
 * bytes for each chunk, and a peer can send chunks of one byte.
 */
export class BoundedBody {
  private buffer = Buffer.alloc(0);
  private length = 0;

  /** @param maxBytes a longer body throws a {@link BodyTooLargeError} */
  constructor(private readonly maxBytes: number) {}

  /** Checks the announced length before anything is read. */
  expect(length: number): void {
    if (length > this.maxBytes) throw new BodyTooLargeError(this.maxBytes);
  }

  add(chunk: Buffer): void {
    const length = this.length + chunk.length;
    if (length > this.maxBytes) {
      this.buffer = Buffer.alloc(0);
      throw new BodyTooLargeError(this.maxBytes);
    }
    if (length > this.buffer.length) {
      const capacity = Math.min(this.maxBytes, Math.max(length, 2 * this.buffer.length, FIRST_CAPACITY));
      const larger = Buffer.allocUnsafe(capacity);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    chunk.copy(this.buffer, this.length);
    this.length = length;
  }

  /** The bytes received so far. */
  content(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
