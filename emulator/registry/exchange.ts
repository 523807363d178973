import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RegistryError } from './registry-error';

type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/** A request to the registry and its answer. */
export class Exchange {
  constructor(
    readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** The request's URL. */
    readonly target: URL,
    /** Path before `/v2`, for the locations in answers. */
    private readonly prefix: string,
  ) {}

  get method(): string {
    return this.request.method ?? 'GET';
  }

  /** A parameter of the query; undefined if it is missing. */
  query(name: string): string | undefined {
    return this.target.searchParams.get(name) ?? undefined;
  }

  /** The path of a resource, for a `Location` or `Link` header. */
  location(below: string): string {
    return `${this.prefix}/v2/${below}`;
  }

  /** Answers without a body. */
  empty(status: number, headers: Headers = {}): void {
    const length = status === 204 ? {} : { 'content-length': 0 };
    this.response.writeHead(status, outgoing({ ...length, ...headers })).end();
  }

  json(status: number, body: unknown, headers: Headers = {}): void {
    this.bytes(status, Buffer.from(`${JSON.stringify(body)}\n`), { 'content-type': 'application/json', ...headers });
  }

  /** Answers with a body, which Node.js omits from the answer to HEAD. */
  bytes(status: number, body: Buffer, headers: Headers): void {
    this.response.writeHead(status, outgoing({ 'content-length': body.length, ...headers })).end(body);
  }

  /** Answers with a body that is read while it is sent. A client that leaves ends the reading. */
  async stream(status: number, headers: Headers, read: () => Readable): Promise<void> {
    this.response.writeHead(status, outgoing(headers));
    if (this.method === 'HEAD' || headers['content-length'] === 0) this.response.end();
    else await pipeline(read(), this.response);
  }

  /** Answers with an error, or breaks an answer off that has begun. */
  fail(error: unknown): void {
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const known =
      error instanceof RegistryError
        ? error
        : new RegistryError('UNKNOWN', error instanceof Error ? error.message : String(error));
    this.json(known.status, known.body(), known.headers);
  }

  /** The error for a method that the resource does not have. */
  unsupported(...methods: readonly string[]): RegistryError {
    return new RegistryError('UNSUPPORTED', `The resource has no method ${this.method}. Use ${methods.join(', ')}.`, {
      headers: { allow: methods.join(', ') },
    });
  }
}

function outgoing(headers: Headers): Record<string, string | number | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}
