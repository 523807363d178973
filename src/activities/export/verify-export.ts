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
import { manifestOf } from '../../manifest/digests';
import { inspectFiles, joined } from '../../verification/structure';
import { compareWithUpload } from './verify-upload';
import type { ExportDependencies } from '../dependencies';
import { verificationFailure, withFailures } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { outputDirectory, outputProblems } from './requested-output';
import { requireRunFolder } from './run-folder';
import { verifyImage } from './verify-image';
import type { WrittenManifest } from './write-manifest';
import { writeManifest } from './write-manifest';

/** What the result of a verification may take of workflow history, in bytes of JSON. */
const MAX_RESULT_BYTES = 200_000;

/** Looks at everything that the operation says it wrote. */
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
    () =>
      withFailures('artifacts', async () => {
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
      }),
  );
}

/** An operation that ended well but does not say where its output is gives nothing to look at. */
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
  const { structure, content } = await lookInside(request, family, readable);
  // One page is the directory at one moment; several may have seen it change.
  const changes = isPaged ? await changesBetween(files, await reader.files(directory)) : [];
  const findings = [
    ...[...listing.findings, ...upload.findings, ...structure.findings],
    ...[...(content?.findings ?? []), ...changes],
  ];
  if (findings.length > 0) throw verificationFailure(uri, findings);
  const verified = await manifestOf(files);
  const { manifestUri, notes = [] }: Partial<WrittenManifest> = request.writeManifest
    ? await writeManifest(deps, request, directory, files, verified, content?.sha256)
    : {};
  return {
    verified: {
      files: { ...verified, ...(manifestUri !== undefined && { manifestUri }) },
      ...(structure.inspected.length > 0 && { inspected: structure.inspected }),
    },
    notes: [
      ...notes,
      ...[...listing.notes, ...upload.notes, ...(await strangers(family, files, structure))],
      ...[...structure.notes, ...unchecked(request, family, structure)],
    ],
  };
}

/** What the level asks for beyond the listing. */
async function lookInside(
  { level }: VerifyExportRequest,
  family: Family | undefined,
  files: readonly ArtifactFile[],
): Promise<{ structure: Inspection; content?: Content }> {
  if (level !== 'structure' && level !== 'content') return { structure: joined([]) };
  const structure = await inspectFiles(family?.kinds ?? [], files);
  return { structure, ...(level === 'content' && { content: await checkContent(files) }) };
}

/** Files that exports of the format do not have: somebody else's, perhaps. */
async function strangers(
  family: Family | undefined,
  files: readonly ExportedFile[],
  { used }: Inspection,
): Promise<string[]> {
  if (family === undefined) return [];
  const known = new Set(used);
  return unexpectedFiles((path) => known.has(path) || belongs(family, path), files);
}

/** What was not looked into, although the level asks for it. */
function unchecked(
  { level, exportFormatId }: VerifyExportRequest,
  family: Family | undefined,
  { inspected }: Inspection,
): string[] {
  if (family === undefined) {
    return [`the files of format ${exportFormatId} are not known: names, sizes and checksums were checked, no inside`];
  }
  const none = (level === 'structure' || level === 'content') && inspected.length === 0;
  return none ? ['no file is of a kind that is looked into'] : [];
}
