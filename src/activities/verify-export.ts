import { Context } from '@temporalio/activity';
import type { ExportedFile, VerifiedExport, VerifiedImage, VerifyExportRequest, StorageUri } from '../contract';
import { ExportFailureType, parseStorageUri } from '../contract';
import { GoogleApiError } from '../google/api-error';
import type { StorageObject } from '../google/storage';
import type { ArtifactFile, Inspection } from '../verification/artifact-file';
import { ChangedFileError, joined } from '../verification/artifact-file';
import { checkContent } from '../verification/content';
import { inspectFiles } from '../verification/families';
import { checkListing } from '../verification/listing';
import { manifestOf } from '../verification/manifest';
import type { ExportDependencies } from './dependencies';
import { exportFailure, verificationFailure, withFailures } from './failures';
import { withHeartbeats } from './heartbeats';

/** So many looks into files stand in the result: it is part of workflow history. */
const INLINE_INSPECTED = 100;

/** Looks at everything that the operation says it wrote. */
export async function verifyExport(deps: ExportDependencies, request: VerifyExportRequest): Promise<VerifiedExport> {
  const { artifactOutputUri, imageOutputUri } = request.outputInfo;
  const { outputUriPrefix, imageUri } = request.destinations;
  requireOutput('artifactOutputUri', outputUriPrefix, artifactOutputUri);
  requireOutput('imageOutputUri', imageUri, imageOutputUri);

  let listed = 0;
  const reads = { requests: 0, bytes: 0 };
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'verifying', objectsListed: listed, bytesRead: reads.bytes }),
    async () => {
      const image = imageOutputUri === undefined ? undefined : await verifyImage(deps, imageOutputUri);
      if (artifactOutputUri === undefined) return { ...(image && { image }), notes: [] };

      const directory = directoryOf(artifactOutputUri);
      const files: ExportedFile[] = [];
      for await (const page of listExport(deps, directory)) {
        files.push(...page);
        listed = files.length;
      }
      const listing = checkListing(request.exportFormatId, files);
      const inside = await lookInside(deps, request, directory, files, reads);
      const findings = [...listing.findings, ...inside.findings];
      if (findings.length > 0) throw verificationFailure(artifactOutputUri, findings);
      const notes = [...listing.notes, ...inside.notes];
      return {
        files: manifestOf(files),
        ...(image && { image }),
        notes,
        ...(reads.requests > 0 && { reads }),
        ...(inside.inspected.length > 0 && { inspected: inside.inspected.slice(0, INLINE_INSPECTED) }),
      };
    },
  );
}

/** An operation that ended well but does not say where its output is gives nothing to look at. */
function requireOutput(field: string, asked: string | undefined, given: string | undefined): void {
  if (asked === undefined || given !== undefined) return;
  throw verificationFailure(asked, [`the operation's outputInfo has no ${field}`]);
}

/** What the level asks for beyond the listing. */
async function lookInside(
  deps: ExportDependencies,
  { level, exportFormatId }: VerifyExportRequest,
  directory: StorageUri,
  listed: readonly ExportedFile[],
  reads: { requests: number; bytes: number },
): Promise<Inspection> {
  if (level !== 'structure' && level !== 'content') return joined([]);
  const signal = Context.current().cancellationSignal;
  const files = listed.map((file): ArtifactFile => ({
    ...file,
    read: async (start, length) => {
      reads.requests += 1;
      reads.bytes += length;
      const object = { name: `${directory.path}${file.path}`, generation: file.generation };
      return withFailures('artifacts', async () => {
        try {
          return await deps.storage.readRange(directory.bucket, object, { start, length }, signal);
        } catch (error) {
          // The bucket was there a moment ago: it is this generation of the object that is gone.
          const isGone = error instanceof GoogleApiError && [404, 412, 416].includes(error.httpStatus);
          throw isGone ? new ChangedFileError() : error;
        }
      });
    },
  }));
  const structure = await inspectFiles(exportFormatId, files);
  return level === 'content' ? joined([structure, await checkContent(files)]) : structure;
}

/** The export's directory; its path ends with `/`. */
function directoryOf(uri: string): StorageUri {
  const directory = parseStorageUri(uri);
  if (directory === undefined) {
    throw exportFailure(`The operation's artifactOutputUri is no Cloud Storage URI: ${uri}`, {
      type: ExportFailureType.VerificationFailed,
      action: 'Look at the operation: the service answered with something that the API does not document.',
    });
  }
  const { bucket, path } = directory;
  // Without the slash a neighbour whose name begins alike would be listed too.
  return { bucket, path: path.endsWith('/') ? path : `${path}/` };
}

/** Everything below the export's directory, with paths relative to it. */
async function* listExport(deps: ExportDependencies, { bucket, path }: StorageUri): AsyncIterable<ExportedFile[]> {
  const pages = deps.storage.listObjects(bucket, path, Context.current().cancellationSignal);
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const next = await withFailures('artifacts', () => iterator.next());
    if (next.done) return;
    yield next.value.map((object) => exportedFile(object, path));
  }
}

function exportedFile(object: StorageObject, prefix: string): ExportedFile {
  return {
    path: object.name.slice(prefix.length),
    bytes: object.size,
    ...(object.crc32c === undefined ? {} : { crc32c: object.crc32c }),
    ...(object.md5Hash === undefined ? {} : { md5: object.md5Hash }),
    generation: object.generation,
  };
}

async function verifyImage(deps: ExportDependencies, uri: string): Promise<VerifiedImage> {
  const { cancellationSignal } = Context.current();
  const { digest, mediaType, manifest } = await withFailures('image', () =>
    deps.registry.getManifest(uri, cancellationSignal),
  );
  const parts = [...(manifest.config ? [manifest.config] : []), ...(manifest.layers ?? [])];
  return {
    pinnedUri: `${uri.replace(/:[^/:]*$/, '')}@${digest}`,
    digest,
    mediaType,
    ...(parts.length === 0 ? {} : { bytes: parts.reduce((sum, { size }) => sum + size, 0) }),
  };
}
