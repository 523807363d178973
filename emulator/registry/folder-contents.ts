import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Contents, Draft } from './contents';
import { MAX_BLOB_BYTES } from './contents';
import { RegistryError } from './registry-error';

class FolderDraft implements Draft {
  size = 0;

  constructor(
    readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  async append(part: Buffer): Promise<void> {
    if (this.size + part.length > MAX_BLOB_BYTES) {
      throw new RegistryError('SIZE_INVALID', `A blob has at most ${MAX_BLOB_BYTES / 1024 ** 3} GiB.`, { status: 413 });
    }
    for (let written = 0; written < part.length;) {
      const { bytesWritten } = await this.handle.write(part, written, part.length - written, this.size + written);
      written += bytesWritten;
    }
    this.size += part.length;
  }

  async truncate(size: number): Promise<void> {
    await this.handle.truncate(size);
    this.size = size;
  }

  /** Writes everything to the disk, so that no crash can leave a name without its bytes. */
  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
  }

  async discard(): Promise<void> {
    await this.handle.close();
    await rm(this.file, { force: true });
  }
}

/** Contents in a folder: one file for each digest. A file gets its name after all of its bytes. */
export class FolderContents implements Contents {
  private constructor(private readonly folder: string) {}

  /** Opens a folder. Uploads that a stopped registry left there are removed. */
  static async open(folder: string): Promise<FolderContents> {
    await rm(path.join(folder, 'uploads'), { recursive: true, force: true });
    await mkdir(path.join(folder, 'uploads'), { recursive: true });
    return new FolderContents(folder);
  }

  async begin(): Promise<Draft> {
    const file = path.join(this.folder, 'uploads', randomUUID());
    return new FolderDraft(file, await open(file, 'wx'));
  }

  async keep(draft: Draft, digest: string): Promise<void> {
    if (!(draft instanceof FolderDraft)) throw new TypeError('the draft is of other contents');
    const file = this.fileOf(digest);
    await draft.finish();
    await mkdir(path.dirname(file), { recursive: true });
    await rename(draft.file, file);
  }

  async size(digest: string): Promise<number | undefined> {
    const found = await stat(this.fileOf(digest)).catch(() => undefined);
    return found?.isFile() === true ? found.size : undefined;
  }

  read(digest: string, start: number, end: number): Readable {
    return createReadStream(this.fileOf(digest), { start, end });
  }

  remove(digest: string): Promise<void> {
    return rm(this.fileOf(digest), { force: true });
  }

  /** File of a digest, whose form is checked before: it has no separators. */
  private fileOf(digest: string): string {
    const [algorithm = '', hex = ''] = digest.split(':');
    return path.join(this.folder, 'contents', algorithm, hex.slice(0, 2), hex);
  }
}
