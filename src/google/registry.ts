import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseImageUri } from '../contract/resource-names';
import { GoogleTransportError, jsonOrUndefined } from './api-error';
import type { RestClient } from './rest';

const descriptorSchema = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().exactOptional(),
  config: descriptorSchema.exactOptional(),
  layers: z.array(descriptorSchema).exactOptional(),
  /** Of an index: one manifest a platform. */
  manifests: z.array(descriptorSchema).exactOptional(),
});

/** An image's manifest or index as the registry gave it. */
export interface ImageManifest {
  /** `sha256:…` of the manifest's bytes, computed here. */
  readonly digest: string;
  readonly mediaType: string;
  readonly manifest: z.output<typeof manifestSchema>;
}

/** The calls of a container registry that an export needs. */
export interface RegistryApi {
  getManifest(imageUri: string, signal?: AbortSignal): Promise<ImageManifest>;
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
  return {
    async getManifest(imageUri, signal) {
      const image = parseImageUri(imageUri);
      const request = `GET ${imageUri}`;
      if (image === undefined) throw new GoogleTransportError(`${request}: not an image's URI`, request);
      const { body, headers } = await rest.text({
        method: 'GET',
        url: `${endpoint(image.host)}/v2/${image.repository}/manifests/${encodeURIComponent(image.tag)}`,
        resource: imageUri,
        headers: { accept: MANIFEST_TYPES },
        signal,
      });
      const manifest = manifestSchema.safeParse(jsonOrUndefined(body));
      if (!manifest.success) throw new GoogleTransportError(`${request}: the answer is not a manifest`, request);
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const claimed = headers.get('docker-content-digest');
      if (claimed !== null && claimed !== digest) {
        throw new GoogleTransportError(`${request}: the manifest has digest ${digest}, not ${claimed}`, request);
      }
      const mediaType = manifest.data.mediaType ?? headers.get('content-type') ?? 'unknown';
      return { digest, mediaType, manifest: manifest.data };
    },
  };
}
