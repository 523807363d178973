import { randomBytes } from 'node:crypto';
import type { Catalog } from './catalog';
import type { StorageAnswer, StorageCall } from './call';
import { jsonBody } from './call';
import { ChunkWriter } from './chunk-writer';
import type { ContentRange } from './content-range';
import { contentRangeOf } from './content-range';
import type { Insert } from './insert';
import { finishInsert, insertOf } from './insert';
import { invalid, StorageError } from './storage-error';

/** Most uploads that have not ended. */
const MAX_UPLOADS = 1_000;

interface Upload {
  readonly insert: Insert;
  readonly contentType: string | undefined;
  /** Announced by `X-Upload-Content-Length`. */
  readonly announced: number | undefined;
  readonly writer: ChunkWriter;
  /** Requests of an upload are answered one after the other. */
  busy: Promise<unknown>;
  outcome: 'receiving' | 'cancelled' | StorageAnswer;
}

/** Uploads that a client continues after an interruption. Source: https://cloud.google.com/storage/docs/resumable-uploads */
export class ResumableUploads {
  private readonly uploads = new Map<string, Upload>();

  constructor(private readonly catalog: Catalog) {}

  /** Starts an upload. The header `Location` of the answer is its address. */
  async start(call: StorageCall, bucket: string): Promise<StorageAnswer> {
    const insert = insertOf(this.catalog, call, bucket, await jsonBody(call));
    await this.makeRoom();
    const id = randomBytes(24).toString('base64url');
    const length = [call.headers['x-upload-content-length'] ?? []].flat()[0];
    const type = [call.headers['x-upload-content-type'] ?? []].flat()[0];
    this.uploads.set(id, {
      insert,
      contentType: type ?? 'application/octet-stream',
      announced: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
      writer: new ChunkWriter(this.catalog.contents.writer()),
      busy: Promise.resolve(),
      outcome: 'receiving',
    });
    const query = new URLSearchParams([...call.query, ['upload_id', id]]);
    const location = `${call.origin}/upload/storage/v1/b/${bucket}/o?${query.toString()}`;
    return { status: 200, headers: { location, 'x-guploader-uploadid': id } };
  }

  /** Receives a chunk, or reports the state of an upload. */
  receive(call: StorageCall): Promise<StorageAnswer> {
    const { id, upload } = this.uploadOf(call);
    return this.inOrder(upload, async () => ({
      headers: { 'x-guploader-uploadid': id },
      ...(await this.receiveChunk(call, upload)),
    }));
  }

  /** Cancels an upload. */
  cancel(call: StorageCall): Promise<StorageAnswer> {
    const { upload } = this.uploadOf(call);
    return this.inOrder(upload, async () => {
      if (upload.outcome === 'receiving') {
        upload.outcome = 'cancelled';
        await upload.writer.discard();
      }
      return { status: 499 };
    });
  }

  private async receiveChunk(call: StorageCall, upload: Upload): Promise<StorageAnswer> {
    if (upload.outcome === 'cancelled') throw cancelled();
    if (upload.outcome !== 'receiving') return upload.outcome;
    const range = contentRangeOf(call.headers, upload.announced);
    const { writer } = upload;
    if (range.kind === 'chunk') await writer.receive(call.body, range);
    if (!isComplete(range, writer.size)) return stateOf(call, writer.size);
    if (upload.announced !== undefined && upload.announced !== writer.size) throw otherLength(upload, writer.size);
    try {
      upload.outcome = await finishInsert(call, upload.insert, await writer.finish(), upload.contentType);
      return upload.outcome;
    } catch (error) {
      upload.outcome = 'cancelled';
      throw error;
    }
  }

  private uploadOf({ query }: StorageCall): { readonly id: string; readonly upload: Upload } {
    const id = query.get('upload_id') ?? '';
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new StorageError(404, 'notFound', 'The resumable upload does not exist.');
    return { id, upload };
  }

  private inOrder<T>(upload: Upload, answer: () => Promise<T>): Promise<T> {
    const run = upload.busy.then(answer);
    upload.busy = run.catch(() => undefined);
    return run;
  }

  private async makeRoom(): Promise<void> {
    if (this.uploads.size < MAX_UPLOADS) return;
    const ended = [...this.uploads].find(([, { outcome }]) => outcome !== 'receiving');
    const [id, upload] = ended ?? [...this.uploads][0] ?? [];
    if (id === undefined || upload === undefined) return;
    this.uploads.delete(id);
    if (upload.outcome === 'receiving') await upload.writer.discard();
  }
}

function isComplete(range: ContentRange, size: number): boolean {
  return range.kind === 'chunk' ? range.isLast && (range.total ?? size) === size : range.total === size;
}

/** The answer to an upload that has not ended. Google's client for Go asks for 200, because 308 also means a redirect. */
function stateOf({ headers }: StorageCall, size: number): StorageAnswer {
  const range = size > 0 ? { range: `bytes=0-${size - 1}` } : {};
  if (headers['x-guploader-no-308'] !== 'yes') return { status: 308, headers: range };
  return { status: 200, headers: { ...range, 'x-http-status-code-override': '308' } };
}

function cancelled(): StorageError {
  return new StorageError(499, 'cancelled', 'The resumable upload has been cancelled or was rejected.');
}

function otherLength({ announced }: Upload, size: number): StorageError {
  return invalid(`The upload has ${size} bytes. The header X-Upload-Content-Length announced ${String(announced)}.`);
}
