import type { BucketRecord } from './bucket-record';
import type { Contents, ReceivedContent } from './contents';
import type { ObjectRecord } from './object-record';
import type { Records } from './records';
import { contentKey } from './records';
import { checkDeletable } from './retention';
import { SortedNames } from './sorted-names';
import { noBucket, noObject } from './storage-error';

/** A new version of an object before it has a generation. */
export type NewVersion = Omit<
  ObjectRecord,
  'generation' | 'metageneration' | 'timeCreated' | 'updated' | 'timeStorageClassUpdated' | 'timeDeleted'
>;

/** A bucket with its objects. Changes happen one after the other. */
export class Bucket {
  /** Names of all objects that have a version, live or noncurrent. */
  readonly names = new SortedNames();
  /** All versions of each object, oldest first. The live one has no `timeDeleted`. */
  private readonly versions = new Map<string, ObjectRecord[]>();
  private changes: Promise<unknown> = Promise.resolve();
  private isDeleted = false;

  constructor(
    public record: BucketRecord,
    private readonly records: Records,
    private readonly contents: Contents,
    private readonly nextGeneration: () => number,
  ) {}

  get name(): string {
    return this.record.name;
  }

  versionsOf(name: string): readonly ObjectRecord[] {
    return this.versions.get(name) ?? [];
  }

  live(name: string): ObjectRecord | undefined {
    const newest = this.versions.get(name)?.at(-1);
    return newest?.timeDeleted === undefined ? newest : undefined;
  }

  /** A version of an object, by default the live one. */
  find(name: string, generation?: number): ObjectRecord | undefined {
    if (generation === undefined) return this.live(name);
    return this.versionsOf(name).find((version) => version.generation === generation);
  }

  /**
   * A version of an object, by default the live one.
   *
   * @throws StorageError 404
   */
  get(name: string, generation?: number): ObjectRecord {
    const found = this.find(name, generation);
    if (found === undefined) throw noObject(this.name, name);
    return found;
  }

  /** Runs a change after all earlier ones have ended, so that what it checks is still true when it writes. */
  exclusive<T>(change: () => Promise<T>): Promise<T> {
    const run = this.changes.then(() => {
      if (this.isDeleted) throw noBucket();
      return change();
    });
    this.changes = run.catch(() => undefined);
    return run;
  }

  /** Adds a version that was loaded. */
  restore(object: ObjectRecord): void {
    const versions = this.versions.get(object.name) ?? [];
    versions.push(object);
    versions.sort((one, other) => one.generation - other.generation);
    this.versions.set(object.name, versions);
    this.names.add(object.name);
  }

  /** Finishes replacements that were interrupted: only the newest version is live. */
  async finishReplacements(): Promise<void> {
    for (const versions of this.versions.values()) {
      for (const older of versions.slice(0, -1).filter(({ timeDeleted }) => timeDeleted === undefined)) {
        await this.retire(older);
      }
    }
  }

  /** Makes content the live version of an object. To be called in `exclusive`. */
  async put(object: NewVersion, content: Pick<ReceivedContent, 'keep'>): Promise<ObjectRecord> {
    const replaced = this.live(object.name);
    if (replaced) checkDeletable(this.record, replaced, this.isVersioned ? 'noncurrent' : 'deleted');
    const now = new Date().toISOString();
    const times = { timeCreated: now, updated: now, timeStorageClassUpdated: now };
    const created = { ...object, generation: this.nextGeneration(), metageneration: 1, ...times };
    await content.keep(contentKey(this.name, created));
    await this.records.saveObject(this.name, created);
    this.restore(created);
    if (replaced) await this.retire(replaced);
    return created;
  }

  /** Replaces the record of a version. To be called in `exclusive`. */
  async replace(object: ObjectRecord): Promise<ObjectRecord> {
    await this.records.saveObject(this.name, object);
    const versions = this.versions.get(object.name) ?? [];
    this.versions.set(
      object.name,
      versions.map((version) => (version.generation === object.generation ? object : version)),
    );
    return object;
  }

  /**
   * Deletes a version permanently, or makes the live one noncurrent if the bucket keeps versions and no generation was
   * named. To be called in `exclusive`.
   */
  async delete(object: ObjectRecord, isNamed: boolean): Promise<void> {
    const isArchived = this.isVersioned && !isNamed;
    checkDeletable(this.record, object, isArchived ? 'noncurrent' : 'deleted');
    if (isArchived) await this.retire(object);
    else await this.erase(object);
  }

  /** Replaces the bucket's own record. To be called in `exclusive`. */
  async save(record: BucketRecord): Promise<void> {
    await this.records.saveBucket(record);
    this.record = record;
  }

  /** Deletes the bucket. To be called in `exclusive`. */
  async close(): Promise<void> {
    await this.records.removeBucket(this.name);
    this.isDeleted = true;
  }

  private get isVersioned(): boolean {
    return this.record.settings.versioning?.enabled === true;
  }

  private async retire(object: ObjectRecord): Promise<void> {
    if (this.isVersioned) await this.replace({ ...object, timeDeleted: new Date().toISOString() });
    else await this.erase(object);
  }

  private async erase(object: ObjectRecord): Promise<void> {
    await this.records.removeObject(this.name, object);
    await this.contents.remove(contentKey(this.name, object));
    const rest = this.versionsOf(object.name).filter(({ generation }) => generation !== object.generation);
    if (rest.length > 0) {
      this.versions.set(object.name, rest);
      return;
    }
    this.versions.delete(object.name);
    this.names.delete(object.name);
  }
}
