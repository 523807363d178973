import { StorageError } from './storage-error';

/** The two parts of an upload: metadata in JSON, and content that is still arriving. */
export interface RelatedParts {
  readonly metadata: Buffer;
  /** Of the content. */
  readonly contentType: string | undefined;
  readonly content: AsyncIterable<Buffer>;
}

/** Most bytes of the metadata, and of the headers of a part. */
const MAX_METADATA_BYTES = 1024 * 1024;
const MAX_PART_HEADERS_BYTES = 16_384;
const EMPTY_LINE = '\r\n\r\n';
const LINE_FEED = 0x0a;
/** What follows a boundary: a line end, white space or `--`. Otherwise it is content that begins like a boundary. */
const ENDS_BOUNDARY = new Set(Buffer.from('\r\n \t-'));

/**
 * Splits a body of `multipart/related` while it arrives.
 *
 * Source: https://cloud.google.com/storage/docs/uploading-objects-from-memory, https://www.rfc-editor.org/rfc/rfc2387
 */
export async function relatedParts(
  contentType: string | undefined,
  body: AsyncIterable<unknown>,
): Promise<RelatedParts> {
  const boundary = boundaryOf(contentType);
  const reader = new DelimitedReader(body);
  // The first boundary can be at the very beginning.
  await reader.collect(Buffer.from(`--${boundary}\r\n`), MAX_PART_HEADERS_BYTES);
  await reader.collect(Buffer.from(EMPTY_LINE), MAX_PART_HEADERS_BYTES);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const metadata = await reader.collect(delimiter, MAX_METADATA_BYTES);
  const headers = await reader.collect(Buffer.from(EMPTY_LINE), MAX_PART_HEADERS_BYTES);
  const type = /^content-type:\s*(.+?)\s*$/im.exec(headers.toString('latin1'))?.[1];
  return { metadata, contentType: type, content: reader.until(delimiter) };
}

/**
 * The text between the parts of a multipart body.
 *
 * @throws StorageError `badContent` if the header does not name it
 */
export function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/[^;]+;.*?boundary=(?:"([^"]{1,200})"|'([^']{1,200})'|([^\s;]{1,200}))/i.exec(
    contentType ?? '',
  );
  const boundary = match?.[1] ?? match?.[2] ?? match?.[3];
  if (boundary === undefined) throw malformed('the header Content-Type does not name a boundary');
  return boundary;
}

function malformed(problem: string): StorageError {
  return new StorageError(400, 'badContent', `Malformed multipart body: ${problem}.`);
}

/** Reads a stream from delimiter to delimiter. */
class DelimitedReader {
  private readonly chunks: AsyncIterator<unknown>;
  private pending = Buffer.alloc(0);

  constructor(body: AsyncIterable<unknown>) {
    this.chunks = body[Symbol.asyncIterator]();
  }

  /** The bytes before the next delimiter, which is read, too. */
  async collect(delimiter: Buffer, maxBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of this.until(delimiter)) {
      parts.push(part);
      bytes += part.length;
      if (bytes > maxBytes) throw malformed(`a part has more than ${maxBytes} bytes`);
    }
    return Buffer.concat(parts);
  }

  /** Yields the bytes before the next delimiter as they arrive, and reads the delimiter. */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const index = this.pending.indexOf(delimiter);
      const end = index + delimiter.length;
      if (index >= 0 && this.pending.length > end) {
        const isContent = delimiter.at(-1) !== LINE_FEED && !ENDS_BOUNDARY.has(this.pending[end] ?? 0);
        const taken = this.pending.subarray(0, isContent ? end : index);
        this.pending = this.pending.subarray(end);
        if (taken.length > 0) yield taken;
        if (isContent) continue;
        return;
      }
      // The delimiter can begin in the last bytes of a chunk.
      const safe = index >= 0 ? index : Math.max(this.pending.length - delimiter.length + 1, 0);
      const complete = this.pending.subarray(0, safe);
      this.pending = this.pending.subarray(safe);
      if (complete.length > 0) yield complete;
      const next = await this.chunks.next();
      if (next.done === true) throw malformed('it ends before its last boundary');
      if (next.value instanceof Uint8Array) this.pending = Buffer.concat([this.pending, next.value]);
    }
  }
}
