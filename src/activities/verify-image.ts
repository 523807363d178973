import { Context } from '@temporalio/activity';
import type { VerifiedImage, VerifyExportRequest } from '../contract';
import type { ExportDependencies } from './dependencies';
import type { RunningReads } from './exported-files';
import { withFailures } from './failures';

/** Looks at an image: its manifest or index, and what that consists of. */
export async function verifyImage(
  deps: ExportDependencies,
  uri: string,
  _request: VerifyExportRequest,
  reads: RunningReads,
): Promise<{ verified: VerifiedImage; notes: string[] }> {
  const { cancellationSignal } = Context.current();
  const { digest, mediaType, manifest } = await withFailures('image', () =>
    deps.registry.getManifest(uri, cancellationSignal),
  );
  reads.readRequests += 1;
  const parts = [...(manifest.config ? [manifest.config] : []), ...(manifest.layers ?? [])];
  return {
    verified: {
      pinnedUri: `${uri.replace(/:[^/:]*$/, '')}@${digest}`,
      digest,
      mediaType,
      ...(parts.length === 0 ? {} : { bytes: parts.reduce((sum, { size }) => sum + size, 0) }),
    },
    notes: [],
  };
}
