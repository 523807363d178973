import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isDigest } from './digest';
import type { ManifestRecord, Repository } from './repository';

/** Where repositories are recorded. */
export interface Records {
  load(): Promise<Map<string, Repository>>;
  putBlob(name: string, digest: string, size: number): Promise<void>;
  removeBlob(name: string, digest: string): Promise<void>;
  putManifest(name: string, digest: string, record: ManifestRecord): Promise<void>;
  removeManifest(name: string, digest: string): Promise<void>;
  putTag(name: string, tag: string, digest: string): Promise<void>;
  removeTag(name: string, tag: string): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Records nothing: the repositories are in memory only. */
export const NO_RECORDS: Records = {
  load: () => Promise.resolve(new Map()),
  putBlob: nothing,
  removeBlob: nothing,
  putManifest: nothing,
  removeManifest: nothing,
  putTag: nothing,
  removeTag: nothing,
};

const digest = z.string().refine(isDigest);
const name = z.string();
const recordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('blob'), name, digest, size: z.int().min(0) }),
  z.object({
    kind: z.literal('manifest'),
    name,
    digest,
    record: z.object({
      mediaType: z.string(),
      size: z.int().min(0),
      subject: z.string().optional(),
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.object({ kind: z.literal('tag'), name, tag: z.string(), digest }),
]);

type RecordFile = z.output<typeof recordSchema>;

/**
 * Records in a folder: a JSON file for each blob, manifest and tag of a repository. The files have hashes as names, since
 * tags differ by case only, and some file systems do not.
 */
export class FolderRecords implements Records {
  constructor(private readonly folder: string) {}

  async load(): Promise<Map<string, Repository>> {
    await mkdir(this.folder, { recursive: true });
    const repositories = new Map<string, Repository>();
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
      const file = path.join(entry.parentPath, entry.name);
      add(repositories, await parse(file));
    }
    return repositories;
  }

  putBlob(name: string, digest: string, size: number): Promise<void> {
    return this.put({ kind: 'blob', name, digest, size }, digest);
  }

  removeBlob(name: string, digest: string): Promise<void> {
    return this.remove('blob', name, digest);
  }

  putManifest(name: string, digest: string, record: ManifestRecord): Promise<void> {
    return this.put({ kind: 'manifest', name, digest, record }, digest);
  }

  removeManifest(name: string, digest: string): Promise<void> {
    return this.remove('manifest', name, digest);
  }

  putTag(name: string, tag: string, digest: string): Promise<void> {
    return this.put({ kind: 'tag', name, tag, digest }, tag);
  }

  removeTag(name: string, tag: string): Promise<void> {
    return this.remove('tag', name, tag);
  }

  /** Writes beside the final name first, so that no reader and no crash meets half of a file. */
  private async put(record: RecordFile, key: string): Promise<void> {
    const file = this.fileOf(record.kind, record.name, key);
    await mkdir(path.dirname(file), { recursive: true });
    const draft = `${file}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(record));
    await rename(draft, file);
  }

  private remove(kind: RecordFile['kind'], name: string, key: string): Promise<void> {
    return rm(this.fileOf(kind, name, key), { force: true });
  }

  private fileOf(kind: RecordFile['kind'], name: string, key: string): string {
    return path.join(this.folder, hashOf(name), kind, `${hashOf(key)}.json`);
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function parse(file: string): Promise<RecordFile> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new Error(`${file} is not a record of the registry. Remove it, or use another data folder.`, {
      cause: error,
    });
  }
}

function add(repositories: Map<string, Repository>, record: RecordFile): void {
  const repository = repositories.get(record.name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
  repositories.set(record.name, repository);
  if (record.kind === 'blob') repository.blobs.set(record.digest, record.size);
  else if (record.kind === 'manifest') repository.manifests.set(record.digest, record.record);
  else repository.tags.set(record.tag, record.digest);
}
