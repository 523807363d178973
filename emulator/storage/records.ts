import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import type { BucketRecord } from './bucket-record';
import { bucketRecordSchema } from './bucket-record';
import { CONTENT_SUFFIX } from './folder-contents';
import type { ObjectRecord } from './object-record';
import { objectRecordSchema } from './object-record';

/** Where records of buckets and objects are kept across restarts. */
export interface Records {
  load(): AsyncIterable<{ readonly bucket: BucketRecord; readonly objects: AsyncIterable<ObjectRecord> }>;
  saveBucket(bucket: BucketRecord): Promise<void>;
  removeBucket(bucket: string): Promise<void>;
  saveObject(bucket: string, object: ObjectRecord): Promise<void>;
  removeObject(bucket: string, object: ObjectRecord): Promise<void>;
}

/** Key of the content of a version. The hash keeps names of objects out of paths. */
export function contentKey(bucket: string, { name, generation }: Pick<ObjectRecord, 'name' | 'generation'>): string {
  const hash = createHash('sha256').update(name).digest('hex');
  return `${bucket}/objects/${hash.slice(0, 2)}/${hash}.${generation}`;
}

const RECORD_SUFFIX = '.json';
const BUCKET_FILE = 'bucket.json';

/** Records as JSON files beside the contents. Each file is replaced as a whole. */
export class FolderRecords implements Records {
  constructor(
    private readonly folder: string,
    private readonly unfinished: string,
  ) {}

  /** Reads everything, and deletes what an interrupted write has left. */
  async *load(): ReturnType<Records['load']> {
    await rm(this.unfinished, { recursive: true, force: true });
    await mkdir(this.unfinished, { recursive: true });
    await mkdir(this.folder, { recursive: true });
    for (const name of await readdir(this.folder)) {
      const bucket = await readRecord(path.join(this.folder, name, BUCKET_FILE), bucketRecordSchema);
      if (bucket === undefined) await rm(path.join(this.folder, name), { recursive: true, force: true });
      else yield { bucket, objects: this.objectsOf(name) };
    }
  }

  async saveBucket(bucket: BucketRecord): Promise<void> {
    await this.write(path.join(this.folder, bucket.name, BUCKET_FILE), bucket);
  }

  async removeBucket(bucket: string): Promise<void> {
    // Without this file, the rest of the folder is deleted at the next start at the latest.
    await rm(path.join(this.folder, bucket, BUCKET_FILE), { force: true });
    await rm(path.join(this.folder, bucket), { recursive: true, force: true });
  }

  async saveObject(bucket: string, object: ObjectRecord): Promise<void> {
    await this.write(this.fileOf(bucket, object), object);
  }

  async removeObject(bucket: string, object: ObjectRecord): Promise<void> {
    await rm(this.fileOf(bucket, object), { force: true });
  }

  private fileOf(bucket: string, object: ObjectRecord): string {
    return path.join(this.folder, `${contentKey(bucket, object)}${RECORD_SUFFIX}`);
  }

  private async *objectsOf(bucket: string): AsyncIterable<ObjectRecord> {
    const parent = path.join(this.folder, bucket, 'objects');
    for (const part of await readdir(parent).catch(() => [])) {
      const files = await readdir(path.join(parent, part));
      const contents = new Set(files.filter((file) => file.endsWith(CONTENT_SUFFIX)));
      const records = files
        .filter((name) => name.endsWith(RECORD_SUFFIX))
        .map(async (file) => ({ file, record: await readRecord(path.join(parent, part, file), objectRecordSchema) }));
      for (const { file, record } of await Promise.all(records)) {
        const content = `${file.slice(0, -RECORD_SUFFIX.length)}${CONTENT_SUFFIX}`;
        if (record && contents.delete(content)) yield record;
        else await rm(path.join(parent, part, file));
      }
      // What is left has no record.
      for (const file of contents) await rm(path.join(parent, part, file));
    }
  }

  private async write(file: string, record: unknown): Promise<void> {
    const complete = path.join(this.unfinished, randomUUID());
    await writeFile(complete, `${JSON.stringify(record, undefined, 2)}\n`);
    await mkdir(path.dirname(file), { recursive: true });
    await rename(complete, file);
  }
}

/** The record of a file; undefined if the file does not exist. */
async function readRecord<T extends z.ZodType>(file: string, schema: T): Promise<z.output<T> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} is not a record of the object store. Delete the file, or use another folder.`, {
      cause: error,
    });
  }
}

/** Records of a store in memory, which ends with its process. */
export const NO_RECORDS: Records = {
  // eslint-disable-next-line @typescript-eslint/require-await
  async *load() {
    yield* [];
  },
  saveBucket: () => Promise.resolve(),
  removeBucket: () => Promise.resolve(),
  saveObject: () => Promise.resolve(),
  removeObject: () => Promise.resolve(),
};
