import type { Catalog } from './catalog';
import type { PathNames, StorageAnswer, StorageCall } from './call';
import {
  createBucket,
  deleteBucket,
  getBucket,
  listBuckets,
  lockRetention,
  patchBucket,
  updateBucket,
} from './buckets';
import { projectNumber } from './bucket-resource';
import { composeObject } from './compose';
import { contentAnswer } from './downloads';
import { getPolicy, setPolicy, testPermissions } from './iam';
import { listObjects } from './listing';
import { deleteObject, getObject, patchObject, updateObject } from './objects';
import { selectFields } from './partial-response';
import { checkReadConditions, generationOf } from './preconditions';
import type { ResumableUploads } from './resumable';
import type { Rewrites } from './rewrite';
import { notImplemented, StorageError } from './storage-error';
import { insertObject } from './uploads';

/** The parts of a store that requests work with. */
export interface StoreParts {
  readonly catalog: Catalog;
  readonly resumable: ResumableUploads;
  readonly rewrites: Rewrites;
}

type Handler = (parts: StoreParts, call: StorageCall, names: PathNames) => StorageAnswer | Promise<StorageAnswer>;

interface Route {
  readonly pattern: RegExp;
  readonly methods: Readonly<Partial<Record<string, Handler>>>;
}

const NAME = '[^/]+';
const BUCKET = `/storage/v1/b/(?<bucket>${NAME})`;
const OBJECT = `${BUCKET}/o/(?<object>${NAME})`;
const TARGET = `b/(?<toBucket>${NAME})/o/(?<toObject>${NAME})`;

/** Methods of the JSON API. Source: https://cloud.google.com/storage/docs/json_api/v1 */
const ROUTES: readonly Route[] = [
  route('/storage/v1/b', {
    GET: ({ catalog }, call) => listBuckets(catalog, call),
    POST: ({ catalog }, call) => createBucket(catalog, call),
  }),
  route(BUCKET, {
    GET: ({ catalog }, ...rest) => getBucket(catalog, ...rest),
    PATCH: ({ catalog }, ...rest) => patchBucket(catalog, ...rest),
    PUT: ({ catalog }, ...rest) => updateBucket(catalog, ...rest),
    DELETE: ({ catalog }, ...rest) => deleteBucket(catalog, ...rest),
  }),
  route(`${BUCKET}/iam`, {
    GET: ({ catalog }, ...rest) => getPolicy(catalog, ...rest),
    PUT: ({ catalog }, ...rest) => setPolicy(catalog, ...rest),
  }),
  route(`${BUCKET}/iam/testPermissions`, { GET: ({ catalog }, ...rest) => testPermissions(catalog, ...rest) }),
  route(`${BUCKET}/lockRetentionPolicy`, { POST: ({ catalog }, ...rest) => lockRetention(catalog, ...rest) }),
  route(`${BUCKET}/o`, {
    GET: ({ catalog }, ...rest) => listObjects(catalog, ...rest),
    // Some clients leave out the `/upload` before an upload.
    POST: insert,
  }),
  route(OBJECT, {
    GET: (parts, call, names) =>
      call.query.get('alt') === 'media' ? download(parts, call, names) : getObject(parts.catalog, call, names),
    PATCH: ({ catalog }, ...rest) => patchObject(catalog, ...rest),
    PUT: ({ catalog }, ...rest) => updateObject(catalog, ...rest),
    DELETE: ({ catalog }, ...rest) => deleteObject(catalog, ...rest),
  }),
  route(`${OBJECT}/compose`, {
    POST: ({ catalog }, ...rest) => composeObject(catalog, ...rest),
  }),
  route(`${OBJECT}/rewriteTo/${TARGET}`, { POST: ({ rewrites }, ...rest) => rewrites.rewrite(...rest) }),
  route(`${OBJECT}/moveTo/o/(?<toObject>${NAME})`, { POST: ({ rewrites }, ...rest) => rewrites.moveTo(...rest) }),
  route(`${OBJECT}/copyTo/${TARGET}`, { POST: ({ rewrites }, ...rest) => rewrites.copyTo(...rest) }),
  route(`(?:/resumable)?/upload${BUCKET}/o`, {
    POST: insert,
    PUT: ({ resumable }, call) => resumable.receive(call),
    DELETE: ({ resumable }, call) => resumable.cancel(call),
  }),
  route(`/download${OBJECT}`, { GET: download }),
  route(`/storage/v1/projects/(?<project>${NAME})/serviceAccount`, { GET: serviceAccount }),
];

/** Answers a request of the JSON API. */
export async function answerJson(parts: StoreParts, call: StorageCall, pathname: string): Promise<StorageAnswer> {
  // An invalid selection must not be noticed after a change.
  const fields = call.query.get('fields') ?? '';
  if (fields !== '') selectFields({}, fields);
  for (const { pattern, methods } of ROUTES) {
    const match = pattern.exec(pathname);
    if (match === null) continue;
    const handler = methods[call.method === 'HEAD' ? 'GET' : call.method];
    if (handler === undefined) throw notImplemented(`${call.method} of this resource`);
    return handler(parts, call, namesOf(match.groups));
  }
  throw notImplemented(`${call.method} ${pathname.slice(0, 200)}`);
}

function route(path: string, methods: Route['methods']): Route {
  return { pattern: new RegExp(`^${path}/?$`), methods };
}

function namesOf(groups: Readonly<Record<string, string>> = {}): PathNames {
  const name = (key: string): string => decoded(groups[key] ?? '');
  return {
    bucket: name('bucket'),
    object: name('object'),
    toBucket: name('toBucket'),
    toObject: name('toObject'),
    project: name('project'),
  };
}

/**
 * Decodes a part of a path.
 *
 * @throws StorageError if it is not UTF-8
 */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StorageError(400, 'invalid', `The path is not valid UTF-8: ${text.slice(0, 200)}`);
  }
}

function insert(parts: StoreParts, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  // With the identifier of an upload, POST continues it as PUT does.
  if (call.query.has('upload_id')) return parts.resumable.receive(call);
  return insertObject(parts.catalog, parts.resumable, call, names);
}

/** `objects.get` with content. */
export async function download({ catalog }: StoreParts, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const object = bucket.get(names.object, generationOf(call.query));
  checkReadConditions(call, object);
  return contentAnswer(catalog.contents, call, bucket, object);
}

function serviceAccount(_parts: StoreParts, _call: StorageCall, { project }: PathNames): StorageAnswer {
  const email = `service-${projectNumber(project)}@gs-project-accounts.iam.gserviceaccount.com`;
  return { status: 200, json: { kind: 'storage#serviceAccount', email_address: email } };
}
