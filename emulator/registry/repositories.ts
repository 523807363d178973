import type { Contents, Draft } from './contents';
import type { Records } from './records';
import type { ManifestRecord, Repository } from './repository';

/** All repositories. They share their contents: equal bytes are stored once, and removed with the last reference. */
export class Repositories {
  private readonly references = new Map<string, number>();
  private changes: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly all: Map<string, Repository>,
    private readonly records: Records,
    private readonly contents: Contents,
  ) {
    for (const { blobs, manifests } of all.values()) {
      for (const digest of [...blobs.keys(), ...manifests.keys()]) this.count(digest, 1);
    }
  }

  /** Opens the recorded repositories, without those blobs and manifests whose content is missing. */
  static async open(records: Records, contents: Contents): Promise<Repositories> {
    const all = await records.load();
    for (const { blobs, manifests, tags } of all.values()) {
      for (const digests of [blobs, manifests]) {
        for (const digest of digests.keys()) {
          if ((await contents.size(digest)) === undefined) digests.delete(digest);
        }
      }
      for (const [tag, digest] of tags) if (!manifests.has(digest)) tags.delete(tag);
    }
    return new Repositories(all, records, contents);
  }

  /** Names in alphabetical order. */
  names(): string[] {
    return [...this.all.keys()].sort();
  }

  get(name: string): Repository | undefined {
    return this.all.get(name);
  }

  /** Adds a blob from a draft. */
  addBlob(name: string, draft: Draft, digest: string): Promise<void> {
    return this.change(async () => {
      const { size } = draft;
      await this.contents.keep(draft, digest);
      await this.linkBlob(name, digest, size);
    });
  }

  /** Adds a blob of another repository. Returns whether that repository has it. */
  mountBlob(name: string, from: string, digest: string): Promise<boolean> {
    return this.change(async () => {
      const size = this.all.get(from)?.blobs.get(digest);
      if (size === undefined) return false;
      await this.linkBlob(name, digest, size);
      return true;
    });
  }

  /** Removes a blob. Returns whether it existed. */
  removeBlob(name: string, digest: string): Promise<boolean> {
    return this.change(async () => {
      if (this.all.get(name)?.blobs.delete(digest) !== true) return false;
      await this.records.removeBlob(name, digest);
      await this.unlink(name, digest);
      return true;
    });
  }

  /** Adds a manifest and its tags. */
  addManifest(
    name: string,
    digest: string,
    content: Buffer,
    record: ManifestRecord,
    tags: readonly string[],
  ): Promise<void> {
    return this.change(async () => {
      const isNew = this.all.get(name)?.manifests.has(digest) !== true;
      if (isNew) {
        const draft = await this.contents.begin();
        await draft.append(content);
        await this.contents.keep(draft, digest);
        this.count(digest, 1);
      }
      await this.records.putManifest(name, digest, record);
      const { manifests, tags: known } = this.created(name);
      manifests.set(digest, record);
      for (const tag of tags) {
        await this.records.putTag(name, tag, digest);
        known.set(tag, digest);
      }
    });
  }

  /** Removes a manifest and its tags. Returns whether it existed. */
  removeManifest(name: string, digest: string): Promise<boolean> {
    return this.change(async () => {
      const repository = this.all.get(name);
      if (repository?.manifests.has(digest) !== true) return false;
      for (const [tag, tagged] of repository.tags) {
        if (tagged !== digest) continue;
        await this.records.removeTag(name, tag);
        repository.tags.delete(tag);
      }
      await this.records.removeManifest(name, digest);
      repository.manifests.delete(digest);
      await this.unlink(name, digest);
      return true;
    });
  }

  /** Removes a tag. Its manifest stays. Returns whether it existed. */
  removeTag(name: string, tag: string): Promise<boolean> {
    return this.change(async () => {
      if (this.all.get(name)?.tags.has(tag) !== true) return false;
      await this.records.removeTag(name, tag);
      this.all.get(name)?.tags.delete(tag);
      return true;
    });
  }

  /** Waits until all changes are recorded. */
  async close(): Promise<void> {
    await this.changes;
  }

  private async linkBlob(name: string, digest: string, size: number): Promise<void> {
    if (this.all.get(name)?.blobs.has(digest) === true) return;
    await this.records.putBlob(name, digest, size);
    this.created(name).blobs.set(digest, size);
    this.count(digest, 1);
  }

  private created(name: string): Repository {
    const known = this.all.get(name);
    if (known !== undefined) return known;
    const repository: Repository = { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.all.set(name, repository);
    return repository;
  }

  private async unlink(name: string, digest: string): Promise<void> {
    const repository = this.all.get(name);
    if (repository?.blobs.size === 0 && repository.manifests.size === 0) this.all.delete(name);
    if (this.count(digest, -1) > 0) return;
    this.references.delete(digest);
    await this.contents.remove(digest);
  }

  private count(digest: string, change: 1 | -1): number {
    const count = (this.references.get(digest) ?? 0) + change;
    this.references.set(digest, count);
    return count;
  }

  /** Makes one change at a time: content must not disappear between its arrival and its first reference. */
  private change<T>(make: () => Promise<T>): Promise<T> {
    const made = this.changes.then(make);
    this.changes = made.catch(() => undefined);
    return made;
  }
}
