import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageReference } from '../contract/resource-names';
import { GoogleTransportError, jsonOrUndefined } from './api-error';
import type { RestClient, RestRequest } from './rest';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().exactOptional() });

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().min(0),
  /** Of an index's manifests. */
  platform: platformSchema.exactOptional(),
});

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().exactOptional(),
  config: descriptorSchema.exactOptional(),
  layers: z.array(descriptorSchema).exactOptional(),
  /** Of an index: one manifest a platform. */
  manifests: z.array(descriptorSchema).exactOptional(),
});

/** What a manifest says of one of its parts. */
export type ImageDescriptor = z.output<typeof descriptorSchema>;

/** An image's manifest or index as the registry gave it. */
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
   * @throws GoogleApiError NOT_FOUND where the registry does not have it
   */
  getBlobSize(image: ImageReference, digest: string, signal?: AbortSignal): Promise<number>;
  /** Reads a part of a layer or a config. */
  readBlob(
    image: ImageReference,
    digest: string,
    range: { readonly start: number; readonly length: number },
    signal?: AbortSignal,
  ): Promise<Buffer>;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * A registry that speaks the OCI distribution protocol.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 *
 * @param endpoint gives the URL of a registry's host; an emulator's for every host where one is configured
 */
export function registryRest(rest: RestClient, endpoint: (host: string) => string): RegistryApi {
  const request = (
    method: 'GET' | 'HEAD',
    { host, repository }: ImageReference,
    part: string,
    options: Pick<RestRequest, 'headers' | 'signal' | 'followRedirect'>,
  ): RestRequest => ({
    method,
    url: `${endpoint(host)}/v2/${repository}/${part}`,
    resource: `${host}/${repository}/${part}`,
    ...options,
  });
  const useless = (what: RestRequest, problem: string): GoogleTransportError => {
    const described = `${what.method} ${what.resource}`;
    return new GoogleTransportError(`${described}: ${problem}`, described);
  };

  return {
    async getManifest(image, signal) {
      const asked = request('GET', image, `manifests/${encodeURIComponent(image.reference)}`, {
        headers: { accept: MANIFEST_TYPES },
        signal,
      });
      const { body, headers } = await rest.bytes(asked);
      const manifest = manifestSchema.safeParse(jsonOrUndefined(body.toString()));
      if (!manifest.success) throw useless(asked, 'the answer is not a manifest');
      const computed = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const claimed = image.reference.startsWith('sha256:')
        ? image.reference
        : (headers['docker-content-digest']?.toString() ?? computed);
      if (claimed !== computed) throw useless(asked, `the manifest has digest ${computed}, not ${claimed}`);
      const mediaType = manifest.data.mediaType ?? headers['content-type'] ?? 'unknown';
      return { digest: computed, size: body.length, mediaType, manifest: manifest.data };
    },

    async getBlobSize(image, blob, signal) {
      const asked = request('HEAD', image, `blobs/${blob}`, {
        headers: { accept: '*/*' },
        followRedirect: true,
        signal,
      });
      const { headers } = await rest.bytes(asked);
      // A page of a proxy has a length, too; only a registry names the digest.
      const isElse = headers['docker-content-digest'] === undefined && /json|html/.test(headers['content-type'] ?? '');
      if (isElse) throw useless(asked, 'the answer is no blob');
      const size = Number(headers['content-length'] ?? Number.NaN);
      if (!Number.isSafeInteger(size)) throw useless(asked, 'the answer has no content-length');
      return size;
    },

    async readBlob(image, blob, { start, length }, signal) {
      const asked = request('GET', image, `blobs/${blob}`, {
        headers: { accept: '*/*', range: `bytes=${start}-${start + length - 1}` },
        followRedirect: true,
        signal,
      });
      const { body } = await rest.bytes(asked);
      if (body.length !== length) throw useless(asked, `${body.length} bytes came, not ${length}`);
      return body;
    },
  };
}
