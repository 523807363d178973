import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import type { ExportedFile, VerifiedFiles } from '../../contract/export-result';
import type { ExportManifest } from '../../contract/manifest';
import type { StorageUri } from '../../contract/resource-names';
import type { VerifyExportRequest } from '../../contract/export-activities';
import { exportManifest, exportManifestSchema } from '../../contract/manifest';
import { jsonOrUndefined } from '../../internal/json';
import { MANIFEST_NAME, subjectsOf } from '../../manifest/digests';
import type { ExportDependencies } from '../dependencies';
import { writeObjectOnce } from './write-object';

/** The URI of the manifest, or a note with the reason why it was not written. */
export interface WrittenManifest {
  readonly manifestUri?: string;
  readonly notes: readonly string[];
}

/**
 * Writes the manifest of a verified export beside it. A manifest of the same operation and files, from an earlier attempt,
 * is kept. If another object exists and may not be replaced, the export succeeds with a note.
 *
 * @param sha256 digests of the files that were read completely, by path
 */
export async function writeManifest(
  deps: ExportDependencies,
  request: VerifyExportRequest,
  directory: StorageUri,
  files: readonly ExportedFile[],
  { count, bytes, manifestSha256 }: VerifiedFiles,
  sha256: ReadonlyMap<string, string> | undefined,
): Promise<WrittenManifest> {
  const { info } = Context.current();
  const { bucket, path } = directory;
  const manifest = exportManifest(
    {
      model: request.model,
      exportFormatId: request.exportFormatId,
      operation: request.operation,
      artifactOutputUri: `gs://${bucket}/${path}`,
      workflowId: info.workflowExecution?.workflowId ?? '',
      runId: info.workflowExecution?.runId ?? '',
      verificationLevel: request.level === 'none' ? 'listing' : request.level,
      verifiedAt: new Date().toISOString(),
      count,
      bytes,
      manifestSha256,
    },
    await subjectsOf(files, sha256),
  );
  const name = `${path.replace(/[^/]*\/$/, '')}${MANIFEST_NAME}`;
  const manifestUri = `gs://${bucket}/${name}`;
  const written = await writeObjectOnce(deps.storage, {
    place: { bucket, path: name },
    content: JSON.stringify(manifest),
    contentType: 'application/json',
    purpose: 'manifest',
    isSame: (existing) => isSameExport(existing, manifest),
  });
  if (written.outcome !== 'refused') return { manifestUri, notes: [] };
  const reason = written.failure instanceof Error ? written.failure.message : String(written.failure);
  return { notes: [`the manifest was not written, because another object exists at ${manifestUri}: ${reason}`] };
}

/** Whether a manifest records the same files of the same operation; time and run may differ. */
function isSameExport(existing: string, manifest: ExportManifest): boolean {
  const parsed = exportManifestSchema.safeParse(jsonOrUndefined(existing));
  if (!parsed.success) return false;
  const { verifiedAt, runId } = manifest.predicate;
  const found = { ...parsed.data, predicate: { ...parsed.data.predicate, verifiedAt, runId } };
  return isDeepStrictEqual(found, exportManifestSchema.parse(manifest));
}
