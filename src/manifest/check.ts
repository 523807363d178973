import { GoogleApiError } from '../google/api-error';
import { CredentialsError } from '../google/credentials-error';
import type { GoogleServiceOptions } from '../google/services';
import { retryingStorage } from '../google/services';
import { DirectoryReader, asDirectory, exportedFile } from '../google/storage-directory';
import { defined } from '../internal/defined';
import { jsonOrUndefined } from '../internal/json';
import type { ExportedFile, Reads } from '../contract/export-result';
import type { StorageUri } from '../contract/resource-names';
import { firstIssue } from '../contract/problems';
import { parseStorageUri } from '../contract/resource-names';
import { cut } from '../internal/text';
import type { ArtifactFile } from '../verification/artifact-file';
import { MANIFEST_NAME } from './digests';
import { compareWithManifest } from './compare';
import type { ExportManifest, ManifestPredicate } from './statement';
import { exportManifestSchema } from './statement';

/** What a check of a manifest reads, and where. */
export interface ManifestCheckOptions {
  /**
   * `listing` compares what the store records; `content` reads every byte, and compares all digests. Default `listing`.
   */
  level?: 'listing' | 'content';
  /**
   * The directory to check: `gs://bucket/directory`. Default: the named directory, or the one beside the named manifest;
   * for a manifest that is an object, the directory that it names.
   */
  at?: string;
  /** Hosts and credentials for Cloud Storage. */
  google?: GoogleServiceOptions;
  /** Called repeatedly with the progress. */
  onProgress?: (progress: ManifestCheckProgress) => void;
  /** Aborts the check; its reason is thrown. */
  signal?: AbortSignal;
}

/** Progress of a check, for a progress bar. */
export interface ManifestCheckProgress {
  /** `files` counts listed files, `bytes` counts bytes that were read. */
  readonly unit: 'files' | 'bytes';
  readonly done: number;
  readonly total: number;
}

/** The result of a check. The export is intact if `findings` is empty. */
export interface ManifestCheck {
  /** The operation and workflow that made the export. */
  readonly export: ManifestPredicate;
  /** Where the manifest was read; absent if it is an object. */
  readonly manifestUri?: string;
  /** The directory that was checked; the one that the manifest names is `export.artifactOutputUri`. */
  readonly artifactUri: string;
  /** Differences from the manifest, one line each. */
  readonly findings: readonly string[];
  /** Facts worth knowing that are not faults, for example additional files. */
  readonly notes: readonly string[];
  readonly reads: Reads;
}

/** Largest manifest, in bytes: about 400,000 files. Anyone who can write to the bucket can write a larger one. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** Longest text of a manifest in a message, in characters. */
const MAX_SHOWN = 300;

/** There is no manifest, or the object is not a manifest. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Checks an export, or a copy of it, against its manifest.
 *
 * Anyone who can write a manifest can name an intact export of another place in it. So a manifest that is read decides
 * the expected files, not the location: the directory beside the manifest is checked, or the named one, unless `at`
 * names another. If the manifest names another directory, a note states it.
 *
 * @param manifest the manifest, or where it is: `gs://…/manifest.json`, the folder that it is in, or the export's own
 * directory beside it
 * @throws ManifestError if there is no manifest, or if Cloud Storage or the credentials refuse a request
 */
export async function verifyManifest(
  manifest: ExportManifest | string,
  options: ManifestCheckOptions = {},
): Promise<ManifestCheck> {
  try {
    return await check(manifest, options);
  } catch (error) {
    if (error instanceof GoogleApiError) throw refusedRead(error);
    throw error instanceof CredentialsError && !error.isOutage ? new ManifestError(error.message) : error;
  }
}

function refusedRead({ request, status, message }: GoogleApiError): ManifestError {
  return new ManifestError(
    `${request}: ${status}: ${message}. Check that the bucket exists, and that your account has roles/storage.objectViewer on it.`,
  );
}

async function check(manifest: ExportManifest | string, options: ManifestCheckOptions): Promise<ManifestCheck> {
  const { level = 'listing', at, onProgress, signal = new AbortController().signal } = options;
  const reader = new DirectoryReader(retryingStorage(options.google), signal);
  const { record, manifestUri, beside } =
    typeof manifest === 'string'
      ? await readManifest(reader, manifest)
      : { record: manifest, manifestUri: undefined, beside: namedDirectory(manifest, 'The manifest') };
  const { predicate } = record;
  const directory = at === undefined ? beside : asDirectory(storageUri(at));
  const checkedUri = uriOf(directory);
  const namedUri = uriOf(namedDirectory(record, manifestUri ?? 'The manifest'));
  const files = await reader.files(directory, (listed) => {
    onProgress?.({ unit: 'files', done: Math.min(listed, predicate.count), total: predicate.count });
  });
  const { findings, notes } = await compareWithManifest(record, files, checkedUri === namedUri);
  const reportBytes = (done: number, total: number): void => {
    onProgress?.({ unit: 'bytes', done, total });
  };
  const more = level === 'content' ? await checkBytes(reader, directory, files, record, reportBytes) : [];
  const place = at === undefined && checkedUri !== namedUri ? [otherPlace(checkedUri, namedUri)] : [];
  return {
    export: predicate,
    ...defined({ manifestUri }),
    artifactUri: at ?? checkedUri,
    findings: [...findings, ...more],
    notes: [...place, ...notes],
    reads: reader.reads,
  };
}

function otherPlace(checked: string, named: string): string {
  return `the manifest names ${cut(named, MAX_SHOWN)} as its export's directory, but ${cut(checked, MAX_SHOWN)} was checked; to check the named one, pass it with --at or the option at`;
}

/** The directory that a manifest was written for. */
function namedDirectory({ predicate }: ExportManifest, title: string): StorageUri {
  const directory = parseStorageUri(predicate.artifactOutputUri);
  if (directory !== undefined) return asDirectory(directory);
  throw new ManifestError(
    `${title} names ${cut(predicate.artifactOutputUri, MAX_SHOWN)} as its export's directory, which is not gs://bucket/path. Use a manifest that an export wrote.`,
  );
}

function uriOf({ bucket, path }: StorageUri): string {
  return `gs://${bucket}/${path}`;
}

/** Reads every byte of the recorded files and compares their digests with the listing and the manifest. */
async function checkBytes(
  reader: DirectoryReader,
  directory: StorageUri,
  files: readonly ExportedFile[],
  { subject }: ExportManifest,
  onBytes: (done: number, total: number) => void,
): Promise<string[]> {
  const recorded = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  const wanted = files.filter(({ path }) => recorded.has(path));
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const counted = (file: ArtifactFile): ArtifactFile => ({
    ...file,
    read: async (start, length) => {
      const part = await file.read(start, length);
      done += part.length;
      onBytes(done, total);
      return part;
    },
  });
  // Only this level needs its native module.
  const { checkContent } = await import('../verification/content.js');
  const { findings, sha256 } = await checkContent(wanted.map((file) => counted(reader.readable(directory, file))));
  const others = [...sha256].flatMap(([path, digest]) => {
    const record = recorded.get(path);
    return record === undefined || record === digest
      ? []
      : [`${path} has the sha256 ${digest}, but ${record} is recorded`];
  });
  return [...findings, ...others];
}

function storageUri(uri: string): StorageUri {
  const place = parseStorageUri(uri);
  if (place === undefined) throw new ManifestError(`${cut(uri, MAX_SHOWN)}: must be gs://bucket or gs://bucket/path`);
  return place;
}

interface ReadManifest {
  readonly record: ExportManifest;
  readonly manifestUri: string;
  /** The directory that was named, or the one beside the manifest that was named. */
  readonly beside: StorageUri;
}

async function readManifest(reader: DirectoryReader, uri: string): Promise<ReadManifest> {
  const { bucket, path } = storageUri(uri);
  const directory = asDirectory({ bucket, path });
  const inside = `${directory.path}${MANIFEST_NAME}`;
  const names = path.endsWith('.json') ? [path] : [inside, `${parentOf(directory.path)}${MANIFEST_NAME}`];
  for (const name of names) {
    const manifestUri = `gs://${bucket}/${name}`;
    const content = await manifestContent(reader, { bucket, path: name });
    if (content === undefined) continue;
    const parsed = exportManifestSchema.safeParse(jsonOrUndefined(content.toString()));
    if (!parsed.success) {
      throw new ManifestError(`${manifestUri} is not a manifest of an export: ${firstIssue(parsed.error)}`);
    }
    const record = parsed.data;
    const isNamed = name !== path && name !== inside;
    const beside = isNamed ? directory : directoryBeside(record, { bucket, path: name });
    return { record, manifestUri, beside };
  }
  throw new ManifestError(
    `There is no manifest at ${names.map((name) => `gs://${bucket}/${name}`).join(' or at ')}. Export with manifest: {"write": true} in the input to get one.`,
  );
}

/** The directory with the name that the manifest has for it, in the folder that the manifest is in. */
function directoryBeside(record: ExportManifest, manifest: StorageUri): StorageUri {
  const named = namedDirectory(record, `gs://${manifest.bucket}/${manifest.path}`).path;
  const name = named.slice(parentOf(named).length);
  return { bucket: manifest.bucket, path: `${manifest.path.replace(/[^/]*$/, '')}${name}` };
}

/** The folder that a directory is in; both end with `/`. */
function parentOf(directory: string): string {
  return directory.replace(/[^/]*\/$/, '');
}

async function manifestContent(reader: DirectoryReader, { bucket, path }: StorageUri): Promise<Buffer | undefined> {
  const object = (await reader.objects({ bucket, path })).find(({ name }) => name === path);
  if (object === undefined) return undefined;
  if (object.size > MAX_MANIFEST_BYTES) {
    throw new ManifestError(
      `gs://${bucket}/${path} has ${object.size} bytes, but a manifest has at most ${MAX_MANIFEST_BYTES}. Name the manifest that the export wrote.`,
    );
  }
  return reader.readable({ bucket, path: '' }, exportedFile(object, '')).read(0, object.size);
}
