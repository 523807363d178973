import type { Bucket } from './bucket';
import type { Catalog } from './catalog';
import type { JsonObject, PathNames, StorageAnswer, StorageCall } from './call';
import { checked, jsonBody, mergePatch, withoutNull } from './call';
import type { ObjectRecord, ObjectSettings } from './object-record';
import { objectRecordSchema, objectSettingsSchema } from './object-record';
import { objectEtag, objectResource } from './object-resource';
import { checkConditions, checkReadConditions, conditionsOf, generationOf } from './preconditions';
import { invalid, StorageError } from './storage-error';

/** An answer with an object's resource. */
export function objectAnswer(call: StorageCall, bucket: Bucket, object: ObjectRecord): StorageAnswer {
  return {
    status: 200,
    headers: { etag: objectEtag(object) },
    json: objectResource(call.origin, bucket.record, object),
  };
}

/** `objects.get` without content. */
export function getObject(catalog: Catalog, call: StorageCall, names: PathNames): StorageAnswer {
  const bucket = catalog.bucket(names.bucket);
  const object = bucket.get(names.object, generationOf(call.query));
  checkReadConditions(call, object);
  return objectAnswer(call, bucket, object);
}

/** `objects.patch`: changes the named fields. */
export function patchObject(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  return change(catalog, call, names, (settings, body) => mergePatch(settings, body));
}

/** `objects.update`: replaces all fields that a client can change. */
export function updateObject(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  return change(catalog, call, names, (_, body) => withoutNull(body));
}

/** `objects.delete` */
export async function deleteObject(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const generation = generationOf(call.query);
  const conditions = conditionsOf(call.query);
  await bucket.exclusive(async () => {
    const object = bucket.get(names.object, generation);
    checkConditions(conditions, object);
    await bucket.delete(object, generation !== undefined);
  });
  return { status: 204 };
}

/**
 * Settings of a new object.
 *
 * @throws StorageError if the bucket does not permit them
 */
export function newSettings(bucket: Bucket, settings: ObjectSettings): ObjectSettings {
  const { record } = bucket;
  if (settings.retention && !record.objectRetention) throw noObjectRetention();
  const eventBasedHold = settings.eventBasedHold ?? (record.settings.defaultEventBasedHold === true || undefined);
  return { ...settings, ...(eventBasedHold !== undefined && { eventBasedHold }) };
}

async function change(
  catalog: Catalog,
  call: StorageCall,
  names: PathNames,
  merge: (settings: ObjectSettings, body: JsonObject) => unknown,
): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const generation = generationOf(call.query);
  const conditions = conditionsOf(call.query);
  const body = await jsonBody(call);
  const changed = await bucket.exclusive(async () => {
    const object = bucket.get(names.object, generation);
    checkConditions(conditions, object);
    const before = objectSettingsSchema.parse(object);
    const after = checked(objectSettingsSchema, merge(before, body));
    checkRetention(bucket, call, before, after);
    return bucket.replace(changedRecord(object, before, after));
  });
  return objectAnswer(call, bucket, changed);
}

function changedRecord(object: ObjectRecord, before: ObjectSettings, after: ObjectSettings): ObjectRecord {
  const fixed = Object.fromEntries(Object.entries(object).filter(([name]) => !(name in before)));
  const updated = new Date().toISOString();
  const isReleased = before.eventBasedHold === true && after.eventBasedHold !== true;
  return objectRecordSchema.parse({
    ...fixed,
    ...after,
    metageneration: object.metageneration + 1,
    updated,
    ...(isReleased && { holdReleased: updated }),
  });
}

/** A retention can only be extended, unless it is unlocked and the request overrides it. */
function checkRetention(bucket: Bucket, call: StorageCall, before: ObjectSettings, after: ObjectSettings): void {
  if (after.retention && !bucket.record.objectRetention) throw noObjectRetention();
  if (before.retention === undefined) return;
  const until = Date.parse(before.retention.retainUntilTime);
  const isKept =
    after.retention !== undefined &&
    Date.parse(after.retention.retainUntilTime) >= until &&
    (before.retention.mode === 'Unlocked' || after.retention.mode === 'Locked');
  if (isKept) return;
  const isOverridden = call.query.get('overrideUnlockedRetention') === 'true';
  if (before.retention.mode === 'Unlocked' && isOverridden) return;
  const message = `Object '${bucket.name}' has a retention that can't be reduced or removed. Only an unlocked one can, with overrideUnlockedRetention=true.`;
  throw new StorageError(403, 'retentionPolicyNotMet', message);
}

function noObjectRetention(): StorageError {
  return invalid('Object retention is not enabled on this bucket. Create the bucket with enableObjectRetention=true.');
}
