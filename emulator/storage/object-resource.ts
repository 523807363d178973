import type { BucketRecord } from './bucket-record';
import type { JsonObject } from './call';
import { without } from './call';
import type { ObjectRecord } from './object-record';
import { policyExpiration } from './retention';

/** An object as the API returns it. Source: https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export function objectResource(origin: string, bucket: BucketRecord, object: ObjectRecord): JsonObject {
  const { generation, metageneration, size } = object;
  const path = `b/${bucket.name}/o/${encodeURIComponent(object.name)}`;
  const expiration = policyExpiration(bucket, object);
  return {
    kind: 'storage#object',
    id: `${bucket.name}/${object.name}/${generation}`,
    selfLink: `${origin}/storage/v1/${path}`,
    mediaLink: `${origin}/download/storage/v1/${path}?generation=${generation}&alt=media`,
    bucket: bucket.name,
    ...without(object, 'holdReleased'),
    generation: String(generation),
    metageneration: String(metageneration),
    size: String(size),
    etag: objectEtag(object),
    timeFinalized: object.timeCreated,
    ...(expiration !== undefined && { retentionExpirationTime: new Date(expiration).toISOString() }),
  };
}

/** The entity tag of a version of an object. It changes with its content and with its metadata. */
export function objectEtag({
  generation,
  metageneration,
}: Pick<ObjectRecord, 'generation' | 'metageneration'>): string {
  return Buffer.from([0x08, ...varint(generation), 0x10, ...varint(metageneration)]).toString('base64');
}

/** A number in the variable-length encoding of protocol buffers, which entity tags of the service have, too. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
