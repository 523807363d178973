import { Context } from '@temporalio/activity';
import type { ExportedFile } from '../../contract/export-result';
import type { VerifiedExport, VerifyExportRequest } from '../../contract/export-activities';
import { DirectoryReader } from '../../google/storage-directory';
import type { ArtifactFile } from '../../verification/artifact-file';
import { boundedVerification } from '../../verification/bounded';
import { changesBetween } from '../../verification/changes';
import type { Content } from '../../verification/content';
import { checkContent } from '../../verification/content';
import type { Family } from '../../verification/formats';
import { belongs, familyOf } from '../../verification/formats';
import type { Inspection } from '../../verification/inspection';
import { checkListing, unexpectedFiles } from '../../verification/listing';
import { defined } from '../../internal/defined';
import { manifestOf } from '../../manifest/digests';
import { inspectFiles, joined } from '../../verification/structure';
import { compareWithUpload } from './verify-upload';
import type { ExportDependencies } from '../dependencies';
import { verificationFailure } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { outputDirectory, outputProblems } from './requested-output';
import { requireRunFolder } from './run-folder';
import { verifyImage } from './verify-image';
import type { WrittenManifest } from './write-manifest';
import { writeManifest } from './write-manifest';

/** Largest result of a verification, in bytes of JSON: it is part of workflow history. */
const MAX_RESULT_BYTES = 200_000;

/** Verifies everything that the operation reports as written. Errors of Cloud Storage are thrown unchanged. */
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
  const family = familyOf(
    request.exportFormatId,
    files.map(({ path }) => path),
  );
  const listing = await checkListing(family, files);
  const upload = await compareWithUpload(reader, request, files, deps.uploadBuckets);
  const readable = files.map((file) => reader.readable(directory, file));
  const { structure, content } = await inspect(request, family, readable);
  // One page shows the directory at one moment; it may change between several.
  const changes = isPaged ? await changesBetween(files, await reader.files(directory)) : [];
  const findings = [
    ...listing.findings,
    ...upload.findings,
    ...structure.findings,
    ...(content?.findings ?? []),
    ...changes,
  ];
  if (findings.length > 0) throw verificationFailure(uri, findings);
  const verified = await manifestOf(files);
  const { manifestUri, notes = [] }: Partial<WrittenManifest> = request.writeManifest
    ? await writeManifest(deps, request, directory, files, verified, content?.sha256)
    : {};
  return {
    verified: {
      files: { ...verified, ...defined({ manifestUri }) },
      ...(structure.inspected.length > 0 && { inspected: structure.inspected }),
    },
    notes: [
      ...notes,
      ...listing.notes,
      ...upload.notes,
      ...(await filesOfOthers(family, files, structure)),
      ...structure.notes,
      ...unchecked(request, family, structure),
    ],
  };
}

/** Inspects what the level requires beyond the listing. */
async function inspect(
  { level }: VerifyExportRequest,
  family: Family | undefined,
  files: readonly ArtifactFile[],
): Promise<{ structure: Inspection; content?: Content }> {
  if (level !== 'structure' && level !== 'content') return { structure: joined([]) };
  const structure = await inspectFiles(family?.kinds ?? [], files);
  return { structure, ...(level === 'content' && { content: await checkContent(files) }) };
}

/** Notes about unexpected files: exports of the format do not have them. */
async function filesOfOthers(
  family: Family | undefined,
  files: readonly ExportedFile[],
  { used }: Inspection,
): Promise<string[]> {
  if (family === undefined) return [];
  const known = new Set(used);
  return unexpectedFiles((path) => known.has(path) || belongs(family, path), files);
}

/** Notes about files that were not inspected although the level requires it. */
function unchecked(
  { level, exportFormatId }: VerifyExportRequest,
  family: Family | undefined,
  { inspected }: Inspection,
): string[] {
  if (family === undefined) {
    return [
      `the files of format ${exportFormatId} are not known: names, sizes and checksums were checked, but no contents`,
    ];
  }
  const none = (level === 'structure' || level === 'content') && inspected.length === 0;
  return none ? ['no file is of a kind that can be inspected'] : [];
}
