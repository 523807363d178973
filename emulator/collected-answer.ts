import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Answer } from './answer';

const MIB = 1024 * 1024;
/** Largest answer that can be collected, in bytes. */
const MAX_COLLECTED_BYTES = 256 * MIB;

/** Takes the bytes of an answer instead of a connection. */
class Sink extends Socket {
  readonly chunks: Buffer[] = [];
  private bytes = 0;

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error) => void): void {
    const part = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    this.bytes += part.length;
    if (this.bytes <= MAX_COLLECTED_BYTES) {
      this.chunks.push(part);
      done();
    } else {
      done(new Error(`An answer with a fault has at most ${MAX_COLLECTED_BYTES / MIB} MiB.`));
    }
  }

  override _writev(
    parts: { chunk: Buffer | string; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    let failure: Error | undefined;
    for (const { chunk, encoding } of parts) {
      this._write(chunk, encoding, (error) => {
        failure ??= error;
      });
    }
    done(failure);
  }

  override _final(done: () => void): void {
    done();
  }

  override _read(): void {
    // Nothing arrives here.
  }
}

/** Runs a handler without sending its answer, and returns the answer. A fault then changes or replaces it. */
export async function collectAnswer(
  request: IncomingMessage,
  handle: (response: ServerResponse) => Promise<void>,
): Promise<Answer> {
  const response = new ServerResponse(request);
  // The body is then sent without the marks of chunks.
  response.useChunkedEncodingByDefault = false;
  const sink = new Sink();
  response.assignSocket(sink);
  const ended = new Promise<void>((resolve, reject) => {
    sink.once('error', reject);
    response.once('finish', () => {
      resolve();
      // A handler can wait for the end of the connection.
      sink.destroy();
    });
    response.once('close', resolve);
  });
  await Promise.all([handle(response), ended]);
  return parse(Buffer.concat(sink.chunks));
}

function parse(raw: Buffer): Answer {
  const end = raw.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = raw.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  // These belong to the connection that does not exist.
  const kept = headers.filter(([name]) => !['connection', 'keep-alive', 'date', 'transfer-encoding'].includes(name));
  return {
    status: Number(statusLine.split(' ')[1] ?? 500),
    headers: Object.fromEntries(kept),
    body: raw.subarray(end + 4),
  };
}
