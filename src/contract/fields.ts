import { z } from 'zod';
import { parseImageUri, parseModelName, parseOperationName, parseStorageUri } from './resource-names';
import { byteLength } from './text';
import { isWellFormed } from '../internal/text';

/** Valid Unicode text of at most `maxLength` UTF-16 code units. */
export const text = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength, `must have at most ${maxLength} characters`)
    .refine(isWellFormed, { error: 'must be valid Unicode: it contains half of a surrogate pair' });

/** Id of an export format, for example `tf-saved-model`. */
export const formatId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be the id of a format: 1 to 128 letters, digits, dots, hyphens, underscores');

/** Resource name of a Model. */
export const modelName = z
  .string()
  .refine((name) => parseModelName(name) !== undefined, {
    error: 'must be projects/PROJECT/locations/LOCATION/models/MODEL, optionally with @version or @alias',
  })
  .meta({ description: 'Resource name of the Model, optionally with @version or @alias.' });

/** Resource name of an operation. */
export const operationName = z.string().refine((name) => parseOperationName(name) !== undefined, {
  error: 'must be projects/PROJECT/locations/LOCATION[/models/MODEL]/operations/OPERATION',
});

/** Longest path of a destination, in bytes. The run's folder and the file names are appended to it. */
const MAX_PREFIX_BYTES = 512;

function prefixProblem(uri: string): string | undefined {
  const parsed = parseStorageUri(uri);
  if (parsed === undefined) return 'must be gs://bucket or gs://bucket/path, without control characters';
  if (byteLength(parsed.path) > MAX_PREFIX_BYTES) return `must have a path of at most ${MAX_PREFIX_BYTES} bytes`;
  const hasDots = parsed.path.split('/').some((segment) => segment === '.' || segment === '..');
  return hasDots ? 'must not have . or .. as a part of its path: Cloud Storage has no relative paths' : undefined;
}

/** URI of a directory in Cloud Storage that output is written to. The schema's output ends with `/`. */
export const outputUriPrefix = z.string().transform((uri, context) => {
  const message = prefixProblem(uri);
  if (message !== undefined) {
    context.addIssue({ code: 'custom', message, input: uri });
    return z.NEVER;
  }
  return uri.endsWith('/') ? uri : `${uri}/`;
});

/** URI of an image that an export writes. */
export const outputUri = z.string().refine((uri) => parseImageUri(uri) !== undefined, {
  error:
    'must be REGION-docker.pkg.dev/project/repository/image:tag or gcr.io/project/image:tag, in lower case and without a scheme',
});

/** URI of an object or a directory in Cloud Storage. */
export const storageUri = z
  .string()
  .refine((uri) => parseStorageUri(uri) !== undefined, { error: 'must be gs://bucket/path' });

/** Id of a workflow. The server has the same limit, in bytes. */
export const workflowId = text(1_000).min(1, 'must not be empty');

/** ISO 8601 in UTC. */
export const timestamp = z.iso.datetime();
