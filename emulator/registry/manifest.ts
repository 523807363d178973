import { z } from 'zod';
import { RegistryError } from './registry-error';
import type { ManifestRecord, Repository } from './repository';

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** Media types of manifests, and whether they are lists of manifests. */
const MEDIA_TYPES: ReadonlyMap<string, 'image' | 'index'> = new Map([
  ['application/vnd.oci.image.manifest.v1+json', 'image'],
  [OCI_INDEX, 'index'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
]);

const text = z.string().max(255);

const descriptorSchema = z.object({
  mediaType: text,
  digest: z.string().regex(/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{32,256}$/, 'must be a digest'),
  size: z.int().min(0),
});

type Descriptor = z.output<typeof descriptorSchema>;

const commonSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: text.optional(),
  artifactType: text.optional(),
  subject: descriptorSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const SCHEMAS = {
  image: commonSchema.extend({ config: descriptorSchema, layers: z.array(descriptorSchema) }),
  index: commonSchema.extend({ manifests: z.array(descriptorSchema) }),
};

/** Layers that may stay outside of every registry. */
const FOREIGN_LAYER = /^application\/vnd\.(?:docker\.image\.rootfs\.foreign|oci\.image\.layer\.nondistributable)\./;
/** Maximum number of problems in an answer. */
const MAX_PROBLEMS = 20;

/** A manifest that is to be stored. */
interface ParsedManifest {
  readonly record: ManifestRecord;
  readonly blobs: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
}

/**
 * Parses a manifest.
 *
 * @throws RegistryError MANIFEST_INVALID if it does not have the form of its media type
 */
export function parseManifest(content: Buffer, contentType: string | undefined): ParsedManifest {
  const value = parsed(content);
  const declared = z.object({ mediaType: text }).safeParse(value).data?.mediaType;
  const [sent = ''] = (contentType ?? '').split(';', 1);
  const mediaType = sent.trim() || (declared ?? '');
  if (declared !== undefined && declared !== mediaType) {
    throw invalid(
      `Its media type is ${declared}, but the Content-Type is ${mediaType.slice(0, 255)}. Send equal types.`,
    );
  }
  const kind = MEDIA_TYPES.get(mediaType);
  if (kind === undefined) {
    throw invalid(
      `The media type ${JSON.stringify(mediaType.slice(0, 255))} is not supported. Send one of ${[...MEDIA_TYPES.keys()].join(', ')}.`,
    );
  }
  const manifest = kind === 'image' ? SCHEMAS.image.safeParse(value) : SCHEMAS.index.safeParse(value);
  if (!manifest.success) {
    const problems = manifest.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw invalid(problems.slice(0, MAX_PROBLEMS).join('; '));
  }
  const { subject, artifactType, annotations } = manifest.data;
  const image = 'layers' in manifest.data ? manifest.data : undefined;
  return {
    record: {
      mediaType,
      size: content.length,
      subject: subject?.digest,
      artifactType: (artifactType === '' ? undefined : artifactType) ?? image?.config.mediaType,
      annotations,
    },
    blobs: image === undefined ? [] : [image.config, ...image.layers],
    manifests: 'manifests' in manifest.data ? manifest.data.manifests : [],
  };
}

/**
 * Checks that a repository has everything that a manifest refers to. Its subject may be missing.
 *
 * @throws RegistryError MANIFEST_BLOB_UNKNOWN with one error for each missing descriptor
 */
export function checkReferences({ blobs, manifests }: ParsedManifest, repository: Repository | undefined): void {
  const hasBlob = ({ digest }: Descriptor): boolean => repository?.blobs.has(digest) === true;
  const hasManifest = ({ digest }: Descriptor): boolean => repository?.manifests.has(digest) === true;
  const missing = [
    ...blobs.filter((blob) => !FOREIGN_LAYER.test(blob.mediaType) && !hasBlob(blob)),
    // The entries of an index can also be blobs.
    ...manifests.filter((entry) => !hasManifest(entry) && (MEDIA_TYPES.has(entry.mediaType) || !hasBlob(entry))),
  ];
  if (missing.length === 0) return;
  throw new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    'The manifest refers to content that the repository does not have. Push that content first.',
    { details: missing.slice(0, MAX_PROBLEMS).map(({ digest, mediaType }) => ({ digest, mediaType })) },
  );
}

/** Whether an `Accept` header allows a media type. No header allows all. */
export function isAccepted(mediaType: string, accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) return false;
    return name === '*/*' || name === 'application/*' || name === mediaType;
  });
}

/** Parses JSON. The schemas read only known fields, so that other fields need no check, whose time an attacker could choose. */
function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw invalid('It is not JSON in UTF-8.');
  }
}

function invalid(problem: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `The manifest is not valid. ${problem}`);
}
