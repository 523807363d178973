import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageReference } from '../contract/resource-names';
import { cut } from '../internal/text';
import { GoogleTransportError } from './api-error';
import type { ByteRange } from './byte-range';
import { readByteRange } from './byte-range';
import { jsonOrUndefined } from '../internal/json';
import { boundedList, exactText, shownText } from './reply-fields';
import { registryTarget } from './resource-url';
import type { RestClient, RestRequest } from './rest';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const platformSchema = z.object({
  os: shownText(100),
  architecture: shownText(100),
  variant: shownText(100).exactOptional(),
});
const mediaTypeSchema = exactText(255);

/** Limit of a manifest, in bytes: registries accept no larger ones. Source: the OCI distribution specification. */
const MAX_MANIFEST_BYTES = 4_000_000;
/** Most parts of a manifest: no image has more. */
const MAX_DESCRIPTORS = 5_000;

const descriptorSchema = z.object({
  mediaType: mediaTypeSchema,
  digest,
  size: z.int().min(0),
  /** Of an index's manifests. */
  platform: platformSchema.exactOptional(),
});

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: mediaTypeSchema.exactOptional(),
  config: descriptorSchema.exactOptional(),
  layers: boundedList(descriptorSchema, MAX_DESCRIPTORS).exactOptional(),
  /** Of an index: one manifest for each platform. */
  manifests: boundedList(descriptorSchema, MAX_DESCRIPTORS).exactOptional(),
});

/** An image's manifest or index. */
export interface ImageManifest {
  /** `sha256:…` of the manifest's bytes, computed here. */
  readonly digest: string;
  /** Length of the manifest itself, in bytes. */
  readonly size: number;
  readonly mediaType: string;
  readonly manifest: z.output<typeof manifestSchema>;
}

/** The calls of a container registry that an export needs. */
export interface RegistryApi {
  getManifest(image: ImageReference, signal?: AbortSignal): Promise<ImageManifest>;
  /**
   * Size of a layer or a config, in bytes.
   *
   * @throws GoogleApiError NOT_FOUND if the registry does not have it
   */
  getBlobSize(image: ImageReference, digest: string, signal?: AbortSignal): Promise<number>;
  /** Reads a part of a layer or a config. */
  readBlob(image: ImageReference, digest: string, range: ByteRange, signal?: AbortSignal): Promise<Buffer>;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * A client of registries with the OCI distribution protocol.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 *
 * @param endpoint returns the URL for a registry's host
 */
export function registryRest(rest: RestClient, endpoint: (host: string) => string): RegistryApi {
  const unusable = ({ method, resource }: RestRequest, problem: string): GoogleTransportError => {
    const described = `${method} ${resource}`;
    return new GoogleTransportError(`${described}: ${problem}`, described);
  };

  return {
    async getManifest(image, signal) {
      const asked: RestRequest = {
        method: 'GET',
        ...registryTarget(endpoint, { kind: 'manifest', image }),
        headers: { accept: MANIFEST_TYPES },
        maxBodyBytes: MAX_MANIFEST_BYTES,
        signal,
      };
      const { body, headers } = await rest.bytes(asked);
      const manifest = manifestSchema.safeParse(jsonOrUndefined(body.toString()));
      if (!manifest.success) throw unusable(asked, 'the answer is not a manifest');
      const computed = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const claimed = image.reference.startsWith('sha256:')
        ? image.reference
        : (headers['docker-content-digest']?.toString() ?? computed);
      if (claimed !== computed) throw unusable(asked, `the manifest has digest ${computed}, not ${claimed}`);
      const mediaType = manifest.data.mediaType ?? cut(headers['content-type'] ?? 'unknown', 255);
      return { digest: computed, size: body.length, mediaType, manifest: manifest.data };
    },

    async getBlobSize(image, blob, signal) {
      const asked: RestRequest = {
        method: 'HEAD',
        ...registryTarget(endpoint, { kind: 'blob', image, digest: blob }),
        headers: { accept: '*/*' },
        followRedirect: true,
        signal,
      };
      const { headers } = await rest.bytes(asked);
      // A proxy's page has a length, too; only a registry sends the digest.
      const isOtherPage =
        headers['docker-content-digest'] === undefined && /json|html/.test(headers['content-type'] ?? '');
      if (isOtherPage) throw unusable(asked, 'the answer is not a blob');
      const size = /^\d{1,16}$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : Number.NaN;
      if (!Number.isSafeInteger(size)) throw unusable(asked, 'the answer has no content-length');
      return size;
    },

    async readBlob(image, blob, range, signal) {
      const target = registryTarget(endpoint, { kind: 'blob', image, digest: blob });
      return readByteRange(rest, { ...target, followRedirect: true, signal }, range);
    },
  };
}
