import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32c } from '@node-rs/crc32';

/** An object of {@link withStoredObjects}. */
export interface StoredObject {
  content: Buffer;
  generation: string;
  /** The size in the listing. Default: the true one. */
  size?: number;
  /** Whether the listing has no MD5, as for an object that was composed of others. */
  isComposed?: boolean;
}

/** A store that answers listings and reads with the objects in memory. Other tests use a real object store. */
export interface ObjectServer {
  readonly url: string;
  readonly objects: Map<string, StoredObject>;
  /** Every request: `list PREFIX` or `read NAME FROM-TO`. */
  readonly requests: string[];
  /** Answers of the next requests, in place of the objects. */
  readonly refusals: number[];
  readonly put: (name: string, content: string, changes?: Partial<StoredObject>) => void;
}

/** Runs `use` with a new store, in the bucket `exports`. */
export async function withStoredObjects<T>(use: (store: ObjectServer) => Promise<T>): Promise<T> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  const refusals: number[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://store.invalid');
    const refusal = refusals.shift();
    const prefix = url.searchParams.get('prefix');
    const name = decodeURIComponent(url.pathname.replace(/^.*\/b\/exports\/o\/?/, ''));
    const object = objects.get(name);
    const generation = url.searchParams.get('generation');
    requests.push(prefix === null ? `read ${name} ${request.headers.range ?? ''}` : `list ${prefix}`);
    if (refusal !== undefined) {
      response.writeHead(refusal, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: refusal, message: 'refused' } }));
    } else if (prefix !== null) {
      const items = [...objects].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => record(key, value));
      response.end(JSON.stringify({ kind: 'storage#objects', items }));
    } else if (object?.generation !== generation) {
      response.writeHead(404).end();
    } else {
      const [, from = '0', to = ''] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      response.writeHead(206).end(object.content.subarray(Number(from), Number(to) + 1));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const put: ObjectServer['put'] = (name, content, changes = {}) => {
    objects.set(name, { content: Buffer.from(content), generation: '1', ...changes });
  };
  try {
    return await use({ url: `http://127.0.0.1:${port}`, objects, requests, refusals, put });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The CRC-32C as Cloud Storage records it: big-endian, in base64. */
function checksumOf(content: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(content));
  return bytes.toString('base64');
}

function record(name: string, { content, generation, size = content.length, isComposed }: StoredObject): object {
  const md5Hash = createHash('md5').update(content).digest('base64');
  return {
    name,
    size: String(size),
    generation,
    crc32c: checksumOf(content),
    ...(!isComposed && { md5Hash }),
  };
}
