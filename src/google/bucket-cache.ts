import type { StorageApi, StorageBucket } from './storage';

/** How long a record is used, in milliseconds: a bucket never moves, but another one of the same name can replace it. */
const MAX_AGE_MS = 60_000;

/**
 * A Cloud Storage client that caches bucket records, since thousands of exports can write to one bucket. Errors are not
 * cached, so that a fixed problem takes effect at once.
 *
 * @param now a monotonic time, in milliseconds
 */
export function withBucketCache(storage: StorageApi, now = (): number => performance.now()): StorageApi {
  const known = new Map<string, { readonly record: StorageBucket; readonly readAt: number }>();
  return {
    ...storage,
    async getBucket(bucket, signal) {
      const calledAt = now();
      // The map is in order of reading, so the first fresh record follows all outdated ones.
      for (const [name, { readAt }] of known) {
        if (calledAt - readAt < MAX_AGE_MS) break;
        known.delete(name);
      }
      const found = known.get(bucket);
      if (found) return found.record;
      const record = await storage.getBucket(bucket, signal);
      known.delete(bucket);
      known.set(bucket, { record, readAt: calledAt });
      return record;
    },
  };
}
