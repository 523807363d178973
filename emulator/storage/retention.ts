import type { BucketRecord } from './bucket-record';
import type { ObjectRecord } from './object-record';
import { StorageError } from './storage-error';

/** When the bucket's retention policy no longer protects an object, in milliseconds; undefined if none does. */
export function policyExpiration({ settings }: BucketRecord, object: ObjectRecord): number | undefined {
  const { retentionPolicy } = settings;
  // While there is an event-based hold, the retention period has not begun.
  if (retentionPolicy === undefined || object.eventBasedHold === true) return undefined;
  const start = Date.parse(object.holdReleased ?? object.timeCreated);
  return start + Number(retentionPolicy.retentionPeriod) * 1_000;
}

/**
 * Checks that a version may be deleted or replaced now.
 *
 * Source: https://cloud.google.com/storage/docs/object-holds, https://cloud.google.com/storage/docs/bucket-lock
 *
 * @param becomes `noncurrent` if a live version is only archived, which a retention period permits
 * @throws StorageError 403
 */
export function checkDeletable(bucket: BucketRecord, object: ObjectRecord, becomes: 'deleted' | 'noncurrent'): void {
  const what = `Object '${bucket.name}/${object.name}'`;
  for (const [isHeld, kind] of [
    [object.eventBasedHold, 'Event-Based'],
    [object.temporaryHold, 'Temporary'],
  ] as const) {
    if (isHeld !== true) continue;
    const message = `${what} is under active ${kind} hold and cannot be deleted, overwritten or archived until hold is removed.`;
    throw new StorageError(403, 'objectUnderActiveHold', message);
  }
  if (becomes === 'noncurrent') return;
  const ofObject = object.retention && Date.parse(object.retention.retainUntilTime);
  const until = Math.max(policyExpiration(bucket, object) ?? 0, ofObject ?? 0);
  if (until <= Date.now()) return;
  const message = `${what} is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until ${new Date(until).toISOString()}`;
  throw new StorageError(403, 'retentionPolicyNotMet', message);
}
