/** The parts of a Model's resource name. */
export interface ModelName {
  readonly project: string;
  readonly location: string;
  readonly model: string;
  /** Version id or alias behind the `@`, where one is given. */
  readonly version?: string;
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
  /** Tag; `latest` where the URI has none. */
  readonly tag: string;
}

/** Names an image that is there: the parts of its URI, with a tag or a digest. */
export interface ImageReference {
  readonly host: string;
  readonly repository: string;
  /** A tag, or `sha256:…`. */
  readonly reference: string;
}

// A location becomes part of a host name, so nothing but a location may pass.
const MODEL_NAME =
  /^projects\/([a-z][a-z0-9.:-]{0,61}[a-z0-9]|[0-9]{1,20})\/locations\/([a-z]{2,20}(?:-[a-z]{2,20}[0-9]{1,2})?)\/models\/([a-zA-Z0-9_-]{1,128})(?:@([a-zA-Z0-9-]{1,128}))?$/;
const STORAGE_URI = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/su;
const IMAGE_URI =
  /^((?:[a-z]+\.)?gcr\.io|[a-z]{2,20}(?:-[a-z]{2,20}[0-9]{1,2})?-docker\.pkg\.dev)\/([a-z0-9.:-]+(?:\/[a-z0-9._-]+)+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?$/;

/** Takes a Model's resource name apart; `undefined` where it is not one. `%40` counts as `@`. */
export function parseModelName(name: string): ModelName | undefined {
  const match = MODEL_NAME.exec(name.replace('%40', '@'));
  const [, project, location, model, version] = match ?? [];
  if (project === undefined || location === undefined || model === undefined) return undefined;
  return { project, location, model, ...(version === undefined ? {} : { version }) };
}

/** Takes a `gs://bucket/path` URI apart; `undefined` where it is not one. */
export function parseStorageUri(uri: string): StorageUri | undefined {
  const [, bucket, path = ''] = STORAGE_URI.exec(uri) ?? [];
  return bucket === undefined ? undefined : { bucket, path };
}

/** Takes the URI of an image in Artifact Registry or Container Registry apart; `undefined` where it is not one. */
export function parseImageUri(uri: string): ImageUri | undefined {
  const [, host, repository, tag = 'latest'] = IMAGE_URI.exec(uri) ?? [];
  if (host === undefined || repository === undefined) return undefined;
  if (host.endsWith('.pkg.dev') && repository.split('/').length < 3) return undefined;
  return { host, repository, tag };
}

/** Takes an image's URI apart that may be pinned by `@sha256:…`; `undefined` where {@link parseImageUri} gives none. */
export function parseImageReference(uri: string): ImageReference | undefined {
  const [name = '', digest, ...more] = uri.split('@');
  const image = parseImageUri(name);
  if (image === undefined || more.length > 0) return undefined;
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  return { host: image.host, repository: image.repository, reference: digest ?? image.tag };
}
