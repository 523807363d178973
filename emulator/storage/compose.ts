import { z } from 'zod';
import type { Bucket } from './bucket';
import type { Catalog } from './catalog';
import type { PathNames, StorageAnswer, StorageCall } from './call';
import { checked, jsonBody, withoutNull } from './call';
import { checkObjectName, placement } from './insert';
import type { ObjectRecord } from './object-record';
import { objectSettingsSchema, storageClassSchema } from './object-record';
import { newSettings, objectAnswer } from './objects';
import { checkConditions, conditionsOf } from './preconditions';
import { receive } from './receive';
import { contentKey } from './records';
import { conditionNotMet, invalid, required } from './storage-error';

const MAX_SOURCES = 32;

const generationSchema = z.union([z.int(), z.string().regex(/^\d{1,19}$/)]).transform(Number);

const requestSchema = z.object({
  sourceObjects: z
    .array(
      z.object({
        name: z.string().min(1),
        generation: generationSchema.nullish(),
        objectPreconditions: z.object({ ifGenerationMatch: generationSchema.nullish() }).nullish(),
      }),
    )
    .default([]),
  destination: objectSettingsSchema.extend({ storageClass: storageClassSchema.optional() }).default({}),
});

type Source = z.output<typeof requestSchema>['sourceObjects'][number];

/** `objects.compose`: joins objects. Source: https://cloud.google.com/storage/docs/composite-objects */
export async function composeObject(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  checkObjectName(names.object);
  const { sourceObjects, destination } = checked(requestSchema, withoutNull(await jsonBody(call)));
  if (sourceObjects.length === 0) throw required('sourceObjects');
  if (sourceObjects.length > MAX_SOURCES) {
    const message = `The number of source components provided (${sourceObjects.length}) exceeds the maximum (${MAX_SOURCES}).`;
    throw invalid(message);
  }
  const conditions = conditionsOf(call.query);
  checkConditions(conditions, bucket.live(names.object));
  const sources = sourceObjects.map((source) => sourceOf(bucket, source));
  const { storageClass, ...given } = destination;
  const settings = newSettings(bucket, given);
  const content = await receive(catalog.contents.writer(), contentsOf(catalog, bucket, sources));
  try {
    const object = await bucket.exclusive(() => {
      checkConditions(conditions, bucket.live(names.object));
      const { size, crc32c } = content;
      const componentCount = sources.reduce((sum, source) => sum + (source.componentCount ?? 1), 0);
      const where = placement(bucket, storageClass, call.query.get('kmsKeyName') ?? undefined);
      return bucket.put({ ...settings, name: names.object, size, crc32c, componentCount, ...where }, content);
    });
    return objectAnswer(call, bucket, object);
  } catch (error) {
    await content.discard();
    throw error;
  }
}

function sourceOf(bucket: Bucket, { name, generation, objectPreconditions }: Source): ObjectRecord {
  const source = bucket.get(name, generation ?? undefined);
  const expected = objectPreconditions?.ifGenerationMatch;
  if (typeof expected === 'number' && expected !== source.generation) throw conditionNotMet();
  return source;
}

function* contentsOf(catalog: Catalog, bucket: Bucket, sources: readonly ObjectRecord[]) {
  for (const source of sources) yield catalog.contents.open(contentKey(bucket.name, source), 0, source.size);
}
