import { z } from 'zod';
import type { Bucket } from './bucket';
import type { BucketRecord, BucketSettings } from './bucket-record';
import { bucketSettingsSchema } from './bucket-record';
import { bucketEtag, bucketResource } from './bucket-resource';
import type { Catalog } from './catalog';
import type { JsonObject, PathNames, StorageAnswer, StorageCall } from './call';
import { checked, isTrue, jsonBody, mergePatch, without, withoutNull } from './call';
import { initialPolicy } from './iam';
import { pageSizeOf, pageTokenOf, tokenOf } from './pages';
import { checkConditions, conditionsOf, generationOf } from './preconditions';
import { conditionNotMet, invalid, notModified, required, StorageError } from './storage-error';

const identitySchema = z.object({
  name: z.string(),
  location: z
    .string()
    .min(1)
    .default('US')
    .transform((location) => location.toUpperCase()),
  customPlacementConfig: z.object({ dataLocations: z.array(z.string()) }).optional(),
});

/** `buckets.insert` */
export async function createBucket(catalog: Catalog, call: StorageCall): Promise<StorageAnswer> {
  const project = call.query.get('project') ?? '';
  if (project === '') throw required('project');
  const body = await jsonBody(call);
  if (body['name'] === undefined) throw required('name');
  const identity = checked(identitySchema, withoutNull(body));
  checkBucketName(identity.name);
  const settings = checked(bucketSettingsSchema, withoutNull(body));
  const now = new Date().toISOString();
  const record: BucketRecord = {
    ...identity,
    project,
    metageneration: 1,
    timeCreated: now,
    updated: now,
    settings,
    ...derivedTimes(settings, undefined, now),
    objectRetention: isTrue(call.query, 'enableObjectRetention'),
    policy: initialPolicy(project),
    policyChanges: 1,
  };
  return bucketAnswer(call, await catalog.create(record));
}

/** `buckets.get` */
export function getBucket(catalog: Catalog, call: StorageCall, names: PathNames): StorageAnswer {
  const bucket = catalog.bucket(names.bucket);
  const { metagenerationMatch, metagenerationNotMatch } = conditionsOf(call.query);
  const { metageneration } = bucket.record;
  if (metagenerationMatch !== undefined && metagenerationMatch !== metageneration) throw conditionNotMet();
  if (metagenerationNotMatch === metageneration) throw notModified(bucketEtag(bucket.record));
  return bucketAnswer(call, bucket);
}

/** `buckets.list` */
export function listBuckets(catalog: Catalog, call: StorageCall): StorageAnswer {
  const project = call.query.get('project') ?? '';
  if (project === '') throw required('project');
  const prefix = call.query.get('prefix') ?? '';
  const after = tokenOf(call.query)?.name ?? '';
  const found = catalog
    .all()
    .filter(({ name, record }) => record.project === project && name.startsWith(prefix) && name > after);
  const page = found.slice(0, pageSizeOf(call.query));
  const last = page.at(-1);
  return {
    status: 200,
    json: {
      kind: 'storage#buckets',
      ...(page.length < found.length && last && { nextPageToken: pageTokenOf({ name: last.name }) }),
      ...(page.length > 0 && { items: page.map(({ record }) => bucketResource(call.origin, record)) }),
    },
  };
}

/** `buckets.patch`: changes the named fields. */
export function patchBucket(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  return change(catalog, call, names, (settings, body) => mergePatch(settings, body));
}

/** `buckets.update`: replaces all fields that a client can change. */
export function updateBucket(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  return change(catalog, call, names, (_, body) => withoutNull(body));
}

/** `buckets.delete` */
export async function deleteBucket(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const conditions = conditionsOf(call.query);
  await bucket.exclusive(async () => {
    checkConditions(conditions, { generation: 0, ...bucket.record });
    await catalog.remove(bucket);
  });
  return { status: 204 };
}

/** `buckets.lockRetentionPolicy`: makes the policy permanent. */
export async function lockRetention(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  if (generationOf(call.query, 'ifMetagenerationMatch') === undefined) throw required('ifMetagenerationMatch');
  const conditions = conditionsOf(call.query);
  await bucket.exclusive(async () => {
    const { record } = bucket;
    checkConditions(conditions, { generation: 0, ...record });
    const { retentionPolicy } = record.settings;
    if (retentionPolicy === undefined) throw invalid('Bucket has no retention policy to lock.');
    const settings = { ...record.settings, retentionPolicy: { ...retentionPolicy, isLocked: true } };
    await bucket.save({ ...record, ...changedNow(record), settings });
  });
  return bucketAnswer(call, bucket);
}

function bucketAnswer(call: StorageCall, { record }: Bucket): StorageAnswer {
  return { status: 200, headers: { etag: bucketEtag(record) }, json: bucketResource(call.origin, record) };
}

async function change(
  catalog: Catalog,
  call: StorageCall,
  names: PathNames,
  merge: (settings: BucketSettings, body: JsonObject) => unknown,
): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const conditions = conditionsOf(call.query);
  const body = await jsonBody(call);
  await bucket.exclusive(async () => {
    const { record } = bucket;
    checkConditions(conditions, { generation: 0, ...record });
    const settings = checked(bucketSettingsSchema, merge(record.settings, body));
    const after = withLockedRetention(record, settings);
    const rest = without(record, 'retentionSince', 'uniformAccessLockedTime');
    const times = changedNow(record);
    await bucket.save({ ...rest, ...times, settings: after, ...derivedTimes(after, record, times.updated) });
  });
  return bucketAnswer(call, bucket);
}

function changedNow({ metageneration }: BucketRecord) {
  return { metageneration: metageneration + 1, updated: new Date().toISOString() };
}

/** A locked retention policy can only be extended. Clients cannot change whether it is locked. */
function withLockedRetention(before: BucketRecord, { retentionPolicy, ...settings }: BucketSettings): BucketSettings {
  const old = before.settings.retentionPolicy;
  if (old?.isLocked === true && Number(retentionPolicy?.retentionPeriod ?? 0) < Number(old.retentionPeriod)) {
    const message = `Cannot reduce retention duration of a locked Retention Policy for bucket '${before.name}'.`;
    throw new StorageError(403, 'retentionPolicyNotMet', message);
  }
  if (retentionPolicy === undefined) return settings;
  const { retentionPeriod } = retentionPolicy;
  return { ...settings, retentionPolicy: { retentionPeriod, ...(old?.isLocked === true && { isLocked: true }) } };
}

const UNIFORM_ACCESS_LOCK_MS = 90 * 24 * 60 * 60 * 1_000;

/** Times that begin when a setting begins to apply. */
function derivedTimes(
  settings: BucketSettings,
  before: BucketRecord | undefined,
  now: string,
): Pick<BucketRecord, 'retentionSince' | 'uniformAccessLockedTime'> {
  const period = settings.retentionPolicy?.retentionPeriod;
  const isSamePeriod = period === before?.settings.retentionPolicy?.retentionPeriod;
  const isUniform = settings.iamConfiguration?.uniformBucketLevelAccess?.enabled === true;
  const lockedTime = new Date(Date.parse(now) + UNIFORM_ACCESS_LOCK_MS).toISOString();
  return {
    ...(period !== undefined && { retentionSince: (isSamePeriod ? before?.retentionSince : undefined) ?? now }),
    ...(isUniform && { uniformAccessLockedTime: before?.uniformAccessLockedTime ?? lockedTime }),
  };
}

/** Source: https://cloud.google.com/storage/docs/buckets#naming */
function checkBucketName(name: string): void {
  const isValid =
    /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name) &&
    name.split('.').every((part) => part.length >= 1 && part.length <= 63) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !name.startsWith('goog') &&
    !name.includes('google');
  if (!isValid) throw invalid(`Invalid bucket name: '${name.slice(0, 250)}'`);
}
