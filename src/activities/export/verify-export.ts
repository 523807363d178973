import { Context } from '@temporalio/activity';
import type { VerifiedExport, VerifyExportRequest } from '../../contract/export-activities';
import { boundedVerification } from '../../verification/bounded';
import { manifestOf } from '../../manifest/digests';
import { verifyFiles } from '../../verification/verify-files';
import { listUpload } from './verify-upload';
import type { ExportDependencies } from '../dependencies';
import { DirectoryReader, directoryOf } from './exported-files';
import { verificationFailure } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { outputProblems } from './requested-output';
import { requireRunFolder } from './run-folder';
import { verifyImage } from './verify-image';
import type { WrittenManifest } from './write-manifest';
import { writeManifest } from './write-manifest';

/** What the result of a verification may take of workflow history, in bytes of JSON. */
const MAX_RESULT_BYTES = 200_000;

/** Verifies everything that the operation reports as its output. */
export async function verifyExport(deps: ExportDependencies, request: VerifyExportRequest): Promise<VerifiedExport> {
  const { artifactOutputUri, imageOutputUri } = request.outputInfo;
  const { outputUriPrefix, imageUri } = request.destinations;
  // Any workflow can call the activity: nobody else's folder gets a manifest.
  if (request.writeManifest && outputUriPrefix !== undefined) {
    requireRunFolder(outputUriPrefix, Context.current().info);
  }
  requireOutput('artifactOutputUri', outputUriPrefix, artifactOutputUri);
  requireOutput('imageOutputUri', imageUri, imageOutputUri);
  const misplaced = outputProblems(request.outputInfo, request.destinations);
  if (misplaced.length > 0) throw verificationFailure(artifactOutputUri ?? imageOutputUri ?? '', misplaced);

  const reader = new DirectoryReader(deps.storage, Context.current().cancellationSignal);
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'verifying', ...reader.reads }),
    async () => {
      const image =
        imageOutputUri === undefined ? undefined : await verifyImage(deps, imageOutputUri, request, reader.reads);
      const artifacts =
        artifactOutputUri === undefined ? undefined : await verifyArtifacts(deps, reader, artifactOutputUri, request);
      const notes = [...(artifacts?.notes ?? []), ...(image?.notes ?? [])];
      return {
        ...boundedVerification({ ...artifacts?.verified, notes }, MAX_RESULT_BYTES),
        ...(image && { image: image.verified }),
        reads: reader.reads,
      };
    },
  );
}

/** Without the place of its output, a successful operation can't be verified. */
function requireOutput(field: string, asked: string | undefined, given: string | undefined): void {
  if (asked === undefined || given !== undefined) return;
  throw verificationFailure(asked, [`the operation's outputInfo has no ${field}`]);
}

async function verifyArtifacts(
  deps: ExportDependencies,
  reader: DirectoryReader,
  uri: string,
  request: VerifyExportRequest,
): Promise<{ verified: Pick<VerifiedExport, 'files' | 'inspected'>; notes: string[] }> {
  const directory = directoryOf(uri);
  const { listRequests } = reader.reads;
  const files = await reader.files(directory);
  const isPaged = reader.reads.listRequests - listRequests > 1;
  const upload = await listUpload(reader, request, deps.uploadBuckets);
  const { findings, notes, inspected, sha256 } = await verifyFiles(
    files.map((file) => reader.readable(directory, file)),
    {
      formatId: request.exportFormatId,
      level: request.level === 'none' ? 'listing' : request.level,
      expectsChecksums: true,
      source: upload.source,
      // One page shows the directory at one moment; the directory can change between several pages.
      listAgain: isPaged ? () => reader.files(directory) : undefined,
    },
  );
  if (findings.length > 0) throw verificationFailure(uri, findings);
  const verified = await manifestOf(files);
  const manifest: Partial<WrittenManifest> = request.writeManifest
    ? await writeManifest(deps, request, directory, files, verified, sha256)
    : {};
  return {
    verified: {
      files: { ...verified, ...(manifest.manifestUri !== undefined && { manifestUri: manifest.manifestUri }) },
      ...(inspected.length > 0 && { inspected }),
    },
    notes: [...(manifest.notes ?? []), ...upload.notes, ...notes],
  };
}
