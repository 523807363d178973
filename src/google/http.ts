import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { BoundedBody } from './bounded-body';
import { lookupPublic } from './public-address';
import { TimeLimitError } from './within';

/** One HTTP request. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Limit for the complete answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest body of a 2xx answer, in bytes: a longer one ends the connection at once. Default 16 000 000. */
  readonly maxBodyBytes?: number | undefined;
  /** Refuses hosts with an address of this machine, its link or its metadata server. Default `false`. */
  readonly publicOnly?: boolean;
  /** Ends the exchange early; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer with its complete body. Redirects are not followed. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Default limit of a body, in bytes. */
const MAX_BODY_BYTES = 16_000_000;
/** Limit of the body of an answer that is not 2xx, in bytes. */
const MAX_ERROR_BYTES = 1_000_000;

/** Longest time that a connection is idle, in milliseconds. Many servers close it after 5 s, and a request sent then is lost. */
const IDLE_MS = 4_000;
const idle = { keepAlive: true, timeout: IDLE_MS };
const agents = { http: new http.Agent(idle), https: new https.Agent(idle) };
/** Agents with separate connections: one that was opened without the check of the address must not be reused here. */
const publicAgents = {
  http: new http.Agent({ ...idle, lookup: lookupPublic }),
  https: new https.Agent({ ...idle, lookup: lookupPublic }),
};

/**
 * Sends a request over a kept-alive connection, and reads the answer. It uses Node's HTTP client, since `fetch` needs two to
 * three times as much processor time, and requests are most of a worker's load.
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
      // An upgrade detaches the connection from the request, which would otherwise end at its timeout only.
      .on('upgrade', ({ statusCode }, socket) => {
        socket.destroy();
        reject(new Error(`the answer changes the protocol: HTTP ${statusCode}`));
      })
      .on('response', (answer) => {
        // The connection can break in the middle of the body.
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
  // The length in an answer to HEAD is that of a body that is not sent.
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
