import type { ClientRequest, IncomingHttpHeaders, RequestOptions } from 'node:http';
import http from 'node:http';
import https from 'node:https';

/** One request, as it is sent. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** An answer that is not there as a whole by then counts as lost, in milliseconds. */
  readonly timeoutMs: number;
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

/** Below the five seconds after which many servers close idle connections: a request on a closing one is lost. */
const IDLE_MS = 4_000;
const idle = { keepAlive: true, timeout: IDLE_MS };
const agents = { 'http:': new http.Agent(idle), 'https:': new https.Agent(idle) };

/**
 * Sends a request over a connection that is kept, and reads the answer. Node's own client: `fetch` takes two to three
 * times as much processor time for the same, and a worker's requests are most of what it does.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const { method, headers, signal, timeoutMs } = request;
  signal?.throwIfAborted();
  const url = new URL(request.url);
  const sent = send(url, { method, headers });
  const abort = (): void => {
    sent.destroy();
  };
  let late: Error | undefined;
  const timer = setTimeout(() => {
    late = new Error(`no answer within ${timeoutMs} ms`);
    sent.destroy(late);
  }, timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await answerTo(sent, request.body);
  } catch (error) {
    signal?.throwIfAborted();
    throw late ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function send(url: URL, options: RequestOptions): ClientRequest {
  if (url.protocol === 'https:') return https.request(url, { ...options, agent: agents['https:'] });
  return http.request(url, { ...options, agent: agents['http:'] });
}

function answerTo(sent: ClientRequest, content: HttpRequest['body']): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject).on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer
        .on('data', (chunk: Buffer) => {
          chunks.push(chunk);
        })
        // Also where the connection breaks in the middle of the body.
        .on('error', reject)
        .on('end', () => {
          const { statusCode: status = 0, headers } = answer;
          resolve({ status, headers, body: Buffer.concat(chunks) });
        });
    });
    sent.end(content);
  });
}
