import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer of an {@link AnsweringService}. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text or bytes. Default: no body. */
  readonly body?: unknown;
}

/** A request as a service received it. */
export interface ReceivedRequest {
  readonly method: string | undefined;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A service that gives a list of replies in order, and the last one again after them. */
export interface AnsweringService {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly requests: ReceivedRequest[];
  /** Replaces the replies. */
  readonly answerWith: (...replies: readonly Reply[]) => void;
}

/** Starts a service for the time of one test. */
export async function withAnsweringService<T>(use: (service: AnsweringService) => Promise<T>): Promise<T> {
  const requests: ReceivedRequest[] = [];
  let replies: Reply[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const { method, url: path = '', headers } = request;
        requests.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
        send(response, (replies.length > 1 ? replies.shift() : replies[0]) ?? {});
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answerWith = (...next: readonly Reply[]): void => {
    replies = [...next];
  };
  try {
    return await use({ endpoint: `http://127.0.0.1:${port}`, requests, answerWith });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  response.writeHead(status, headers);
  if (body === undefined) response.end();
  else response.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
}
