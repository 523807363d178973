import type { BucketRecord } from './bucket-record';
import type { JsonObject } from './call';
import { varint } from './object-resource';

const DUAL_REGIONS = new Set(['ASIA1', 'EUR4', 'EUR5', 'EUR7', 'EUR8', 'NAM4']);
const MULTI_REGIONS = new Set(['ASIA', 'EU', 'US']);

/** Whether a location is a region, a pair of regions, or a large area. */
export function locationTypeOf({ location, customPlacementConfig }: BucketRecord): string {
  if (customPlacementConfig || DUAL_REGIONS.has(location)) return 'dual-region';
  return MULTI_REGIONS.has(location) ? 'multi-region' : 'region';
}

/** A bucket as the API returns it. Source: https://cloud.google.com/storage/docs/json_api/v1/buckets#resource */
export function bucketResource(origin: string, record: BucketRecord): JsonObject {
  const { name, location, customPlacementConfig, timeCreated, updated } = record;
  const { retentionPolicy, iamConfiguration, softDeletePolicy, ...settings } = record.settings;
  const enabled = iamConfiguration?.uniformBucketLevelAccess?.enabled ?? false;
  const uniform = { enabled, ...(enabled && { lockedTime: record.uniformAccessLockedTime }) };
  return {
    kind: 'storage#bucket',
    id: name,
    selfLink: `${origin}/storage/v1/b/${name}`,
    projectNumber: projectNumber(record.project),
    name,
    location,
    locationType: locationTypeOf(record),
    ...(customPlacementConfig && { customPlacementConfig }),
    metageneration: String(record.metageneration),
    timeCreated,
    updated,
    etag: bucketEtag(record),
    ...settings,
    iamConfiguration: {
      bucketPolicyOnly: uniform,
      uniformBucketLevelAccess: uniform,
      publicAccessPrevention: iamConfiguration?.publicAccessPrevention ?? 'inherited',
    },
    softDeletePolicy: {
      retentionDurationSeconds: softDeletePolicy?.retentionDurationSeconds ?? '0',
      effectiveTime: timeCreated,
    },
    ...(retentionPolicy && { retentionPolicy: { ...retentionPolicy, effectiveTime: record.retentionSince } }),
    ...(record.objectRetention && { objectRetention: { mode: 'Enabled' } }),
  };
}

/** The entity tag of a bucket. */
export function bucketEtag({ metageneration }: Pick<BucketRecord, 'metageneration'>): string {
  return Buffer.from([0x08, ...varint(metageneration)]).toString('base64');
}

/** A number of 12 digits that a project always has here. */
export function projectNumber(project: string): string {
  if (/^\d+$/.test(project)) return project;
  const sum = Buffer.from(project).reduce((hash, byte) => (hash * 31 + byte) % 900_000_000_000, 7);
  return String(100_000_000_000 + sum);
}
