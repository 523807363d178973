import { Context } from '@temporalio/activity';
import type { ImageReference } from '../../contract/resource-names';
import type { VerifiedImage } from '../../contract/export-result';
import type { VerifyExportRequest } from '../../contract/export-activities';
import { parseImageReference } from '../../contract/resource-names';
import { GoogleApiError } from '../../google/api-error';
import type { ImageManifest } from '../../google/registry';
import type { RunningReads } from '../../google/storage-directory';
import type { ImageSource } from '../../verification/image';
import { checkImage } from '../../verification/image';
import type { ExportDependencies } from '../dependencies';
import { verificationFailure, withFailures } from '../failures/failure';

/** Looks at an image: its manifest or index, and every config and layer that belongs to it. */
export async function verifyImage(
  deps: ExportDependencies,
  uri: string,
  request: VerifyExportRequest,
  reads: RunningReads,
): Promise<{ verified: VerifiedImage; notes: readonly string[] }> {
  const image = parseImageReference(uri);
  if (image === undefined) throw verificationFailure(uri, ["the operation's imageOutputUri is no image's URI"]);
  const top = await readManifest(deps, image, reads);
  const { findings, notes, platforms, layers, bytes } = await checkImage(
    top,
    imageSource(deps, image, reads),
    request.level,
  );
  if (findings.length > 0) throw verificationFailure(uri, findings);
  const serving = await compareWithServingContainer(deps, top, request.source.servingImageUri, reads);
  return {
    verified: {
      pinnedUri: `${image.host}/${image.repository}@${top.digest}`,
      digest: top.digest,
      mediaType: top.mediaType,
      platforms,
      layers,
      bytes,
      ...(serving.isSame !== undefined && { isServingContainer: serving.isSame }),
    },
    notes: [...notes, ...serving.notes],
  };
}

function readManifest(deps: ExportDependencies, image: ImageReference, reads: RunningReads): Promise<ImageManifest> {
  reads.readRequests += 1;
  const { cancellationSignal } = Context.current();
  return withFailures('image', async () => {
    const manifest = await deps.registry.getManifest(image, cancellationSignal);
    reads.bytes += manifest.size;
    return manifest;
  });
}

/** Lets a check read the parts of an image; what the registry does not have is `undefined`. */
function imageSource(deps: ExportDependencies, image: ImageReference, reads: RunningReads): ImageSource {
  const { cancellationSignal: signal } = Context.current();
  return {
    manifest: (reference) => orMissing(() => readManifest(deps, { ...image, reference }, reads)),
    blob: ({ digest }) =>
      orMissing(async () => {
        reads.readRequests += 1;
        const bytes = await withFailures('image', () => deps.registry.getBlobSize(image, digest, signal));
        return {
          bytes,
          read: (start, length) => {
            reads.readRequests += 1;
            reads.bytes += length;
            return withFailures('image', () => deps.registry.readBlob(image, digest, { start, length }, signal));
          },
        };
      }),
  };
}

async function orMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && isMissing(error.cause)) return undefined;
    throw error;
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof GoogleApiError && cause.status === 'NOT_FOUND';
}

/** Whether the image is the one that the Model is served by; a difference is told, and no failure. */
async function compareWithServingContainer(
  deps: ExportDependencies,
  { digest }: ImageManifest,
  servingImageUri: string | undefined,
  reads: RunningReads,
): Promise<{ isSame?: boolean; notes: string[] }> {
  if (servingImageUri === undefined) return { notes: [] };
  const what = `the Model's serving container ${servingImageUri}`;
  const image = parseImageReference(servingImageUri);
  if (image === undefined) return { notes: [`${what} is in another registry, and was not compared`] };
  try {
    const serving = await readManifest(deps, image, reads);
    const digests = [serving.digest, ...(serving.manifest.manifests ?? []).map((manifest) => manifest.digest)];
    if (digests.includes(digest)) return { isSame: true, notes: [] };
    return { isSame: false, notes: [`its digest is not that of ${what}, ${serving.digest}`] };
  } catch (error) {
    if (!(error instanceof Error) || !isRefused(error.cause)) throw error;
    return { notes: [`${what} can't be read, and was not compared`] };
  }
}

function isRefused(cause: unknown): boolean {
  return (
    cause instanceof GoogleApiError && ['NOT_FOUND', 'PERMISSION_DENIED', 'UNAUTHENTICATED'].includes(cause.status)
  );
}
