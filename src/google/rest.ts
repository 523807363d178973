import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { apiErrorOf, GoogleApiError, GoogleTransportError, isPassing, jsonOrUndefined } from './api-error';
import type { Credentials } from './credentials';
import type { HttpAnswer } from './http';
import { exchange } from './http';

/** Called directly before a request is sent; what it throws is thrown in the place of an answer. */
export type BeforeSend = () => void | Promise<void>;

/** One HTTP request to a Google API. */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE';
  readonly url: string;
  /** What the request is about, for messages: `projects/p/locations/l/models/m:export`. */
  readonly resource: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`; its type is among the headers. */
  readonly content?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the client's. */
  readonly timeoutMs?: number;
  /**
   * Follows one redirect, to https or the same origin, without credentials: where a registry keeps its blobs elsewhere.
   * Default: a redirect is an error, since it would send the token to a host that nobody configured.
   */
  readonly followRedirect?: boolean;
  /** Ends the request early; its reason is thrown as it is. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called each time before the request is sent, when its credentials are there: also before it is sent again after a
   * refused token or a failure that may pass. A budget counts here what is sent.
   */
  readonly beforeSend?: BeforeSend | undefined;
}

/** A checked answer. */
export interface RestAnswer<T> {
  readonly data: T;
  readonly headers: HttpAnswer['headers'];
}

/** Limit of one request, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Audit logs show it. */
const USER_AGENT = 'temporal-vertex-export';

/** Pause before the second attempt, in milliseconds; doubles with each further one, up to the longest. */
const RETRY_DELAY_MS = 500;
const MAX_RETRY_DELAY_MS = 30_000;

/** Sends requests with credentials and checks the answers. A refused token is replaced once. */
export class RestClient {
  /**
   * @param timeoutMs of a request that does not say
   * @param attempts of a request whose failure may pass. Activities have one: Temporal itself tries again. Default 1.
   */
  constructor(
    private readonly credentials: Credentials,
    readonly timeoutMs = DEFAULT_TIMEOUT_MS,
    private readonly attempts = 1,
  ) {}

  /**
   * Sends a request whose answer is JSON.
   *
   * @throws {@link GoogleApiError} where the service answers with an error.
   * @throws {@link GoogleTransportError} where no usable answer came.
   */
  async json<T>(schema: z.ZodType<T>, request: RestRequest): Promise<RestAnswer<T>> {
    const { body, headers } = await this.text(request);
    const what = describe(request);
    const parsed = schema.safeParse(jsonOrUndefined(body));
    if (parsed.success) return { data: parsed.data, headers };
    const where = parsed.error.issues[0]?.path.join('.');
    throw new GoogleTransportError(
      `${what}: the answer is not what the API documents${where ? ` at ${where}` : ''}: ${body.slice(0, 200) || '(empty)'}`,
      what,
    );
  }

  /**
   * Sends a request whose answer has no body: with one it does not come from the service, and nothing was done. Throws
   * as {@link json} does.
   */
  async empty(request: RestRequest): Promise<void> {
    const { body } = await this.text(request);
    const what = describe(request);
    // Some stores write "nothing" as JSON.
    if (!['', 'null', '{}'].includes(body.trim()))
      throw new GoogleTransportError(`${what}: the answer is not empty: ${body.slice(0, 200)}`, what);
  }

  /** Sends a request and gives the body as text. Throws as {@link json} does. */
  async text(request: RestRequest): Promise<{ body: string; headers: HttpAnswer['headers'] }> {
    const { body, headers } = await this.bytes(request);
    return { body: body.toString(), headers };
  }

  /** Sends a request and gives the body as it is. Throws as {@link json} does. */
  async bytes(request: RestRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(request);
      } catch (error) {
        if (attempt >= this.attempts || !isPassing(error)) throw error;
        const advised = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
        const delay = Math.max(advised, Math.min(RETRY_DELAY_MS * 2 ** (attempt - 1), MAX_RETRY_DELAY_MS));
        await sleep(delay, undefined, request.signal && { signal: request.signal }).catch(() => {
          request.signal?.throwIfAborted();
        });
      }
    }
  }

  private async attempt(request: RestRequest): Promise<HttpAnswer> {
    const first = await this.send(request);
    if (first.status !== 401) return settle(first, request);
    // Tokens are cached; one that was revoked or ran out early is replaced once.
    this.credentials.refresh();
    return settle(await this.send(request), request);
  }

  private async send(request: RestRequest): Promise<HttpAnswer> {
    const what = describe(request);
    const credentials = await this.credentials.headers().catch((error: unknown) => {
      throw new GoogleTransportError(`${what}: no credentials: ${messageOf(error)}`, what, { cause: error });
    });
    const { method, url, signal } = request;
    await request.beforeSend?.();
    const headers = {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    };
    const body = request.content ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const exchanged = { method, body, timeoutMs: request.timeoutMs ?? this.timeoutMs, signal };
    try {
      let answer = await exchange({ ...exchanged, url, headers: { ...credentials, ...headers } });
      const target = request.followRedirect ? redirectTarget(answer, url) : undefined;
      if (target !== undefined) answer = await exchange({ ...exchanged, url: target, headers });
      if (isRedirect(answer)) throw new Error(`the answer is a redirect to ${answer.headers.location}`);
      return answer;
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new GoogleTransportError(`${what}: ${messageOf(error)}`, what, { cause: error });
    }
  }
}

function isRedirect({ status, headers }: HttpAnswer): boolean {
  return status >= 300 && status < 400 && headers.location !== undefined;
}

/** Where an answer sends its reader; `undefined` where it is no redirect, or leads where nobody should go. */
function redirectTarget(answer: HttpAnswer, url: string): string | undefined {
  if (!isRedirect(answer)) return undefined;
  const target = new URL(answer.headers.location ?? '', url);
  return target.protocol === 'https:' || target.origin === new URL(url).origin ? target.href : undefined;
}

function settle(answer: HttpAnswer, request: RestRequest): HttpAnswer {
  if (answer.status < 200 || answer.status >= 300) throw apiErrorOf(answer, describe(request));
  return answer;
}

function describe(request: RestRequest): string {
  return `${request.method} ${request.resource}`;
}

/** What went wrong: where all addresses of a host were tried in vain, the error of the first one says it. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
