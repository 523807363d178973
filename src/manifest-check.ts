import type { GoogleOptions } from './activities';
import { DirectoryReader, asDirectory } from './activities/exported-files';
import { createDependencies } from './activities/google-dependencies';
import { jsonOrUndefined } from './google/api-error';
import type { ExportedFile, ExportManifest, Reads, StorageUri } from './contract';
import { exportManifestSchema, firstIssue, parseStorageUri } from './contract';
import type { ArtifactFile } from './verification/artifact-file';
import { MANIFEST_NAME } from './verification/manifest';
import { compareWithManifest } from './verification/manifest-comparison';

export interface ManifestCheckOptions {
  /** `listing` compares what the store records; `content` reads every byte, and compares all digests. Default `listing`. */
  level?: 'listing' | 'content';
  /** Another place to look at, for a copy: `gs://bucket/directory`. Default: where the manifest says. */
  at?: string;
  /** Where Cloud Storage is and how to speak to it. */
  google?: GoogleOptions;
  /** Called as it goes on. */
  onProgress?: (progress: ManifestCheckProgress) => void;
  /** Ends the check early; its reason is thrown. */
  signal?: AbortSignal;
}

export interface ManifestCheckProgress {
  /** What is counted: files that were listed, or bytes that were read. */
  readonly unit: 'files' | 'bytes';
  readonly done: number;
  readonly total: number;
}

/** What a check found; `findings` is empty where everything is as it was. */
export interface ManifestCheck {
  /** What made the export. */
  readonly export: ExportManifest['predicate'];
  /** The place that was looked at. */
  readonly artifactUri: string;
  /** What is not as the manifest says, file by file. */
  readonly findings: readonly string[];
  /** What is worth knowing and no fault, for example more files. */
  readonly notes: readonly string[];
  readonly reads: Reads;
}

/** A long check must not fail for one answer: so often a request is made, over about a minute. */
const STORAGE_ATTEMPTS = 8;

/** There is no manifest to check against, or what stands there is none. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Checks an export against its manifest, or a copy of it elsewhere.
 *
 * @param manifest the manifest, or where it is: `gs://…/manifest.json`, the folder that it is in, or the export's own
 * directory beside it
 * @throws ManifestError where there is no manifest
 * @throws ApplicationFailure with an `ExportFailureType` where Cloud Storage refuses to be read
 */
export async function verifyManifest(
  manifest: ExportManifest | string,
  options: ManifestCheckOptions = {},
): Promise<ManifestCheck> {
  const { level = 'listing', at, onProgress, signal = new AbortController().signal } = options;
  const reader = new DirectoryReader(
    createDependencies(options.google, { storageAttempts: STORAGE_ATTEMPTS }).storage,
    signal,
  );
  const record = typeof manifest === 'string' ? await readManifest(reader, manifest) : manifest;
  const { predicate } = record;
  const artifactUri = at ?? predicate.artifactOutputUri;
  const directory = asDirectory(storageUri(artifactUri));
  const files = await reader.files(directory, (listed) => {
    onProgress?.({ unit: 'files', done: Math.min(listed, predicate.count), total: predicate.count });
  });
  const isOriginal = `gs://${directory.bucket}/${directory.path}` === predicate.artifactOutputUri;
  const { findings, notes } = await compareWithManifest(record, files, isOriginal);
  const tell = (done: number, total: number): void => {
    onProgress?.({ unit: 'bytes', done, total });
  };
  const more = level === 'content' ? await checkBytes(reader, directory, files, record, tell) : [];
  return { export: predicate, artifactUri, findings: [...findings, ...more], notes, reads: reader.reads };
}

/** Reads every byte of the recorded files, and compares their digests with those of the listing and the record. */
async function checkBytes(
  reader: DirectoryReader,
  directory: StorageUri,
  files: readonly ExportedFile[],
  { subject }: ExportManifest,
  tell: (done: number, total: number) => void,
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
      tell(done, total);
      return part;
    },
  });
  // It brings a native module, which only this level needs.
  const { checkContent } = await import('./verification/content.js');
  const { findings, sha256 } = await checkContent(wanted.map((file) => counted(reader.readable(directory, file))));
  const others = [...sha256].flatMap(([path, digest]) => {
    const record = recorded.get(path);
    return record === undefined || record === digest
      ? []
      : [`${path} has the sha256 ${digest}, and ${record} is recorded`];
  });
  return [...findings, ...others];
}

function storageUri(uri: string): StorageUri {
  const place = parseStorageUri(uri);
  if (place === undefined) throw new ManifestError(`${uri}: must be gs://bucket or gs://bucket/path`);
  return place;
}

async function readManifest(reader: DirectoryReader, uri: string): Promise<ExportManifest> {
  const { bucket, path } = storageUri(uri);
  const directory = asDirectory({ bucket, path }).path;
  const names = path.endsWith('.json')
    ? [path]
    : [`${directory}${MANIFEST_NAME}`, `${directory.replace(/[^/]*\/$/, '')}${MANIFEST_NAME}`];
  for (const name of names) {
    const content = await reader.content({ bucket, path: name });
    if (content === undefined) continue;
    const parsed = exportManifestSchema.safeParse(jsonOrUndefined(content.toString()));
    if (parsed.success) return parsed.data;
    throw new ManifestError(`gs://${bucket}/${name} is no manifest of an export: ${firstIssue(parsed.error)}`);
  }
  throw new ManifestError(
    `There is no manifest at ${names.map((name) => `gs://${bucket}/${name}`).join(' nor at ')}. One is written where the export's input has manifest: {"write": true}.`,
  );
}
