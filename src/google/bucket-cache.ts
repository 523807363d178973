import type { StorageApi, StorageBucket } from './storage';

/** A bucket never moves, but one of the same name can take its place: so long its record is believed, in milliseconds. */
const BELIEVED_MS = 60_000;

/**
 * Cloud Storage that knows a bucket which it has just read: thousands of exports go to one. Errors are never kept, so
 * that what was mended is seen at once.
 */
export function withKnownBuckets(storage: StorageApi, monotonicNow: () => number): StorageApi {
  const known = new Map<string, { readonly record: StorageBucket; readonly readAt: number }>();
  return {
    ...storage,
    async getBucket(bucket, signal) {
      const now = monotonicNow();
      // In order of their reading: the first that is still believed ends the old ones.
      for (const [name, { readAt }] of known) {
        if (now - readAt < BELIEVED_MS) break;
        known.delete(name);
      }
      const found = known.get(bucket);
      if (found) return found.record;
      const record = await storage.getBucket(bucket, signal);
      known.delete(bucket);
      known.set(bucket, { record, readAt: now });
      return record;
    },
  };
}
