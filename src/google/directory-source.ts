import type { StorageUri } from '../contract/resource-names';
import { parseStorageUri } from '../contract/resource-names';
import { cut, printable } from '../internal/text';
import type { ArtifactFile } from '../verification/artifact-file';
import { GoogleApiError, GoogleTransportError, isPassing } from './api-error';
import type { Credentials } from './credentials';
import { anonymous } from './credentials';
import { CredentialsError } from './credentials-error';
import { EndpointError, endpointUrl, isUnencrypted } from './endpoint';
import { isLoopback } from './public-address';
import type { GoogleServiceOptions } from './services';
import { retryingStorage } from './services';
import { asDirectory, DirectoryReader } from './storage-directory';

/**
 * How a directory of Cloud Storage is read.
 *
 * @experimental
 */
export interface StorageDirectoryOptions {
  /**
   * Source of the authorization headers; `anonymous` sends none, for a public bucket. Default: Application Default
   * Credentials, and `anonymous` for a `storageUrl` on this machine.
   */
  readonly credentials?: Credentials | 'anonymous';
  /**
   * URL of a private endpoint or of an emulator, for example `http://127.0.0.1:4443`. Default: the environment variable
   * `STORAGE_EMULATOR_HOST`, which is called without credentials, then `https://storage.googleapis.com`.
   */
  readonly storageUrl?: string;
  /** Ends the listing, and later each read, early; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Why a directory of Cloud Storage can't be read:
 * - `invalid`: the URI or `storageUrl` is invalid; no request was sent.
 * - `credentials`: there are no credentials, or no token could be obtained from them.
 * - `bucket-not-found`: the bucket does not exist.
 * - `empty`: the bucket has no file below the path.
 * - `refused`: Cloud Storage refused the request, for example because a role is missing.
 * - `unavailable`: Cloud Storage or the token service did not give a usable answer. The same call may succeed later.
 *
 * @experimental
 */
export type StorageDirectoryProblem =
  'invalid' | 'credentials' | 'bucket-not-found' | 'empty' | 'refused' | 'unavailable';

/**
 * A directory of Cloud Storage can't be listed, or a file in it can't be read.
 *
 * @experimental
 */
export class StorageDirectoryError extends Error {
  override readonly name = 'StorageDirectoryError';

  /** @internal */
  constructor(
    /** Why the directory can't be read. */
    readonly problem: StorageDirectoryProblem,
    /** The directory: `gs://bucket/path`. */
    readonly uri: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Lists the files below a directory of Cloud Storage, for {@link verifyDirectory}. Parts of a file are read when the
 * verification needs them, always of the version that was listed. Each request whose failure may pass is retried for
 * about a minute. The account needs `roles/storage.objectViewer` on the bucket.
 *
 * @example
 * ```ts
 * import { storageDirectory, verifyDirectory } from 'temporal-vertex-export/verification';
 *
 * const files = await storageDirectory('gs://my-bucket/models/flowers');
 * const { findings } = await verifyDirectory(files, { format: 'tflite', level: 'content' });
 * ```
 *
 * @param uri `gs://bucket` or `gs://bucket/path`; a slash at the end makes no difference
 * @returns the files in order of their paths, with their recorded checksums; at most 200,000. Empty objects whose name
 * ends with a slash are left out: tools create them to show a directory.
 * @throws StorageDirectoryError if the directory can't be listed or has no file; `read` of a file throws it, too
 * @experimental
 */
export async function storageDirectory(uri: string, options: StorageDirectoryOptions = {}): Promise<ArtifactFile[]> {
  const directory = directoryOf(uri);
  const explained = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw explain(error, uri, directory);
    });
  return explained(async () => {
    const { signal = new AbortController().signal } = options;
    const reader = new DirectoryReader(retryingStorage(serviceOptions(uri, options)), signal);
    const listed = await reader.files(directory);
    const files = listed.filter(({ path, bytes }) => bytes > 0 || (path !== '' && !path.endsWith('/')));
    if (files.length === 0) {
      const advice = 'Check the path: it must be a directory, and is case-sensitive.';
      throw new StorageDirectoryError('empty', uri, `${shown(uri)}: there is no file below this path. ${advice}`);
    }
    return files.map((file) => {
      const readable = reader.readable(directory, file);
      return { ...readable, read: (start, length) => explained(() => readable.read(start, length)) };
    });
  });
}

function directoryOf(uri: string): StorageUri {
  const place = parseStorageUri(uri);
  if (place !== undefined) return asDirectory(place);
  throw new StorageDirectoryError(
    'invalid',
    uri,
    `${shown(uri)} is not a directory of Cloud Storage. Use gs://bucket or gs://bucket/path.`,
  );
}

function serviceOptions(uri: string, { credentials, storageUrl }: StorageDirectoryOptions): GoogleServiceOptions {
  const isAnonymous = credentials === 'anonymous';
  const source = isAnonymous ? { credentials: anonymous } : credentials === undefined ? {} : { credentials };
  const url = endpointUrl(storageUrl, 'https');
  if (url === undefined) return source;
  if (credentials === undefined && isLoopback(new URL(url).hostname)) return { emulators: { storage: storageUrl } };
  if (!isAnonymous && isUnencrypted(url)) {
    const problem = `${shown(url)} would get credentials without encryption.`;
    throw new StorageDirectoryError('invalid', uri, `storageUrl ${problem} Use https, or credentials: 'anonymous'.`);
  }
  return { ...source, endpoints: { storage: url }, emulators: {}, allowHttpCredentials: isAnonymous };
}

function explain(error: unknown, uri: string, { bucket }: StorageUri): unknown {
  const directoryError = (problem: StorageDirectoryProblem, message: string): StorageDirectoryError =>
    new StorageDirectoryError(problem, uri, message, { cause: error });
  if (error instanceof CredentialsError) {
    return directoryError(error.isOutage ? 'unavailable' : 'credentials', error.message);
  }
  if (error instanceof EndpointError) return directoryError('invalid', `storageUrl: ${error.message}`);
  if (error instanceof GoogleTransportError) {
    return directoryError('unavailable', `${error.message}. Check the network and storageUrl, then try again.`);
  }
  if (!(error instanceof GoogleApiError)) return error;
  const { request, status, message } = error;
  if (status === 'NOT_FOUND') {
    return directoryError('bucket-not-found', `gs://${bucket} does not exist: ${message}. Check the bucket's name.`);
  }
  if (isPassing(error)) return directoryError('unavailable', `${request}: ${status}: ${message}. Try again later.`);
  const advice = 'Check that your account has roles/storage.objectViewer on the bucket.';
  return directoryError('refused', `${request}: ${status}: ${message}. ${advice}`);
}

function shown(text: string): string {
  return cut(printable(text), 300);
}
