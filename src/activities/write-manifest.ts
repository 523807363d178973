import { Context } from '@temporalio/activity';
import type { ExportedFile, StorageUri, VerifiedFiles, VerifyExportRequest } from '../contract';
import { exportManifest } from '../contract';
import { MANIFEST_NAME, subjectsOf } from '../verification/manifest';
import type { ExportDependencies } from './dependencies';
import { withFailures } from './failures';

/**
 * Writes the record of a verified export beside it, and gives its URI. A retry writes the same place again.
 *
 * @param sha256 of the files that were read whole, by path
 */
export async function writeManifest(
  deps: ExportDependencies,
  request: VerifyExportRequest,
  directory: StorageUri,
  files: readonly ExportedFile[],
  { count, bytes, manifestSha256 }: VerifiedFiles,
  sha256: ReadonlyMap<string, string> | undefined,
): Promise<string> {
  const { cancellationSignal: signal, info } = Context.current();
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
      ...{ count, bytes, manifestSha256 },
    },
    await subjectsOf(files, sha256),
  );
  const name = `${path.replace(/[^/]*\/$/, '')}${MANIFEST_NAME}`;
  await withFailures('manifest', () =>
    deps.storage.writeObject(bucket, name, JSON.stringify(manifest), { contentType: 'application/json' }, signal),
  );
  return `gs://${bucket}/${name}`;
}
