import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { ExportFailureType } from '../../../src/contract/failures';
import type { SeenRequest } from './outside';

// Checks that hold for any arguments of a caller. They do not use the parsers of the package, which are under test.

/** Longest message: 8,000 characters and an action of 300. */
const MAX_MESSAGE = 8_305;
const MAX_DETAILS_BYTES = 64 * 1_024;

const TYPES: ReadonlySet<string> = new Set<string>(Object.values(ExportFailureType));

/** Finds half of a character in any text of a value, including the names of fields. */
function brokenText(value: unknown): string | undefined {
  let broken: string | undefined;
  JSON.stringify(value, (key: string, item: unknown) => {
    for (const text of [key, item]) {
      if (typeof text === 'string' && /\p{Surrogate}/u.test(text)) broken = JSON.stringify(text.slice(0, 100));
    }
    return item;
  });
  return broken;
}

/** Fails unless every text of a value is valid Unicode. */
export function assertWellFormed(value: unknown, what: string): void {
  assert.equal(brokenText(value), undefined, `${what} has half of a character`);
}

/** Fails unless an error is one of the documented failures, of a size that fits into workflow history. */
export function assertDocumented(error: unknown, what: string): void {
  assert.ok(error instanceof ApplicationFailure, `${what}: ${String(error).slice(0, 500)}`);
  const { type, message, details } = error;
  const said = message.slice(0, 500);
  assert.ok(TYPES.has(type ?? ''), `${what}: ${type ?? 'no type'}: ${said}`);
  assert.notEqual(type, ExportFailureType.Internal, `${what}: ${said}`);
  assert.ok(message.length <= MAX_MESSAGE, `${what}: a message of ${message.length} characters`);
  const bytes = Buffer.byteLength(JSON.stringify(details ?? []));
  assert.ok(bytes <= MAX_DETAILS_BYTES, `${what}: details of ${bytes} bytes`);
  assertWellFormed([message, details, type, error.stack], `${what}: the failure`);
}

const HOST =
  /^(?:[a-z0-9-]+-aiplatform\.googleapis\.com|aiplatform\.(?:us|eu)\.rep\.googleapis\.com|storage\.googleapis\.com|[a-z]+-[a-z]+\d{1,2}-docker\.pkg\.dev|[a-z]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

const VERTEX_PATH =
  /^\/v1beta1\/(?<parent>projects\/[a-z0-9.:-]+\/locations\/(?<location>[a-z0-9-]+))(?:\/models(?:\/[\w-]+(?:@[A-Za-z0-9-]+)?)?)?(?:\/operations(?:\/[\w-]+)?)?(?::export|:cancel|:wait)?$/;

const STORAGE_PATH = /^(?:\/upload)?\/storage\/v1\/b\/(?<bucket>[a-z0-9._-]+)(?:\/o(?:\/(?<name>[^/]+))?)?$/;

const REGISTRY_PATH = /^\/v2\/(?<repository>[a-z0-9._:/-]+)\/(?:manifests|blobs)\/(?<reference>[\w.:-]+)$/;

/** Fails unless a host is one of Google's. */
export function assertKnownHost(host: string, what: string): void {
  assert.match(host, HOST, `${what}: a connection to ${host}`);
}

/** All texts in the arguments of an activity. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace('%40', '@')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** The place in Cloud Storage that a request refers to. */
export interface StoragePlace {
  readonly method: string;
  /** `gs://bucket/name` of an object, or `gs://bucket/prefix` of a list. */
  readonly uri: string;
}

/**
 * Fails unless a request is one of those that the package makes, about a location, a bucket or an image that the caller
 * named. Returns the place of a request to Cloud Storage.
 */
export function assertAsked(request: SeenRequest, asked: readonly string[], what: string): StoragePlace | undefined {
  const { host, method, target, headers } = request;
  const said = `${what}: ${method} https://${host}${target.slice(0, 500)}`;
  assertKnownHost(host, said);
  assert.equal(headers.host, host, said);
  const [path = '', query = ''] = target.split('?', 2);
  assert.equal(target.includes('#'), false, said);
  for (const segment of path.split('/').slice(1)) {
    assert.ok(!['', '.', '..'].includes(decodeURIComponent(segment)), `${said} has an odd segment`);
  }
  const isAsked = (text: string): boolean => asked.some((one) => one.includes(text));
  if (host.includes('aiplatform')) {
    const { parent = '', location = '' } = VERTEX_PATH.exec(decodeURIComponent(path))?.groups ?? {};
    assert.ok(parent !== '' && isAsked(parent), said);
    assert.ok(host === `${location}-aiplatform.googleapis.com` || host.includes('.rep.'), said);
    return undefined;
  }
  if (host === 'storage.googleapis.com') {
    const { bucket = '', name = '' } = STORAGE_PATH.exec(path)?.groups ?? {};
    assert.ok(bucket !== '' && isAsked(`gs://${bucket}`), said);
    const parameters = new URLSearchParams(query);
    const place = decodeURIComponent(name) || (parameters.get('name') ?? parameters.get('prefix') ?? '');
    return { method, uri: `gs://${bucket}/${place}` };
  }
  const { repository = '' } = REGISTRY_PATH.exec(path)?.groups ?? {};
  assert.ok(repository !== '' && isAsked(`${host}/${repository}`), said);
  return undefined;
}
