import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Contents, Draft } from './contents';
import { algorithmOf, RunningDigests } from './digest';
import { RegistryError } from './registry-error';

/** An upload without activity for this time is removed, in milliseconds. */
const MAX_IDLE_MS = 60 * 60_000;
const MAX_UPLOADS = 1_000;

/** A part of a blob, as a request declares it. */
export interface Chunk {
  readonly body: Readable;
  /** First and last byte of the part in the blob. Default: the part follows the bytes that have arrived. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** A blob that is being uploaded. */
class Upload {
  private digests = RunningDigests.start();
  private isBusy = false;
  usedAt = Date.now();

  constructor(
    readonly name: string,
    readonly draft: Draft,
  ) {}

  /** Whether a request is writing. */
  get busy(): boolean {
    return this.isBusy;
  }

  digest(expected: string): string {
    return this.digests.current(algorithmOf(expected));
  }

  /** Runs one request at a time: two of them would mix their bytes. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.isBusy) {
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'Another request writes to this upload. Wait for its end.', {
        status: 409,
      });
    }
    this.isBusy = true;
    try {
      return await work();
    } finally {
      this.isBusy = false;
      this.usedAt = Date.now();
    }
  }

  /** Adds a part. If the part is not as long as its range, nothing is added. */
  async append({ body, range }: Chunk): Promise<void> {
    const { draft } = this;
    const before = { size: draft.size, digests: this.digests.copy() };
    if (range !== undefined && range.start !== before.size) {
      throw new RegistryError(
        'BLOB_UPLOAD_INVALID',
        `The part begins at byte ${range.start}, but ${before.size} bytes have arrived. Send the part that follows them.`,
        { status: 416 },
      );
    }
    for await (const part of body) {
      const bytes = Buffer.from(part as Uint8Array);
      await draft.append(bytes);
      this.digests.update(bytes);
    }
    const length = range === undefined ? undefined : range.end - range.start + 1;
    if (length === undefined || draft.size - before.size === length) return;
    const arrived = draft.size - before.size;
    await draft.truncate(before.size);
    this.digests = before.digests;
    throw new RegistryError('SIZE_INVALID', `The range has ${length} bytes, but the body has ${arrived}.`);
  }
}

export type { Upload };

/** The blobs that are being uploaded. They are lost when the registry stops; clients then start again. */
export class Uploads {
  private readonly all = new Map<string, Upload>();

  constructor(private readonly contents: Contents) {}

  async begin(name: string): Promise<{ id: string; upload: Upload }> {
    await this.removeIdle();
    if (this.all.size >= MAX_UPLOADS) {
      throw new RegistryError('TOOMANYREQUESTS', `There are ${MAX_UPLOADS} unfinished uploads. Finish or cancel some.`);
    }
    const id = randomUUID();
    const upload = new Upload(name, await this.contents.begin());
    this.all.set(id, upload);
    return { id, upload };
  }

  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN if the repository has no such upload */
  get(name: string, id: string): Upload {
    const upload = this.all.get(id);
    if (upload?.name === name) return upload;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', `The upload ${id.slice(0, 100)} does not exist. Start a new one.`);
  }

  /** Ends an upload whose bytes have a digest now. */
  forget(id: string): void {
    this.all.delete(id);
  }

  /** Ends an upload and removes its bytes. */
  async discard(id: string): Promise<void> {
    const upload = this.all.get(id);
    this.all.delete(id);
    await upload?.draft.discard();
  }

  async close(): Promise<void> {
    await Promise.all([...this.all.keys()].map((id) => this.discard(id)));
  }

  private async removeIdle(): Promise<void> {
    const before = Date.now() - MAX_IDLE_MS;
    const idle = [...this.all].filter(([, upload]) => !upload.busy && upload.usedAt < before);
    for (const [id] of idle) await this.discard(id);
  }
}
