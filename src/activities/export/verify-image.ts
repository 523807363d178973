import { Context } from '@temporalio/activity';
import type { ImageReference } from '../../contract/resource-names';
import type { VerifiedImage } from '../../contract/export-result';
import type { VerifyExportRequest } from '../../contract/export-activities';
import { parseImageReference } from '../../contract/resource-names';
import { hasStatus } from '../../google/api-error';
import type { ImageManifest } from '../../google/registry';
import type { RunningReads } from '../../google/storage-directory';
import { defined } from '../../internal/defined';
import type { ImageSource } from '../../verification/image';
import { checkImage } from '../../verification/image';
import type { ExportDependencies } from '../dependencies';
import { verificationFailure, withFailures } from '../failures/failure';

/** Verifies an image: its manifest or index, and every config and layer that belongs to it. */
export async function verifyImage(
  deps: ExportDependencies,
  uri: string,
  request: VerifyExportRequest,
  reads: RunningReads,
): Promise<{ verified: VerifiedImage; notes: readonly string[] }> {
  const image = parseImageReference(uri);
  if (image === undefined)
    throw verificationFailure(uri, ["the operation's imageOutputUri is not the URI of an image"]);
  const top = await readManifest(deps, image, reads);
  const { findings, notes, platforms, layers, bytes } = await checkImage(
    top,
    imageSource(deps, image, reads),
    request.level === 'content',
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
      ...defined({ isServingContainer: serving.isSame }),
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

/** Reads the parts of an image for a check; a part that the registry does not have is `undefined`. */
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
    if (error instanceof Error && hasStatus(error.cause, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Compares the image with the Model's serving container. A difference is reported in a note, and is not a failure. */
async function compareWithServingContainer(
  deps: ExportDependencies,
  { digest }: ImageManifest,
  servingImageUri: string | undefined,
  reads: RunningReads,
): Promise<{ isSame?: boolean; notes: string[] }> {
  if (servingImageUri === undefined) return { notes: [] };
  const container = `the Model's serving container ${servingImageUri}`;
  const image = parseImageReference(servingImageUri);
  if (image === undefined) return { notes: [`${container} is in another registry and was not compared`] };
  try {
    const serving = await readManifest(deps, image, reads);
    const digests = [serving.digest, ...(serving.manifest.manifests ?? []).map((manifest) => manifest.digest)];
    if (digests.includes(digest)) return { isSame: true, notes: [] };
    return { isSame: false, notes: [`its digest is not that of ${container}, ${serving.digest}`] };
  } catch (error) {
    const isRefused =
      error instanceof Error && hasStatus(error.cause, 'NOT_FOUND', 'PERMISSION_DENIED', 'UNAUTHENTICATED');
    if (!isRefused) throw error;
    return { notes: [`${container} can't be read and was not compared`] };
  }
}
