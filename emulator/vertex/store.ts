import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** A file of an export: its path in the directory and its bytes. */
export interface ModelFile {
  readonly path: string;
  readonly content: Buffer;
}

const folders = new Map<string, Promise<ModelFile[]>>();

/** All files below a folder, sorted by path. Each folder is read once. */
export function readFolder(folder: string): Promise<ModelFile[]> {
  const known = folders.get(folder);
  if (known) return known;
  const reading = readFiles(folder);
  folders.set(folder, reading);
  return reading;
}

async function readFiles(folder: string): Promise<ModelFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    files.map(async (file) => ({
      path: path.relative(folder, file).split(path.sep).join('/'),
      content: await readFile(file),
    })),
  );
}

const objectPageSchema = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});

/** The object store that exports are written to, by Cloud Storage's JSON API. */
export class ArtifactStore {
  constructor(private readonly url: string | undefined) {}

  /** Location of a bucket in lower case; undefined if the bucket does not exist. */
  async bucketLocation(bucket: string): Promise<string | undefined> {
    const response = await fetch(`${this.base()}/storage/v1/b/${encodeURIComponent(bucket)}`);
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) return undefined;
    return typeof body === 'object' && body !== null && 'location' in body ? String(body.location).toLowerCase() : '';
  }

  /** All objects below a directory `gs://bucket/path`, sorted by path. */
  async read(directory: string): Promise<ModelFile[]> {
    const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]+)\/(.*?)\/?$/s.exec(`${directory.replace(/\/+$/, '')}/`) ?? [];
    const below = prefix === '' ? '' : `${prefix}/`;
    const objects = `${this.base()}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
    const names: string[] = [];
    let pageToken = '';
    do {
      const query = new URLSearchParams({ prefix: below, ...(pageToken && { pageToken }) });
      const response = await fetch(`${objects}?${query.toString()}`);
      const page = objectPageSchema.parse(await response.json());
      names.push(...page.items.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return Promise.all(
      names.sort().map(async (name) => {
        const response = await fetch(`${objects}/${encodeURIComponent(name)}?alt=media`);
        if (!response.ok) throw new Error(`gs://${bucket}/${name}: HTTP ${response.status}`);
        return { path: name.slice(below.length), content: Buffer.from(await response.arrayBuffer()) };
      }),
    );
  }

  async write(bucket: string, name: string, content: Buffer): Promise<void> {
    const query = new URLSearchParams({ uploadType: 'media', name });
    const response = await fetch(
      `${this.base()}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query.toString()}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(content),
      },
    );
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`gs://${bucket}/${name}: HTTP ${response.status}`);
  }

  private base(): string {
    if (this.url === undefined) throw new Error('There is no object store: set storageUrl or STORAGE_EMULATOR_HOST');
    return this.url;
  }
}

/** Digest of bytes: `sha256:…`. */
export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
