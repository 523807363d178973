import type { Contents } from './contents';
import { algorithmOf, isDigest } from './digest';
import type { Exchange } from './exchange';
import { RegistryError } from './registry-error';
import type { Repositories } from './repositories';
import type { Upload, Uploads } from './uploads';

/** Answers requests for blobs and their uploads. */
export class BlobRoutes {
  constructor(
    private readonly repositories: Repositories,
    private readonly contents: Contents,
    private readonly uploads: Uploads,
  ) {}

  async blob(exchange: Exchange, name: string, digest: string): Promise<void> {
    algorithmOf(digest);
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
        return this.read(exchange, name, digest);
      case 'DELETE':
        if (!(await this.repositories.removeBlob(name, digest))) throw unknownBlob(name, digest);
        exchange.empty(202);
        return;
      default:
        throw exchange.unsupported('GET', 'HEAD', 'DELETE');
    }
  }

  /** Starts an upload, or adds a blob at once: from the body, or from another repository. */
  async begin(exchange: Exchange, name: string): Promise<void> {
    if (exchange.method !== 'POST') throw exchange.unsupported('POST');
    const mount = exchange.query('mount');
    const from = exchange.query('from');
    const algorithm = exchange.query('digest-algorithm');
    if (algorithm !== undefined && !['sha256', 'sha512'].includes(algorithm)) {
      throw new RegistryError('DIGEST_INVALID', `The algorithm ${algorithm.slice(0, 100)} is not supported.`);
    }
    if (mount !== undefined && from !== undefined && isDigest(mount)) {
      if (await this.repositories.mountBlob(name, from, mount)) {
        created(exchange, name, mount);
        return;
      }
    }
    const digest = exchange.query('digest');
    if (digest !== undefined) algorithmOf(digest);
    const { id, upload } = await this.uploads.begin(name);
    if (digest === undefined) {
      exchange.empty(202, { ...position(exchange, id, upload), 'docker-upload-uuid': id });
      return;
    }
    try {
      await this.finish(exchange, id, upload, digest);
    } catch (error) {
      // The client does not know the upload, so it can't continue it.
      await this.uploads.discard(id);
      throw error;
    }
  }

  async upload(exchange: Exchange, name: string, id: string): Promise<void> {
    const upload = this.uploads.get(name, id);
    switch (exchange.method) {
      case 'GET':
        exchange.empty(204, { ...position(exchange, id, upload), 'docker-upload-uuid': id });
        return;
      case 'PATCH':
        await this.append(exchange, id, upload);
        exchange.empty(202, { ...position(exchange, id, upload), 'docker-upload-uuid': id });
        return;
      case 'PUT': {
        const digest = exchange.query('digest');
        if (digest === undefined) {
          throw new RegistryError(
            'DIGEST_INVALID',
            'The query has no digest. Send ?digest=sha256:… of the whole blob.',
          );
        }
        algorithmOf(digest);
        return this.finish(exchange, id, upload, digest);
      }
      case 'DELETE':
        await upload.alone(() => this.uploads.discard(id));
        exchange.empty(204);
        return;
      default:
        throw exchange.unsupported('GET', 'PATCH', 'PUT', 'DELETE');
    }
  }

  private async append(exchange: Exchange, id: string, upload: Upload): Promise<void> {
    const range = contentRange(exchange.request.headers['content-range']);
    try {
      await upload.alone(() => upload.append({ body: exchange.request, range }));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      // Without room the upload can't end: its bytes make room for others.
      if (error.status === 413) await this.uploads.discard(id);
      if (error.status !== 416) throw error;
      throw new RegistryError(error.code, error.message, { status: 416, headers: position(exchange, id, upload) });
    }
  }

  /** Adds the last part and gives the blob its digest. If the bytes have another one, they are removed. */
  private async finish(exchange: Exchange, id: string, upload: Upload, digest: string): Promise<void> {
    await this.append(exchange, id, upload);
    await upload.alone(async () => {
      const computed = upload.digest(digest);
      if (computed !== digest) {
        await this.uploads.discard(id);
        throw new RegistryError(
          'DIGEST_INVALID',
          `The blob has the digest ${computed}, not ${digest}. Upload it again, from the first byte.`,
        );
      }
      await this.repositories.addBlob(upload.name, upload.draft, digest);
      this.uploads.forget(id);
    });
    created(exchange, upload.name, digest);
  }

  private async read(exchange: Exchange, name: string, digest: string): Promise<void> {
    const size = this.repositories.get(name)?.blobs.get(digest);
    if (size === undefined) throw unknownBlob(name, digest);
    const range = byteRange(exchange.request.headers.range, size);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${size}` }),
    };
    await exchange.stream(range === undefined ? 200 : 206, headers, () => this.contents.read(digest, start, end));
  }
}

function unknownBlob(name: string, digest: string): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `The repository ${name} has no blob ${digest}.`);
}

function created(exchange: Exchange, name: string, digest: string): void {
  exchange.empty(201, {
    location: exchange.location(`${name}/blobs/${digest}`),
    'docker-content-digest': digest,
  });
}

/** Where an upload is, and which bytes have arrived. `0-0` means one byte or none. */
function position(exchange: Exchange, id: string, { name, draft }: Upload): Record<string, string> {
  return {
    location: exchange.location(`${name}/blobs/uploads/${id}`),
    range: `0-${Math.max(0, draft.size - 1)}`,
  };
}

/** The range of a part: `0-99`, and also `bytes 0-99/*` as in HTTP. */
function contentRange(header: string | undefined): { start: number; end: number } | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first !== undefined && start <= end + 1) return { start, end };
  throw new RegistryError(
    'BLOB_UPLOAD_INVALID',
    'The Content-Range header is not valid. Send FIRST-LAST, such as 0-99.',
  );
}

/** The range of a download; undefined for the whole blob. Several ranges at once are answered with the whole blob. */
function byteRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start <= end) return { start, end };
  throw new RegistryError('SIZE_INVALID', `The blob has ${size} bytes, and the range ${String(header)} none of them.`, {
    status: 416,
    headers: { 'content-range': `bytes */${size}` },
  });
}
