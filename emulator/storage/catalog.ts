import type { BucketRecord } from './bucket-record';
import { Bucket } from './bucket';
import type { Contents } from './contents';
import type { Records } from './records';
import { noBucket, StorageError } from './storage-error';

/** All buckets of a store. */
export class Catalog {
  private readonly buckets = new Map<string, Bucket>();
  private lastGeneration = 0;

  constructor(
    private readonly records: Records,
    readonly contents: Contents,
  ) {}

  /** Reads what an earlier process has left. */
  async load(): Promise<void> {
    for await (const { bucket: record, objects } of this.records.load()) {
      const bucket = this.bucketOf(record);
      for await (const object of objects) {
        bucket.restore(object);
        this.lastGeneration = Math.max(this.lastGeneration, object.generation);
      }
      await bucket.finishReplacements();
      this.buckets.set(record.name, bucket);
    }
  }

  /** @throws StorageError 404 */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket === undefined) throw noBucket();
    return bucket;
  }

  /** All buckets in the order of their names. */
  all(): Bucket[] {
    return [...this.buckets.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @throws StorageError 409 if the bucket exists */
  async create(record: BucketRecord): Promise<Bucket> {
    const existing = this.buckets.get(record.name);
    if (existing?.record.project === record.project) {
      const message = 'Your previous request to create the named bucket succeeded and you already own it.';
      throw new StorageError(409, 'conflict', message);
    }
    if (existing) {
      const message = 'The requested bucket name is not available. Please select a different name and try again.';
      throw new StorageError(409, 'conflict', message);
    }
    const bucket = this.bucketOf(record);
    this.buckets.set(record.name, bucket);
    try {
      await bucket.exclusive(() => bucket.save(record));
    } catch (error) {
      this.buckets.delete(record.name);
      throw error;
    }
    return bucket;
  }

  /** Deletes an empty bucket. To be called in `exclusive` of the bucket. */
  async remove(bucket: Bucket): Promise<void> {
    if (!bucket.names.isEmpty) throw new StorageError(409, 'conflict', 'The bucket you tried to delete is not empty.');
    await bucket.close();
    this.buckets.delete(bucket.name);
  }

  private bucketOf(record: BucketRecord): Bucket {
    return new Bucket(record, this.records, this.contents, () => this.nextGeneration());
  }

  /** Generations are microseconds; each is larger than all before. */
  private nextGeneration(): number {
    this.lastGeneration = Math.max(this.lastGeneration + 1, Date.now() * 1_000);
    return this.lastGeneration;
  }
}
