import type { z } from 'zod';
import type { Backoff } from '../internal/backoff';
import { backoff } from '../internal/backoff';
import { cut } from '../internal/text';
import { advisedDelayMs, apiErrorOf, GoogleTransportError, isPassing } from './api-error';
import type { Credentials } from './credentials';
import { CredentialsError, credentialsProblemOf } from './credentials-error';
import { credentialsProblem } from './endpoint';
import type { HttpAnswer } from './http';
import { exchange } from './http';
import { jsonOrUndefined } from '../internal/json';
import { pause } from '../internal/pause';
import { isRedirect, redirectTarget, shownTarget } from './redirect';
import type { ResourceUrl } from './resource-url';
import { SentSecrets } from './sent-secrets';
import { within } from './within';

/** Called directly before a request is sent. If it throws, the request is not sent and the error is thrown. */
export type BeforeSend = () => void | Promise<void>;

/** One HTTP request to a Google API. */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE';
  readonly url: ResourceUrl;
  /** The resource, for messages: `projects/p/locations/l/models/m:export`. */
  readonly resource: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent unchanged, instead of `body`; its type is in the headers. */
  readonly content?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Limit of the wait for credentials, and of the exchange after it, in milliseconds. Default: the client's. */
  readonly timeoutMs?: number;
  /** Longest body of the answer, in bytes. Default 16 000 000; bodies of errors have at most 1 000 000. */
  readonly maxBodyBytes?: number;
  /**
   * Follows one redirect without credentials, to the same origin or to a public host over https: some registries store
   * blobs elsewhere. Default: a redirect is an error, since it would send the token to a host that is not configured.
   */
  readonly followRedirect?: boolean;
  /**
   * Whether the service sends every refusal as Google's JSON. Any other 4xx then comes from a proxy, and has no meaning for
   * the resource. Default `false`.
   */
  readonly refusesInJson?: boolean;
  /** Ends the request early; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called each time before the request is sent, after its credentials were obtained, retries included. A budget counts
   * requests here.
   */
  readonly beforeSend?: BeforeSend | undefined;
}

/** A checked answer. */
export interface RestAnswer<T> {
  readonly data: T;
  readonly headers: HttpAnswer['headers'];
}

/** How a client sends its requests. */
export interface RestOptions {
  /** Default limit of a request, in milliseconds. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Attempts for a request whose failure may pass. Default 1: Temporal retries activities. */
  readonly attempts?: number;
  /** Whether credentials may be sent over `http://` to other machines. Default `false`. */
  readonly allowHttpCredentials?: boolean | undefined;
}

/** Limit of one request, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** The user agent that audit logs show. */
const USER_AGENT = 'temporal-vertex-export';

/** Pauses between the attempts of one request. */
const RETRY_PAUSES: Backoff = { firstMs: 500, maxMs: 30_000 };
/** Longest part of an answer in a message. */
const EXCERPT_BYTES = 1_000;
const EXCERPT_LENGTH = 200;

/** Names a quota project; it is not a credential. */
const QUOTA_PROJECT_HEADER = 'x-goog-user-project';

/** Sends requests with credentials and checks the answers. A refused token is replaced once. */
export class RestClient {
  readonly timeoutMs: number;
  private readonly attempts: number;
  private readonly allowHttpCredentials: boolean;

  constructor(
    private readonly credentials: Credentials,
    { timeoutMs = DEFAULT_TIMEOUT_MS, attempts = 1, allowHttpCredentials = false }: RestOptions = {},
  ) {
    this.timeoutMs = timeoutMs;
    this.attempts = attempts;
    this.allowHttpCredentials = allowHttpCredentials;
  }

  /**
   * Sends a request whose answer is JSON.
   *
   * @throws {@link GoogleApiError} if the service answers with an error.
   * @throws {@link GoogleTransportError} if there is no usable answer.
   */
  async json<T>(schema: z.ZodType<T>, request: RestRequest): Promise<RestAnswer<T>> {
    const { body, headers } = await this.bytes(request, 'text');
    const parsed = schema.safeParse(jsonOrUndefined(body.toString()));
    if (parsed.success) return { data: parsed.data, headers };
    const where = parsed.error.issues[0]?.path.join('.');
    throw unusable(
      request,
      `the answer is not what the API documents${where ? ` at ${where}` : ''}: ${excerpt(body) || '(empty)'}`,
    );
  }

  /**
   * Sends a request whose answer has no body. An answer with a body does not come from the service, so the request had no
   * effect. Throws as {@link json} does.
   */
  async empty(request: RestRequest): Promise<void> {
    const { body } = await this.bytes(request, 'text');
    const text = excerpt(body);
    // Some stores send an empty JSON value.
    if (!['', 'null', '{}'].includes(text.trim())) throw unusable(request, `the answer is not empty: ${text}`);
  }

  /**
   * Sends a request and returns the body. Throws as {@link json} does.
   *
   * @param content `text` removes credentials that the body repeats. Default `data`
   */
  async bytes(request: RestRequest, content: 'data' | 'text' = 'data'): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(request, content);
      } catch (error) {
        const mayPass = isPassing(error) && !(error instanceof CredentialsError && !error.isOutage);
        if (attempt >= this.attempts || !mayPass) throw error;
        const delay = Math.max(advisedDelayMs(error), backoff(attempt, RETRY_PAUSES));
        await pause(delay, request.signal);
      }
    }
  }

  private async attempt(request: RestRequest, content: 'data' | 'text'): Promise<HttpAnswer> {
    let { answer, secrets } = await this.send(request);
    if (answer.status === 401) {
      // Tokens are cached; one that was revoked or expired early is replaced once.
      this.credentials.refresh();
      ({ answer, secrets } = await this.send(request));
    }
    const isGood = answer.status >= 200 && answer.status < 300;
    const body = isGood && content === 'data' ? answer.body : secrets.removeFromBody(answer.body);
    if (!isGood) throw apiErrorOf({ ...answer, body }, describe(request), request.refusesInJson);
    return { ...answer, body };
  }

  private async send(request: RestRequest): Promise<{ answer: HttpAnswer; secrets: SentSecrets }> {
    const { method, signal, maxBodyBytes } = request;
    const timeoutMs = request.timeoutMs ?? this.timeoutMs;
    const credentials = await this.credentialHeaders(request, timeoutMs);
    const secrets = new SentSecrets(credentials);
    await request.beforeSend?.();
    const headers = {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    };
    const body = request.content ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const exchanged = { method, body, timeoutMs, maxBodyBytes, signal };
    let url = request.url.href;
    try {
      let answer = await exchange({ ...exchanged, url, headers: { ...credentials, ...headers } });
      const target = request.followRedirect && isRedirect(answer) ? redirectTarget(answer, url) : undefined;
      if (target !== undefined) {
        url = target.href;
        answer = await exchange({ ...exchanged, url, headers, publicOnly: !target.isSameOrigin });
      }
      if (isRedirect(answer)) throw new Error(`the answer is a redirect to ${shownTarget(answer, url)}`);
      return { answer, secrets };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw unusable(request, secrets.removeFrom(messageOf(error)));
    }
  }

  /** Obtains the credentials. The wait is limited, since a token server can hang. */
  private async credentialHeaders(request: RestRequest, timeoutMs: number): Promise<Record<string, string>> {
    const { signal, url } = request;
    signal?.throwIfAborted();
    let headers: Record<string, string>;
    try {
      // A source of credentials can throw synchronously.
      const obtained = Promise.resolve().then(() => this.credentials.headers());
      headers = await within(obtained, timeoutMs, signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new CredentialsError(credentialsProblemOf(error), describe(request));
    }
    const isSecret = Object.keys(headers).some((name) => name.toLowerCase() !== QUOTA_PROJECT_HEADER);
    const problem = isSecret && !this.allowHttpCredentials ? credentialsProblem(url.origin) : undefined;
    if (problem !== undefined) throw unusable(request, problem);
    return headers;
  }
}

function describe(request: RestRequest): string {
  return `${request.method} ${request.resource}`;
}

function unusable(request: RestRequest, problem: string): GoogleTransportError {
  return new GoogleTransportError(`${describe(request)}: ${problem}`, describe(request));
}

/** The beginning of a body, for a message. */
function excerpt(body: Buffer): string {
  return cut(body.subarray(0, EXCERPT_BYTES).toString(), EXCERPT_LENGTH);
}

/** The message of an error. If all addresses of a host failed, that of the first one. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
