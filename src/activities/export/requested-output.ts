import type { ExportDestinations } from '../../contract/export-activities';
import type { OutputInfo } from '../../contract/export-result';
import type { StorageUri } from '../../contract/resource-names';
import { parseImageReference, parseImageUri, parseStorageUri } from '../../contract/resource-names';
import { ExportFailureType } from '../../contract/failures';
import { asDirectory } from '../../google/storage-directory';
import { exportFailure } from '../failures/failure';

/**
 * The directory that an operation wrote to; its path ends with `/`.
 *
 * @throws ApplicationFailure of the type VerificationFailed if the URI is not a Cloud Storage URI
 */
export function outputDirectory(uri: string): StorageUri {
  const directory = parseStorageUri(uri);
  if (directory !== undefined) return asDirectory(directory);
  throw exportFailure(`The operation's artifactOutputUri is not a Cloud Storage URI: ${uri}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'Look at the operation: the service answered with something that the API does not document.',
  });
}

/**
 * What is wrong with the place that an operation says it wrote to: it must lie below the prefix, or be the image, that
 * the export asked for. Nothing anywhere else is read, verified, written or deleted.
 */
export function outputProblems(
  { artifactOutputUri, imageOutputUri }: OutputInfo,
  { outputUriPrefix, imageUri }: ExportDestinations,
): string[] {
  return [
    ...artifactProblems(artifactOutputUri, outputUriPrefix),
    ...(imageOutputUri === undefined || isSameImage(imageOutputUri, imageUri)
      ? []
      : [`the operation's imageOutputUri is ${imageOutputUri}, and ${imageUri ?? 'no image'} was asked for`]),
  ];
}

function artifactProblems(given: string | undefined, asked: string | undefined): string[] {
  if (given === undefined) return [];
  const field = "the operation's artifactOutputUri";
  const place = parseStorageUri(given);
  if (place === undefined) return [`${field} is not a Cloud Storage URI: ${given}`];
  if (asked === undefined) return [`${field} is ${given}, and no artifacts were asked for`];
  if (!given.startsWith(asked) || given.slice(asked.length).replace(/\/+$/, '') === '') {
    return [`${field} is ${given}, which is not below ${asked}`];
  }
  const hasDots = given
    .slice(asked.length)
    .split('/')
    .some((segment) => segment === '.' || segment === '..');
  return hasDots ? [`${field} has . or .. as a part of its path: ${given}`] : [];
}

/** With or without the tag `latest` it is the same image; a digest names the image that the tag had. */
function isSameImage(given: string, asked: string | undefined): boolean {
  const image = parseImageReference(given);
  const wanted = asked === undefined ? undefined : parseImageUri(asked);
  if (image === undefined || wanted === undefined) return false;
  if (image.host !== wanted.host || image.repository !== wanted.repository) return false;
  return image.reference === wanted.tag || given.includes('@');
}
