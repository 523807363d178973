import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Checksums } from './checksums';
import type { Contents, ContentWriter, ReceivedContent } from './contents';

/** Name of the file of a version's content. */
export const CONTENT_SUFFIX = '.content';

/** Contents in files below a folder. Keys are relative paths that the store computes, never names of objects. */
export class FolderContents implements Contents {
  /** @param unfinished folder for content that does not belong to an object yet, on the same file system */
  constructor(
    private readonly folder: string,
    private readonly unfinished: string,
  ) {}

  writer(): ContentWriter {
    return new FileWriter(path.join(this.unfinished, randomUUID()), (key) => this.fileOf(key));
  }

  async open(key: string, start: number, end: number): Promise<Readable> {
    // The open file can be read to its end even if the object is deleted meanwhile.
    const file = await open(this.fileOf(key));
    if (start < end) return file.createReadStream({ start, end: end - 1 });
    await file.close();
    return Readable.from([]);
  }

  async copy(from: string, to: string): Promise<void> {
    const target = this.fileOf(to);
    await mkdir(path.dirname(target), { recursive: true });
    try {
      // Content never changes, so that two versions can share one file.
      await link(this.fileOf(from), target);
    } catch {
      await copyFile(this.fileOf(from), target);
    }
  }

  remove(key: string): Promise<void> {
    return rm(this.fileOf(key), { force: true });
  }

  private fileOf(key: string): string {
    return path.join(this.folder, `${key}${CONTENT_SUFFIX}`);
  }
}

class FileWriter implements ContentWriter {
  size = 0;
  private handle: FileHandle | undefined;
  private readonly checksums = new Checksums();

  constructor(
    private readonly file: string,
    private readonly fileOf: (key: string) => string,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    this.handle ??= await open(this.file, 'a');
    await this.handle.appendFile(chunk);
    this.checksums.add(chunk);
    this.size += chunk.length;
  }

  async pause(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  async finish(): Promise<ReceivedContent> {
    // Empty content needs a file, too.
    this.handle ??= await open(this.file, 'a');
    await this.pause();
    return {
      size: this.size,
      ...this.checksums.digest(),
      keep: async (key) => {
        const target = this.fileOf(key);
        await mkdir(path.dirname(target), { recursive: true });
        await rename(this.file, target);
      },
      discard: () => this.discard(),
    };
  }

  async discard(): Promise<void> {
    await this.pause();
    await rm(this.file, { force: true });
  }
}
