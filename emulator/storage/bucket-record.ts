import { z } from 'zod';
import { storageClassSchema, timeSchema } from './object-record';

/** A number of 64 bits, which is text in JSON. Clients may send a number. */
const countSchema = z.union([z.int(), z.string().regex(/^\d{1,15}$/)]).transform(String);

/** Settings that the store keeps and returns, and that have no effect. */
const keptSettings = {
  labels: z.record(z.string(), z.string()).optional(),
  cors: z.array(z.unknown()).optional(),
  lifecycle: z.unknown().optional(),
  website: z.unknown().optional(),
  logging: z.unknown().optional(),
  billing: z.unknown().optional(),
  autoclass: z.unknown().optional(),
  hierarchicalNamespace: z.unknown().optional(),
  ipFilter: z.unknown().optional(),
  rpo: z.string().optional(),
};

/** Fields of a bucket that a client can change. */
export const bucketSettingsSchema = z.object({
  ...keptSettings,
  storageClass: storageClassSchema.default('STANDARD'),
  versioning: z.object({ enabled: z.boolean().default(false) }).optional(),
  retentionPolicy: z.object({ retentionPeriod: countSchema, isLocked: z.boolean().optional() }).optional(),
  defaultEventBasedHold: z.boolean().optional(),
  encryption: z.object({ defaultKmsKeyName: z.string().optional() }).optional(),
  softDeletePolicy: z.object({ retentionDurationSeconds: countSchema.optional() }).optional(),
  iamConfiguration: z
    .object({
      uniformBucketLevelAccess: z.object({ enabled: z.boolean().default(false) }).optional(),
      publicAccessPrevention: z.enum(['inherited', 'unspecified', 'enforced']).default('inherited'),
    })
    .optional(),
});

/** A binding of an access policy. Source: https://cloud.google.com/storage/docs/json_api/v1/buckets/setIamPolicy */
const bindingSchema = z.object({
  role: z.string().min(1),
  members: z.array(z.string()).default([]),
  condition: z.unknown().optional(),
});

export const policySchema = z.object({
  version: z.int().min(0).max(3).default(1),
  etag: z.string().optional(),
  bindings: z.array(bindingSchema).default([]),
});

/** Everything that the store knows about a bucket, except its objects. */
export const bucketRecordSchema = z.object({
  name: z.string(),
  project: z.string(),
  /** In upper case. */
  location: z.string(),
  customPlacementConfig: z.object({ dataLocations: z.array(z.string()) }).optional(),
  metageneration: z.int(),
  timeCreated: timeSchema,
  updated: timeSchema,
  settings: bucketSettingsSchema,
  /** When the retention policy was set. */
  retentionSince: timeSchema.optional(),
  /** When uniform bucket-level access can no longer be disabled. */
  uniformAccessLockedTime: timeSchema.optional(),
  /** Whether objects can have a separate retention. */
  objectRetention: z.boolean(),
  policy: policySchema,
  /** Number of changes of the policy. */
  policyChanges: z.int(),
});

export type BucketSettings = z.output<typeof bucketSettingsSchema>;
export type BucketRecord = z.output<typeof bucketRecordSchema>;
export type Policy = z.output<typeof policySchema>;
