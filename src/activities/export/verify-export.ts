import { Context } from '@temporalio/activity';
import type { VerifiedExport, VerifyExportRequest } from '../../contract/export-activities';
import type { VerifiedFiles } from '../../contract/export-result';
import type { StorageUri } from '../../contract/resource-names';
import { DirectoryReader } from '../../google/storage-directory';
import { defined } from '../../internal/defined';
import { boundedVerification } from '../../verification/bounded';
import { manifestOf } from '../../manifest/digests';
import type { ManifestPredicate } from '../../manifest/statement';
import type { WrittenManifest } from '../../manifest/write';
import { writeManifest } from '../../manifest/write';
import { verifyFiles } from '../../verification/verify-files';
import { listUpload } from './verify-upload';
import type { ExportDependencies } from '../dependencies';
import { verificationFailure } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { outputDirectory, outputProblems } from './requested-output';
import { requireRunFolder } from './run-folder';
import { verifyImage } from './verify-image';
import { writeObjectOnce } from './write-object';

/** Largest result of a verification, in bytes of JSON: it is part of workflow history. */
const MAX_RESULT_BYTES = 200_000;

/** Verifies everything that the operation reports as its output. Errors of Cloud Storage are thrown unchanged. */
export async function verifyExport(
  deps: ExportDependencies,
  request: VerifyExportRequest,
  report: ReportDetails,
): Promise<VerifiedExport> {
  const { artifactOutputUri, imageOutputUri } = request.outputInfo;
  const { outputUriPrefix, imageUri } = request.destinations;
  // Any workflow can call the activity: a manifest is written only to the caller's own folder.
  if (request.writeManifest && outputUriPrefix !== undefined) {
    requireRunFolder(outputUriPrefix, Context.current().info);
  }
  requireOutput('artifactOutputUri', outputUriPrefix, artifactOutputUri);
  requireOutput('imageOutputUri', imageUri, imageOutputUri);
  const misplaced = outputProblems(request.outputInfo, request.destinations);
  if (misplaced.length > 0) throw verificationFailure(artifactOutputUri ?? imageOutputUri ?? '', misplaced);

  const reader = new DirectoryReader(deps.storage, Context.current().cancellationSignal);
  report(() => ({ step: 'verifying', ...reader.reads }));
  const image =
    imageOutputUri === undefined ? undefined : await verifyImage(deps, imageOutputUri, request, reader.reads);
  const artifacts =
    artifactOutputUri === undefined ? undefined : await verifyArtifacts(deps, reader, artifactOutputUri, request);
  const notes = [...(artifacts?.notes ?? []), ...(image?.notes ?? [])];
  return {
    ...boundedVerification({ ...artifacts?.verified, notes }, MAX_RESULT_BYTES),
    ...defined({ image: image?.verified }),
    reads: reader.reads,
  };
}

/** Refuses a successful operation without the URI of its output: there is nothing to verify. */
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
  const directory = outputDirectory(uri);
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
    ? await writeManifest(
        (object) => writeObjectOnce(deps.storage, { ...object, purpose: 'manifest' }),
        directory,
        predicateOf(request, directory, verified),
        files,
        sha256,
      )
    : {};
  return {
    verified: {
      files: { ...verified, ...defined({ manifestUri: manifest.manifestUri }) },
      ...(inspected.length > 0 && { inspected }),
    },
    notes: [...(manifest.notes ?? []), ...upload.notes, ...notes],
  };
}

/** What the manifest of a verified export states. */
function predicateOf(
  { model, exportFormatId, operation, level }: VerifyExportRequest,
  { bucket, path }: StorageUri,
  { count, bytes, manifestSha256 }: VerifiedFiles,
): ManifestPredicate {
  const { workflowExecution } = Context.current().info;
  return {
    model,
    exportFormatId,
    operation,
    artifactOutputUri: `gs://${bucket}/${path}`,
    workflowId: workflowExecution?.workflowId ?? '',
    runId: workflowExecution?.runId ?? '',
    verificationLevel: level === 'none' ? 'listing' : level,
    verifiedAt: new Date().toISOString(),
    count,
    bytes,
    manifestSha256,
  };
}
