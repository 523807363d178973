import { createServer } from 'node:http';
import { crc32c } from '@node-rs/crc32';

/** A store with one object of any size, whose bytes are generated on request. */
export interface GeneratedObject {
  /** For `STORAGE_EMULATOR_HOST`. */
  readonly url: string;
  /** The directory that the object is in. */
  readonly uri: string;
  stop(): Promise<void>;
}

const BUCKET = 'generated';
const DIRECTORY = 'large/';
const NAME = `${DIRECTORY}model.safetensors`;
const PATTERN = Buffer.alloc(1024 * 1024, 'weights of a large model ');

/**
 * Serves one safetensors file of the given size, with its crc32c and, like large objects of Cloud Storage, without md5.
 * The real store would keep all of it in memory.
 */
export async function serveGeneratedObject(bytes: number): Promise<GeneratedObject> {
  const header = safetensorsHeader(bytes);
  const content = (start: number, end: number): Buffer => {
    const part = Buffer.alloc(end - start);
    for (let at = start; at < end;) {
      const source = at < header.length ? header.subarray(at) : PATTERN.subarray((at - header.length) % PATTERN.length);
      at += source.copy(part, at - start, 0, end - at);
    }
    return part;
  };
  let checksum = 0;
  for (let at = 0; at < bytes; at += PATTERN.length) {
    checksum = crc32c(content(at, Math.min(bytes, at + PATTERN.length)), checksum);
  }
  const recorded = Buffer.alloc(4);
  recorded.writeUInt32BE(checksum);
  const item = { name: NAME, size: String(bytes), generation: '1', crc32c: recorded.toString('base64') };

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === `/storage/v1/b/${BUCKET}/o`) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ kind: 'storage#objects', items: [item] }));
      return;
    }
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    response.statusCode = 206;
    response.end(content(Number(first), Number(last) + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    uri: `gs://${BUCKET}/${DIRECTORY}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The header of a file that consists of one tensor of bytes. */
function safetensorsHeader(bytes: number): Buffer {
  const make = (length: number): Buffer =>
    Buffer.from(JSON.stringify({ weights: { dtype: 'U8', shape: [length], data_offsets: [0, length] } }).padEnd(120));
  const header = make(0);
  const json = make(bytes - 8 - header.length);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json]);
}
