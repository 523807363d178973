import type { IncomingHttpHeaders } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ObjectStore } from '../../emulator/storage/handler';

/** A running object store. */
export interface RunningStore {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Serves the built-in object store on loopback. */
export async function serveObjectStore(options: { readonly dataFolder?: string } = {}): Promise<RunningStore> {
  const store = new ObjectStore(options);
  const server = createServer((incoming, response) => {
    void store.handle(incoming, response, new URL(incoming.url ?? '/', 'http://127.0.0.1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

/** An answer as it was sent: `fetch` would decompress it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The parsed body; undefined if it is not JSON. */
  readonly json: unknown;
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends a request with exactly these headers. */
export function rawCall(method: string, url: string, { headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body ?? '')) };
    const sent = request(url, { method, headers: { ...length, ...headers }, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () => {
          const content = Buffer.concat(chunks);
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: content, json: parsed(content) });
        });
    });
    sent.on('error', reject).end(body);
  });
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** A bucket of a store under test. */
export class TestBucket {
  constructor(
    private readonly url: string,
    readonly name: string,
  ) {}

  /** Sends a request to a path or an address of the store. `{b}` in it is the bucket. */
  call(method: string, path: string, options: RawRequest & { readonly json?: unknown } = {}): Promise<RawAnswer> {
    // fake-gcs-server is behind a guard and does not know the guard's scheme.
    const url = `${this.url}${path.replaceAll('{b}', this.name).replace(/^https?:\/\/[^/]+/, '')}`;
    if (options.json === undefined) return rawCall(method, url, options);
    const headers = { 'content-type': 'application/json', ...options.headers };
    return rawCall(method, url, { headers, body: JSON.stringify(options.json) });
  }

  /** Uploads an object in one request. */
  put(name: string, content: string | Buffer = name, query = '', headers: Record<string, string> = {}) {
    const path = `/upload/storage/v1/b/{b}/o?uploadType=media&name=${encodeURIComponent(name)}${query}`;
    return this.call('POST', path, { body: content, headers: { 'content-type': 'text/plain', ...headers } });
  }

  /** Uploads an object with metadata in one request of two parts. */
  putRelated(
    resource: { readonly contentType?: string } & Readonly<Record<string, unknown>>,
    content: string | Buffer,
    query = '',
    type = resource.contentType ?? 'text/plain',
  ) {
    const body = Buffer.concat([
      Buffer.from(`--sep\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(resource)}\r\n`),
      Buffer.from(`--sep\r\ncontent-type: ${type}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n--sep--'),
    ]);
    const headers = { 'content-type': 'multipart/related; boundary=sep' };
    return this.call('POST', `/upload/storage/v1/b/{b}/o?uploadType=multipart${query}`, { body, headers });
  }

  /** Starts a resumable upload, and returns its address. */
  async startUpload(name: string, query = '', resource: unknown = {}): Promise<string> {
    const path = `/upload/storage/v1/b/{b}/o?uploadType=resumable&name=${encodeURIComponent(name)}${query}`;
    const { headers, status } = await this.call('POST', path, { json: resource });
    if (headers.location === undefined) throw new Error(`the upload did not start: HTTP ${status}`);
    return headers.location;
  }

  /** The path of an object. */
  object(name: string, query = ''): string {
    return `/storage/v1/b/{b}/o/${encodeURIComponent(name)}${query && `?${query}`}`;
  }

  /** Names that a list has. */
  async list(query = ''): Promise<{ readonly items: string[]; readonly prefixes: string[]; readonly next: string }> {
    const { json } = await this.call('GET', `/storage/v1/b/{b}/o?${query}`);
    const {
      items = [],
      prefixes = [],
      nextPageToken = '',
    } = json as {
      items?: { name: string }[];
      prefixes?: string[];
      nextPageToken?: string;
    };
    return { items: items.map(({ name }) => name), prefixes, next: nextPageToken };
  }
}
