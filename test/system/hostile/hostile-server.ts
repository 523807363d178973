import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as a hostile server received it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

/** A server whose answers a test chooses, on a free loopback port. */
export class HostileServer {
  readonly requests: SeenRequest[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => {
    this.requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    });
    this.answer(request, response);
  });

  private constructor(private readonly answer: RequestListener) {
    this.server.on('connection', (socket) => this.sockets.add(socket));
  }

  static async start(answer: RequestListener): Promise<HostileServer> {
    const hostile = new HostileServer(answer);
    hostile.server.listen(0, '127.0.0.1');
    await once(hostile.server, 'listening');
    return hostile;
  }

  get url(): string {
    const address = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  /** The number of bytes that clients received, or that are buffered for them. */
  get bytesSent(): number {
    let bytes = 0;
    for (const socket of this.sockets) bytes += socket.bytesWritten;
    return bytes;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Sends pieces until the last one or until the client closes the connection. */
export async function stream(response: ServerResponse, pieces: Iterable<string | Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

export function* repeated(piece: string, times: number): Generator<Buffer> {
  const buffer = Buffer.from(piece);
  for (let count = 0; count < times; count += 1) yield buffer;
}

/** Writes bytes to the connection unchanged, without Node's checks of answers. */
export function raw(request: IncomingMessage, bytes: string | Buffer, end = true): void {
  request.socket.on('error', () => undefined);
  request.socket.write(bytes);
  if (end) request.socket.end();
}

/** The rule for errors of a client: of limited length, valid Unicode, printable, without causes and secrets. */
export function assertSafe(error: Error, secrets: readonly string[]): void {
  const texts = [error.message, error.stack ?? '', JSON.stringify(error), String(error)];
  for (const text of texts) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in: ${text.slice(0, 300)}`);
  }
  assert.ok(error.message.length <= 2_000, `the message has ${error.message.length} characters`);
  assert.doesNotMatch(error.message, /\p{Surrogate}|\p{Cc}/u);
  assert.equal(error.cause, undefined, 'an error of a client has no cause');
}
