import { z } from 'zod';

/** Storage classes. Source: https://cloud.google.com/storage/docs/storage-classes */
export const storageClassSchema = z.enum([
  'STANDARD',
  'NEARLINE',
  'COLDLINE',
  'ARCHIVE',
  'MULTI_REGIONAL',
  'REGIONAL',
  'DURABLE_REDUCED_AVAILABILITY',
]);

export const timeSchema = z.iso.datetime({ offset: true });

/** Fields of an object that a client can change. */
export const objectSettingsSchema = z.object({
  contentType: z.string().optional(),
  contentEncoding: z.string().optional(),
  contentDisposition: z.string().optional(),
  contentLanguage: z.string().optional(),
  cacheControl: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  customTime: timeSchema.optional(),
  eventBasedHold: z.boolean().optional(),
  temporaryHold: z.boolean().optional(),
  retention: z.object({ mode: z.enum(['Locked', 'Unlocked']), retainUntilTime: timeSchema }).optional(),
});

/** Everything that the store knows about a version of an object, except its content. */
export const objectRecordSchema = objectSettingsSchema.extend({
  name: z.string(),
  /** Microseconds since 1970, as the service's generations are. */
  generation: z.int(),
  metageneration: z.int(),
  size: z.int(),
  crc32c: z.string(),
  /** Absent for an object that was composed of others. */
  md5Hash: z.string().optional(),
  componentCount: z.int().optional(),
  storageClass: storageClassSchema,
  timeCreated: timeSchema,
  updated: timeSchema,
  /** Absent for the live version. */
  timeDeleted: timeSchema.optional(),
  timeStorageClassUpdated: timeSchema,
  /** When the event-based hold was removed, which begins the retention period again. */
  holdReleased: timeSchema.optional(),
  kmsKeyName: z.string().optional(),
});

export type ObjectSettings = z.output<typeof objectSettingsSchema>;
export type ObjectRecord = z.output<typeof objectRecordSchema>;
