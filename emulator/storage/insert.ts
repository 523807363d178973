import type { Bucket } from './bucket';
import type { Catalog } from './catalog';
import type { JsonObject, StorageAnswer, StorageCall } from './call';
import { checked, withoutNull } from './call';
import type { ReceivedContent } from './contents';
import type { ObjectRecord } from './object-record';
import { objectSettingsSchema, storageClassSchema } from './object-record';
import { newSettings, objectAnswer } from './objects';
import type { Conditions } from './preconditions';
import { checkConditions, conditionsOf } from './preconditions';
import { invalid, notImplemented, required } from './storage-error';

/** Everything about a new object except its content. It is known before the content arrives. */
export interface Insert {
  readonly bucket: Bucket;
  readonly name: string;
  readonly resource: JsonObject;
  readonly conditions: Conditions;
  readonly kmsKeyName: string | undefined;
}

/** Object names have at most 1,024 bytes. Source: https://cloud.google.com/storage/docs/objects#naming */
const MAX_NAME_BYTES = 1_024;

/** @throws StorageError `invalid` if no object can have this name */
export function checkObjectName(name: string): void {
  const isValid =
    !['.', '..'].includes(name) &&
    !name.startsWith('.well-known/acme-challenge/') &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES &&
    !/[\r\n]/.test(name);
  if (!isValid) throw invalid(`Invalid object name: ${JSON.stringify(name.slice(0, 200))}`, 'name');
}

/**
 * The object that a request creates.
 *
 * Source: https://cloud.google.com/storage/docs/json_api/v1/objects/insert
 *
 * @param resource its metadata in the body; fields in the query have precedence
 * @throws StorageError if the request is invalid or its conditions are not met now
 */
export function insertOf(catalog: Catalog, call: StorageCall, bucketName: string, resource: JsonObject): Insert {
  const bucket = catalog.bucket(bucketName);
  if (call.headers['x-goog-encryption-algorithm'] !== undefined) throw notImplemented('A key of the customer');
  const name = call.query.get('name') ?? resource['name'];
  if (typeof name !== 'string' || name === '') throw required('name');
  checkObjectName(name);
  if (call.query.has('predefinedAcl')) refuseAcl(bucket);
  const contentEncoding = call.query.get('contentEncoding');
  const conditions = conditionsOf(call.query);
  checkConditions(conditions, bucket.live(name));
  return {
    bucket,
    name,
    resource: { ...resource, ...(contentEncoding && { contentEncoding }) },
    conditions,
    kmsKeyName: call.query.get('kmsKeyName') ?? undefined,
  };
}

/**
 * Makes received content a new version of an object. Content of a rejected request is discarded.
 *
 * @param contentType of the content itself; the resource's has precedence
 */
export async function finishInsert(
  call: StorageCall,
  { bucket, name, resource, conditions, kmsKeyName }: Insert,
  content: ReceivedContent,
  contentType: string | undefined,
): Promise<StorageAnswer> {
  try {
    checkChecksums(content, { ...checksumsOf(call), ...definedChecksums(resource) });
    const settings = checked(objectSettingsSchema, { ...(contentType && { contentType }), ...withoutNull(resource) });
    const storageClass = checked(storageClassSchema.optional(), resource['storageClass']);
    const object = await bucket.exclusive(() => {
      checkConditions(conditions, bucket.live(name));
      const { size, crc32c, md5Hash } = content;
      const version = { ...newSettings(bucket, settings), name, size, crc32c, md5Hash };
      return bucket.put({ ...version, ...placement(bucket, storageClass, kmsKeyName) }, content);
    });
    return objectAnswer(call, bucket, object);
  } catch (error) {
    await content.discard();
    throw error;
  }
}

/** Storage class and key of a new object; by default those of the bucket. */
export function placement(
  { record: { settings } }: Bucket,
  storageClass: ObjectRecord['storageClass'] | undefined,
  kmsKeyName: string | undefined,
): Pick<ObjectRecord, 'storageClass' | 'kmsKeyName'> {
  const key = kmsKeyName ?? settings.encryption?.defaultKmsKeyName;
  return {
    storageClass: storageClass ?? settings.storageClass,
    // The service encrypts with the primary version of the key and names it.
    ...(key && { kmsKeyName: key.includes('/cryptoKeyVersions/') ? key : `${key}/cryptoKeyVersions/1` }),
  };
}

function refuseAcl({ record: { settings } }: Bucket): void {
  if (settings.iamConfiguration?.uniformBucketLevelAccess?.enabled !== true) return;
  throw invalid('Cannot insert legacy ACL for an object when uniform bucket-level access is enabled.');
}

type Expected = Readonly<Partial<Record<'crc32c' | 'md5Hash', string>>>;

/** Checksums in the headers of an upload. */
function checksumsOf({ headers }: StorageCall): Expected {
  const hashes = [headers['x-goog-hash'] ?? []].flat().join(',');
  const crc32c = /(?:^|,)\s*crc32c=([^,\s]+)/.exec(hashes)?.[1];
  const md5Hash = /(?:^|,)\s*md5=([^,\s]+)/.exec(hashes)?.[1] ?? [headers['content-md5'] ?? []].flat()[0];
  return { ...(crc32c && { crc32c }), ...(md5Hash && { md5Hash }) };
}

function definedChecksums({ crc32c, md5Hash }: JsonObject): Expected {
  return { ...(typeof crc32c === 'string' && { crc32c }), ...(typeof md5Hash === 'string' && { md5Hash }) };
}

function checkChecksums(content: ReceivedContent, expected: Expected): void {
  for (const [field, title] of [
    ['crc32c', 'CRC32C'],
    ['md5Hash', 'MD5 hash'],
  ] as const) {
    const given = expected[field];
    if (given === undefined || given === content[field]) continue;
    throw invalid(`Provided ${title} "${given}" doesn't match calculated ${title} "${content[field]}".`);
  }
}
