import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { BoundedBody } from './bounded-body';
import { lookupPublic } from './public-address';
import { TimeLimitError } from './within';

/** One request, as it is sent. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** An answer that is not there as a whole by then counts as lost, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest body of a good answer, in bytes: a longer one ends the connection at once. Default 16 000 000. */
  readonly maxBodyBytes?: number | undefined;
  /** Refuses hosts whose address is of this machine, its link or its metadata server. Default `false`. */
  readonly publicOnly?: boolean;
  /** Ends the exchange early; its reason is thrown as it is. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer with its whole body; a redirect is an answer like others. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Limit of a JSON body, and of any that has no other, in bytes. */
const MAX_BODY_BYTES = 16_000_000;
/** Limit of the body of an answer that is not 2xx, in bytes. */
const MAX_ERROR_BYTES = 1_000_000;

/** Below the five seconds after which many servers close idle connections: a request on a closing one is lost. */
const IDLE_MS = 4_000;
const idle = { keepAlive: true, timeout: IDLE_MS };
const agents = { http: new http.Agent(idle), https: new https.Agent(idle) };
/** Connections of their own: one that was made without the check of the address must not be used again with it. */
const publicAgents = {
  http: new http.Agent({ ...idle, lookup: lookupPublic }),
  https: new https.Agent({ ...idle, lookup: lookupPublic }),
};

/**
 * Sends a request over a connection that is kept, and reads the answer. Node's own client: `fetch` takes two to three
 * times as much processor time for the same, and a worker's requests are most of what it does.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const { signal, timeoutMs } = request;
  signal?.throwIfAborted();
  const sent = send(new URL(request.url), request);
  const abort = (): void => {
    sent.destroy();
  };
  let late: Error | undefined;
  const timer = setTimeout(() => {
    late = new TimeLimitError(timeoutMs);
    sent.destroy(late);
  }, timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await answerTo(sent, request);
  } catch (error) {
    signal?.throwIfAborted();
    throw late ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function send(url: URL, { method, headers, publicOnly = false }: HttpRequest): ClientRequest {
  const { http: httpAgent, https: httpsAgent } = publicOnly ? publicAgents : agents;
  const options: RequestOptions = { method, headers };
  if (url.protocol === 'https:') return https.request(url, { ...options, agent: httpsAgent });
  return http.request(url, { ...options, agent: httpAgent });
}

function answerTo(sent: ClientRequest, request: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    sent
      .on('error', reject)
      // Such an answer takes the connection away from the request, which would not end before its timeout.
      .on('upgrade', ({ statusCode }, socket) => {
        socket.destroy();
        reject(new Error(`the answer changes the protocol: HTTP ${statusCode}`));
      })
      .on('response', (answer) => {
        // Also where the connection breaks in the middle of the body.
        answer.on('error', reject);
        readBody(answer, request).then(resolve, (error: unknown) => {
          reject(error instanceof Error ? error : new Error(String(error)));
          sent.destroy();
        });
      });
    sent.end(request.body);
  });
}

async function readBody(answer: IncomingMessage, request: HttpRequest): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = answer;
  const { maxBodyBytes = MAX_BODY_BYTES } = request;
  const body = new BoundedBody(status >= 200 && status < 300 ? maxBodyBytes : MAX_ERROR_BYTES);
  // The length of an answer to HEAD is that of a body which is not sent.
  if (request.method !== 'HEAD') body.expect(Number(headers['content-length'] ?? 0));
  await new Promise<void>((resolve, reject) => {
    answer
      .on('data', (chunk: Buffer) => {
        try {
          body.add(chunk);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          answer.destroy();
        }
      })
      .on('error', reject)
      .on('end', resolve);
  });
  return { status, headers, body: body.content() };
}
