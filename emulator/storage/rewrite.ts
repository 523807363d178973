import { randomBytes } from 'node:crypto';
import type { Bucket } from './bucket';
import { locationTypeOf } from './bucket-resource';
import type { Catalog } from './catalog';
import type { JsonObject, PathNames, StorageAnswer, StorageCall } from './call';
import { checked, jsonBody, without, withoutNull } from './call';
import { checkObjectName, placement } from './insert';
import type { ObjectRecord, ObjectSettings } from './object-record';
import { objectSettingsSchema, storageClassSchema } from './object-record';
import { objectResource } from './object-resource';
import { newSettings, objectAnswer } from './objects';
import { checkConditions, conditionsOf, generationOf } from './preconditions';
import { contentKey } from './records';
import { checkDeletable } from './retention';
import { invalid, notImplemented, StorageError } from './storage-error';

const MIB = 1024 * 1024;
/** Bytes of one call if the client does not limit them. */
const DEFAULT_BYTES_PER_CALL = 1024 * MIB;
const MAX_TOKENS = 1_000;

interface Rewrite {
  readonly source: string;
  readonly target: string;
  readonly bytes: number;
}

/** Copies within the store that can need several calls. */
export class Rewrites {
  private readonly byToken = new Map<string, Rewrite>();

  constructor(private readonly catalog: Catalog) {}

  /** `objects.rewrite`. Source: https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite */
  async rewrite(call: StorageCall, names: PathNames): Promise<StorageAnswer> {
    const { source, from, to, body } = await this.read(call, names);
    const perCall = bytesPerCall(call.query);
    const size = source.size;
    const rewrite = this.continued(call.query, contentKey(from.name, source), `${to.name}/${names.toObject}`);
    const bytes = isOneStep(call, from, to, source, body) ? size : Math.min(rewrite.bytes + perCall, size);
    const state = { kind: 'storage#rewriteResponse', totalBytesRewritten: String(bytes), objectSize: String(size) };
    if (bytes < size) {
      const rewriteToken = this.remember({ ...rewrite, bytes });
      return { status: 200, json: { ...state, done: false, rewriteToken } };
    }
    const object = await this.copy(call, names, { source, from, to, body });
    return { status: 200, json: { ...state, done: true, resource: objectResource(call.origin, to.record, object) } };
  }

  /** `objects.copy` */
  async copyTo(call: StorageCall, names: PathNames): Promise<StorageAnswer> {
    const parts = await this.read(call, names);
    return objectAnswer(call, parts.to, await this.copy(call, names, parts));
  }

  /** `objects.move`: renames an object within its bucket. */
  async moveTo(call: StorageCall, names: PathNames): Promise<StorageAnswer> {
    const inBucket = { ...names, toBucket: names.bucket };
    const parts = await this.read(call, inBucket);
    if (names.object === names.toObject) throw invalid('The source and the destination of a move are the same object.');
    // A source that may not be deleted is not copied either.
    checkDeletable(parts.from.record, parts.source, 'deleted');
    const deleteSource = (): Promise<void> => parts.from.delete(parts.source, false);
    return objectAnswer(call, parts.to, await this.copy(call, inBucket, parts, deleteSource));
  }

  private async read(call: StorageCall, names: PathNames) {
    if (call.headers['x-goog-encryption-algorithm'] !== undefined) throw notImplemented('A key of the customer');
    const from = this.catalog.bucket(names.bucket);
    const to = this.catalog.bucket(names.toBucket);
    checkObjectName(names.toObject);
    const body = await jsonBody(call);
    const source = from.get(names.object, generationOf(call.query, 'sourceGeneration'));
    checkConditions(conditionsOf(call.query, 'Source'), source);
    checkConditions(conditionsOf(call.query), to.live(names.toObject));
    return { source, from, to, body };
  }

  private async copy(
    call: StorageCall,
    { toObject: name }: PathNames,
    { source, from, to, body }: Awaited<ReturnType<Rewrites['read']>>,
    after: () => Promise<void> = () => Promise.resolve(),
  ): Promise<ObjectRecord> {
    const settings = newSettings(to, copiedSettings(source, body));
    const storageClass = checked(storageClassSchema.optional(), body['storageClass']);
    const conditions = conditionsOf(call.query);
    const { size, crc32c, md5Hash, componentCount } = source;
    const checksums = { size, crc32c, ...(md5Hash && { md5Hash }), ...(componentCount && { componentCount }) };
    const where = placement(to, storageClass, call.query.get('destinationKmsKeyName') ?? undefined);
    return to.exclusive(async () => {
      checkConditions(conditions, to.live(name));
      const keep = (key: string): Promise<void> => this.catalog.contents.copy(contentKey(from.name, source), key);
      const copied = await to.put({ ...settings, name, ...checksums, ...where }, { keep });
      await after();
      return copied;
    });
  }

  /** The rewrite that a token continues; a new one without a token. */
  private continued(query: URLSearchParams, source: string, target: string): Rewrite {
    const token = query.get('rewriteToken');
    if (token === null || token === '') return { source, target, bytes: 0 };
    const known = this.byToken.get(token);
    if (known?.source === source && known.target === target) return known;
    const message =
      'The rewrite token is unknown, or belongs to another source or destination. Start the rewrite again.';
    throw known ? invalid(message, 'rewriteToken') : new StorageError(410, 'invalidRewriteToken', message);
  }

  private remember(rewrite: Rewrite): string {
    const [oldest] = this.byToken.keys();
    if (oldest !== undefined && this.byToken.size >= MAX_TOKENS) this.byToken.delete(oldest);
    const token = randomBytes(24).toString('base64url');
    this.byToken.set(token, rewrite);
    return token;
  }
}

/** Metadata in the body replaces all metadata of the source. Holds and retention are never copied. */
function copiedSettings(source: ObjectRecord, body: JsonObject): ObjectSettings {
  const given = checked(objectSettingsSchema, withoutNull(body));
  const copied = without(objectSettingsSchema.parse(source), 'temporaryHold', 'eventBasedHold', 'retention');
  return Object.keys(given).length > 0 ? given : copied;
}

/** The service copies at once if neither location, storage class nor key changes. */
function isOneStep(call: StorageCall, from: Bucket, to: Bucket, source: ObjectRecord, body: JsonObject): boolean {
  const storageClass = body['storageClass'] ?? to.record.settings.storageClass;
  const isSamePlace =
    from.record.location === to.record.location && locationTypeOf(from.record) === locationTypeOf(to.record);
  return isSamePlace && storageClass === source.storageClass && !call.query.has('destinationKmsKeyName');
}

function bytesPerCall(query: URLSearchParams): number {
  const text = query.get('maxBytesRewrittenPerCall');
  if (text === null) return DEFAULT_BYTES_PER_CALL;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes > 0 && bytes % MIB === 0) return bytes;
  throw invalid('maxBytesRewrittenPerCall must be a multiple of 1 MiB (1048576).', 'maxBytesRewrittenPerCall');
}
