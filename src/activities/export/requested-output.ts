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
    action: 'Inspect the operation. The service sent an answer that the API does not document.',
  });
}

/**
 * The problems of the place that an operation reports as written: it must be below the requested prefix, or be the
 * requested image. Nothing at any other place is read, verified, written or deleted.
 */
export function outputProblems(
  { artifactOutputUri, imageOutputUri }: OutputInfo,
  { outputUriPrefix, imageUri }: ExportDestinations,
): string[] {
  return [
    ...artifactProblems(artifactOutputUri, outputUriPrefix),
    ...(imageOutputUri === undefined || isSameImage(imageOutputUri, imageUri)
      ? []
      : [`the operation's imageOutputUri is ${imageOutputUri}, but ${imageUri ?? 'no image'} was requested`]),
  ];
}

function artifactProblems(given: string | undefined, asked: string | undefined): string[] {
  if (given === undefined) return [];
  const field = "the operation's artifactOutputUri";
  const place = parseStorageUri(given);
  if (place === undefined) return [`${field} is not a Cloud Storage URI: ${given}`];
  if (asked === undefined) return [`${field} is ${given}, but no artifacts were requested`];
  if (!given.startsWith(asked) || given.slice(asked.length).replace(/\/+$/, '') === '') {
    return [`${field} is ${given}, which is not below ${asked}`];
  }
  const hasDots = given
    .slice(asked.length)
    .split('/')
    .some((segment) => segment === '.' || segment === '..');
  return hasDots ? [`${field} has . or .. as a part of its path: ${given}`] : [];
}

/** Whether two references are the same image. No tag means `latest`; a digest names the image that had the tag. */
function isSameImage(given: string, asked: string | undefined): boolean {
  const image = parseImageReference(given);
  const wanted = asked === undefined ? undefined : parseImageUri(asked);
  if (image === undefined || wanted === undefined) return false;
  if (image.host !== wanted.host || image.repository !== wanted.repository) return false;
  return image.reference === wanted.tag || given.includes('@');
}
