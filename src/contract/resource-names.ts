import { defined } from '../internal/defined';
import { byteLength } from './text';
import { isWellFormed } from '../internal/text';

/** The parts of a location's resource name: `projects/P/locations/L`. */
export interface LocationName {
  /** Project id or number. */
  readonly project: string;
  readonly location: string;
}

/** The parts of a Model's resource name. */
export interface ModelName extends LocationName {
  readonly model: string;
  /** Version id or alias after the `@`, if there is one. */
  readonly version?: string;
}

/** The parts of an operation's resource name. */
export interface OperationName extends LocationName {
  /** Missing if the name of the operation has no Model. */
  readonly model?: string;
  readonly operation: string;
}

/** The parts of a Cloud Storage URI. */
export interface StorageUri {
  readonly bucket: string;
  /** Object name or prefix; empty for the bucket itself. */
  readonly path: string;
}

/** The parts of a container image's URI. */
export interface ImageUri {
  /** Registry host, for example `us-central1-docker.pkg.dev`. */
  readonly host: string;
  /** `project/repository/image`, or `project/image` below gcr.io. */
  readonly repository: string;
  /** Tag. Default `latest`. */
  readonly tag: string;
}

/** The parts of a container image's URI that has a tag or a digest. */
export interface ImageReference {
  readonly host: string;
  readonly repository: string;
  /** A tag, or `sha256:…`. */
  readonly reference: string;
}

// A location becomes a part of a host name, and each part becomes a segment of a URL's path. The patterns match nothing
// that could change the host or the path.
const PROJECT = '[a-z][a-z0-9.:-]{0,61}[a-z0-9]|[0-9]{1,20}';
const LOCATION = '[a-z]{2,20}(?:-[a-z]{2,20}[0-9]{1,2})?';
const ID = '[a-zA-Z0-9_-]{1,128}';
const IN_LOCATION = `projects/(?<project>${PROJECT})/locations/(?<location>${LOCATION})`;

const LOCATION_NAME = new RegExp(`^${IN_LOCATION}$`);
const MODEL_NAME = new RegExp(`^${IN_LOCATION}/models/(?<model>${ID})(?:@(?<version>[a-zA-Z0-9-]{1,128}))?$`);
const OPERATION_NAME = new RegExp(`^${IN_LOCATION}(?:/models/(?<model>${ID}))?/operations/(?<operation>${ID})$`);

/** No valid resource name is longer. */
const MAX_NAME_LENGTH = 600;

/** Object names have at most 1,024 bytes. Source: https://cloud.google.com/storage/docs/objects#naming */
const MAX_OBJECT_NAME_BYTES = 1_024;
// Object names must not have line breaks. Other control characters are not used in practice.
const STORAGE_URI = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(\P{Cc}*))?$/u;

/** A path component of the OCI distribution specification: it can't be `.` or `..`. */
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const IMAGE_URI = new RegExp(
  `^((?:[a-z]{2,20}\\.)?gcr\\.io|${LOCATION}-docker\\.pkg\\.dev)/([a-z0-9]+(?:[.:-]+[a-z0-9]+)*(?:/${COMPONENT})+)` +
    '(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?$',
);
/** Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const MAX_IMAGE_LENGTH = 255 + 1 + 128;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

function groupsOf(pattern: RegExp, name: string): Readonly<Record<string, string | undefined>> | undefined {
  return name.length > MAX_NAME_LENGTH ? undefined : pattern.exec(name)?.groups;
}

/** The name of a Model without its version. */
export function withoutVersion(name: string): string {
  return normalizeModelName(name).replace(/@.*$/, '');
}

/** The Model's name with `@` before the version. Clients may encode it as `%40`. */
export function normalizeModelName(name: string): string {
  return name.replace('%40', '@');
}

/** Parses the resource name of a location; undefined if it is invalid. */
export function parseLocationName(name: string): LocationName | undefined {
  const { project, location } = groupsOf(LOCATION_NAME, name) ?? {};
  return project === undefined || location === undefined ? undefined : { project, location };
}

/** Parses the resource name of a Model; undefined if it is invalid. `%40` counts as `@`. */
export function parseModelName(name: string): ModelName | undefined {
  const { project, location, model, version } = groupsOf(MODEL_NAME, normalizeModelName(name)) ?? {};
  if (project === undefined || location === undefined || model === undefined) return undefined;
  return { project, location, model, ...defined({ version }) };
}

/** Parses the resource name of an operation, below a Model or a location; undefined if it is invalid. */
export function parseOperationName(name: string): OperationName | undefined {
  const { project, location, model, operation } = groupsOf(OPERATION_NAME, name) ?? {};
  if (project === undefined || location === undefined || operation === undefined) return undefined;
  return { project, location, operation, ...defined({ model }) };
}

/** Any resource in a location, by its name; only project and location are separated, and no part is checked. */
export interface LocatedName extends LocationName {
  /** The name below the location, for example `models/123/operations/4`; empty for the location itself. */
  readonly below: string;
}

const LOCATED_NAME = /^projects\/([^/]+)\/locations\/([^/]+)(?:\/|$)/;

/** Splits the name of any resource in a location; undefined if it is not in one. */
export function splitLocatedName(name: string): LocatedName | undefined {
  const [start = '', project, location] = LOCATED_NAME.exec(name) ?? [];
  if (project === undefined || location === undefined) return undefined;
  return { project, location, below: name.slice(start.length) };
}

/** The resource name of a location. */
export function locationName({ project, location }: LocationName): string {
  return `projects/${project}/locations/${location}`;
}

/** The resource name of a Model, with its version if it has one. */
export function modelName(parts: ModelName): string {
  return `${locationName(parts)}/models/${parts.model}${parts.version === undefined ? '' : `@${parts.version}`}`;
}

/**
 * Whether two names can refer to the same project. A project has an id and a number, and the names do not show whether
 * an id and a number belong to the same project.
 */
export function mayBeSameProject(a: string, b: string): boolean {
  return a === b || isProjectNumber(a) !== isProjectNumber(b);
}

function isProjectNumber(project: string): boolean {
  return /^\d+$/.test(project);
}

/** Parses a `gs://bucket/path` URI; undefined if it is invalid. */
export function parseStorageUri(uri: string): StorageUri | undefined {
  // Each UTF-16 code unit has at least one byte, so a longer text is always too long.
  if (uri.length > 2 * MAX_OBJECT_NAME_BYTES || !isWellFormed(uri)) return undefined;
  const [, bucket, path = ''] = STORAGE_URI.exec(uri) ?? [];
  if (bucket === undefined || byteLength(path) > MAX_OBJECT_NAME_BYTES) return undefined;
  return { bucket, path };
}

/** Parses the URI of an image in Artifact Registry or Container Registry; undefined if it is invalid. */
export function parseImageUri(uri: string): ImageUri | undefined {
  if (uri.length > MAX_IMAGE_LENGTH) return undefined;
  const [, host, repository, tag = 'latest'] = IMAGE_URI.exec(uri) ?? [];
  if (host === undefined || repository === undefined) return undefined;
  if (host.endsWith('.pkg.dev') && repository.split('/').length < 3) return undefined;
  return { host, repository, tag };
}

/** Parses the URI of an image, which can be pinned by `@sha256:…`; undefined if it is invalid. */
export function parseImageReference(uri: string): ImageReference | undefined {
  const [name = '', digest, ...more] = uri.split('@', 3);
  const image = parseImageUri(name);
  if (image === undefined || more.length > 0) return undefined;
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  return { host: image.host, repository: image.repository, reference: digest ?? image.tag };
}

/** Folder name of a workflow id as runs of earlier versions made it. Such runs keep their folder. */
export function formerFolderName(workflowId: string): string {
  return workflowId.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
}
