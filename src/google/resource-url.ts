import type { ImageReference, LocationName, ModelName, OperationName } from '../contract/resource-names';
import {
  locationName,
  modelName,
  parseImageReference,
  parseLocationName,
  parseModelName,
  parseOperationName,
  parseStorageUri,
} from '../contract/resource-names';
import { defined } from '../internal/defined';
import { cut, isWellFormed, printable } from '../internal/text';
import { byteLength } from '../contract/text';

/** A resource name is invalid for its kind. The request was not sent. */
export class InvalidResourceNameError extends Error {
  override readonly name = 'InvalidResourceNameError';

  constructor(
    /** For example `Model`. */
    readonly kind: string,
    name: string,
    /** The format of names of this kind. */
    expected: string,
  ) {
    super(`${JSON.stringify(cut(printable(name), 200))} is not the name of a ${kind}: it must be ${expected}`);
  }
}

/**
 * The URL of one request. Only the functions of this file can create one: each first parses the resource's name strictly
 * by its kind, and takes the host from the worker's configuration or from the parsed location.
 */
export type ResourceUrl = CheckedUrl;

class CheckedUrl {
  private constructor(
    readonly href: string,
    /** Scheme, host and port. */
    readonly origin: string,
  ) {}

  /**
   * Combines an endpoint, a path and a query, and checks that the URL parser finds the same parts: a value that changes
   * the host or removes a segment of the path is an error.
   *
   * @param path encoded, begins with `/`
   */
  static of(endpoint: string, path: string, query: Readonly<Record<string, string>> = {}): CheckedUrl {
    const base = new URL(endpoint);
    const basePath = base.pathname.replace(/\/+$/, '');
    const search = new URLSearchParams(query).toString();
    const url = new URL(`${base.origin}${basePath}${path}${search ? `?${search}` : ''}`);
    const isAsBuilt =
      ['http:', 'https:'].includes(url.protocol) &&
      url.origin === base.origin &&
      url.pathname === `${basePath}${path}` &&
      url.search === (search ? `?${search}` : '') &&
      url.hash === '' &&
      url.username === '' &&
      url.password === '';
    if (!isAsBuilt) throw new InvalidResourceNameError('resource', path, 'a path without `.` or `..` as a segment');
    return new CheckedUrl(url.href, url.origin);
  }
}

const API_VERSION = 'v1beta1';

/** A resource of Vertex AI, by its kind and its name. */
export type VertexResource =
  | { readonly kind: 'model' | 'model:export'; readonly name: string }
  | { readonly kind: 'operation' | 'operation:wait' | 'operation:cancel'; readonly name: string }
  /** The Models of a location. */
  | { readonly kind: 'models'; readonly parent: string }
  /** The operations of a Model, in all its versions, or of a location. */
  | { readonly kind: 'operations'; readonly parent: string };

/** URL, display name and routing header of a request to Vertex AI. */
export interface VertexTarget {
  readonly url: ResourceUrl;
  /** Path of the resource with its custom method, for messages. */
  readonly resource: string;
  readonly headers: { readonly 'x-goog-request-params': string };
}

/** The parsed name of a location or a Model. */
export type OperationsParent = LocationName & Partial<Pick<ModelName, 'model'>>;

/** The parsed name of a Model. Throws an {@link InvalidResourceNameError}. */
export function modelNameOf(name: string): ModelName {
  const parsed = parseModelName(name);
  if (parsed) return parsed;
  throw new InvalidResourceNameError('Model', name, 'projects/PROJECT/locations/LOCATION/models/MODEL[@VERSION]');
}

/** The parsed name of an operation. Throws an {@link InvalidResourceNameError}. */
export function operationNameOf(name: string): OperationName {
  const parsed = parseOperationName(name);
  if (parsed) return parsed;
  const expected = 'projects/PROJECT/locations/LOCATION[/models/MODEL]/operations/OPERATION';
  throw new InvalidResourceNameError('operation', name, expected);
}

/** The parsed name of a location. Throws an {@link InvalidResourceNameError}. */
export function locationNameOf(name: string): LocationName {
  const parsed = parseLocationName(name);
  if (parsed) return parsed;
  throw new InvalidResourceNameError('location', name, 'projects/PROJECT/locations/LOCATION');
}

/** The parsed name of a parent of operations: a Model without its version, or a location. */
export function operationsParentOf(name: string): OperationsParent {
  const { project, location, model } = parseModelName(name) ?? { ...locationNameOf(name), model: undefined };
  return { project, location, ...defined({ model }) };
}

/** The URL of the API of a location. Source: https://cloud.google.com/vertex-ai/docs/reference/rest */
export function vertexEndpoint(location: string): string {
  // The pattern of location names decides what may become a part of the host.
  if (parseLocationName(`projects/0/locations/${location}`)?.location !== location) {
    throw new InvalidResourceNameError('location', location, 'a location such as us-central1 or eu');
  }
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/**
 * The target of a request to Vertex AI.
 *
 * @param endpoint returns the endpoint of a location
 * @throws InvalidResourceNameError if the name is invalid for its kind
 */
export function vertexTarget(
  endpoint: (location: string) => string,
  resource: VertexResource,
  query: Readonly<Record<string, string>> = {},
): VertexTarget {
  const { location, path, parameter } = partsOf(resource);
  return {
    url: CheckedUrl.of(endpoint(location), `/${API_VERSION}/${path}`, query),
    resource: path,
    headers: { 'x-goog-request-params': parameter },
  };
}

/** The canonical path of a resource, its location, and its routing parameter. */
function partsOf(resource: VertexResource): { location: string; path: string; parameter: string } {
  switch (resource.kind) {
    case 'model':
    case 'model:export': {
      const parsed = modelNameOf(resource.name);
      return named(parsed.location, modelName(parsed), resource.kind);
    }
    case 'operation':
    case 'operation:wait':
    case 'operation:cancel': {
      const parsed = operationNameOf(resource.name);
      return named(parsed.location, `${parentName(parsed)}/operations/${parsed.operation}`, resource.kind);
    }
    case 'models': {
      const parsed = locationNameOf(resource.parent);
      const name = locationName(parsed);
      const parameter = `parent=${encodeURIComponent(name)}`;
      return { location: parsed.location, path: `${name}/models`, parameter };
    }
    case 'operations': {
      const parsed = operationsParentOf(resource.parent);
      return named(parsed.location, `${parentName(parsed)}/operations`, resource.kind);
    }
  }
}

function named(location: string, name: string, kind: string) {
  const method = kind.includes(':') ? kind.slice(kind.indexOf(':')) : '';
  return { location, path: `${name}${method}`, parameter: `name=${encodeURIComponent(name)}` };
}

function parentName({ project, location, model }: OperationsParent): string {
  return model === undefined ? locationName({ project, location }) : modelName({ project, location, model });
}

/** A resource of Cloud Storage's JSON API. */
export type StorageResource =
  | { readonly kind: 'bucket'; readonly bucket: string }
  | { readonly kind: 'objects'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'object' | 'upload'; readonly bucket: string; readonly name: string };

/** Object names have at most 1,024 bytes. Source: https://cloud.google.com/storage/docs/objects#naming */
const MAX_OBJECT_NAME_BYTES = 1_024;

/**
 * The URL of a bucket, its objects or one object.
 *
 * @param endpoint the configured endpoint
 * @throws InvalidResourceNameError if a name is invalid, or would change the path: an object called `.` or `..`
 */
export function storageUrl(
  endpoint: string,
  resource: StorageResource,
  query: Readonly<Record<string, string>> = {},
): ResourceUrl {
  const { bucket, kind } = resource;
  if (parseStorageUri(`gs://${bucket}`)?.bucket !== bucket) {
    throw new InvalidResourceNameError('bucket', bucket, '3 to 222 lower-case letters, digits, `.`, `_` and `-`');
  }
  const path = `/b/${bucket}`;
  switch (kind) {
    case 'bucket':
      return CheckedUrl.of(endpoint, `/storage/v1${path}`, query);
    case 'objects':
      if (!isObjectText(resource.prefix)) throw invalidObject(bucket, resource.prefix);
      return CheckedUrl.of(endpoint, `/storage/v1${path}/o`, { prefix: resource.prefix, ...query });
    case 'object':
      checkObjectName(bucket, resource.name);
      return CheckedUrl.of(endpoint, `/storage/v1${path}/o/${encodeURIComponent(resource.name)}`, query);
    case 'upload':
      checkObjectName(bucket, resource.name);
      return CheckedUrl.of(endpoint, `/upload/storage/v1${path}/o`, { ...query, name: resource.name });
  }
}

function isObjectText(text: string): boolean {
  return text.length <= MAX_OBJECT_NAME_BYTES && isWellFormed(text) && byteLength(text) <= MAX_OBJECT_NAME_BYTES;
}

/** Refuses `.` and `..`, which can't be a segment of a path, even encoded; Cloud Storage does not allow them either. */
function checkObjectName(bucket: string, name: string): void {
  if (name === '' || name === '.' || name === '..' || !isObjectText(name)) throw invalidObject(bucket, name);
}

function invalidObject(bucket: string, name: string): InvalidResourceNameError {
  const expected = 'valid Unicode of at most 1,024 bytes, and not `.` or `..`';
  return new InvalidResourceNameError('object', `gs://${bucket}/${name}`, expected);
}

/** A resource of a registry: a manifest by the image's reference, or a blob by its digest. */
export type RegistryResource =
  | { readonly kind: 'manifest'; readonly image: ImageReference }
  | { readonly kind: 'blob'; readonly image: ImageReference; readonly digest: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * URL and display name of a manifest or a blob.
 *
 * @param endpoint returns the configured endpoint, or that of the image's host
 * @throws InvalidResourceNameError if a part of the reference is invalid
 */
export function registryTarget(
  endpoint: (host: string) => string,
  resource: RegistryResource,
): { url: ResourceUrl; resource: string } {
  const { host, repository, reference } = resource.image;
  const uri = `${host}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
  const parsed = parseImageReference(uri);
  if (parsed?.host !== host || parsed.repository !== repository || parsed.reference !== reference) {
    const expected = 'REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE with a tag or a sha256 digest';
    throw new InvalidResourceNameError('image', uri, expected);
  }
  if (resource.kind === 'blob' && !DIGEST.test(resource.digest)) {
    throw new InvalidResourceNameError('blob', resource.digest, 'sha256: and 64 hexadecimal digits');
  }
  const part = resource.kind === 'blob' ? `blobs/${resource.digest}` : `manifests/${reference}`;
  const url = CheckedUrl.of(endpoint(host), `/v2/${repository}/${part}`);
  return { url, resource: `${host}/${repository}/${part}` };
}
