import { z } from 'zod';
import { inspectedFileSchema } from '../verification/inspected';

const timestamp = z.iso.datetime();

const exportedFileSchema = z.strictObject({
  /** Path below `outputInfo.artifactOutputUri`. */
  path: z.string(),
  /** Size in bytes. */
  bytes: z.number(),
  /** CRC32C as Cloud Storage gives it: base64 of the big-endian number. */
  crc32c: z.string().exactOptional(),
  md5: z.string().exactOptional(),
  /** Generation of the object that was looked at. */
  generation: z.string(),
});

const verifiedFilesSchema = z.strictObject({
  count: z.int(),
  /** Sum of all sizes, in bytes. */
  bytes: z.number(),
  /** SHA-256 of the sorted manifest: one line `path\tbytes\tcrc32c\tmd5\tgeneration` a file. */
  manifestSha256: z.string(),
  /** The first files in order of their paths; `truncated` tells whether there are more. */
  entries: z.array(exportedFileSchema),
  truncated: z.boolean(),
  /** The object that has all entries, where `manifest.write` asked for it. */
  manifestUri: z.string().exactOptional(),
});

const verifiedImageSchema = z.strictObject({
  /** `repository@sha256:…`: names these bytes for ever. */
  pinnedUri: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  /** For example `linux/amd64`; several where it is an index. */
  platforms: z.array(z.string()),
  /** Layers of all platforms, each counted once. */
  layers: z.int(),
  /** Size of all configs and layers in bytes, each counted once. */
  bytes: z.number(),
  /** Whether its digest is that of the Model's serving container; left out where that could not be read. */
  isServingContainer: z.boolean().exactOptional(),
});

const readsSchema = z.strictObject({
  /** Pages of the directory's listing that were asked for. */
  listRequests: z.int(),
  /** Reads inside files and of an image's manifests and layers. */
  readRequests: z.int(),
  /** Sum of what those gave. */
  bytes: z.number(),
});

const exportAttemptSchema = z.strictObject({
  operation: z.string(),
  outcome: z.enum(['succeeded', 'failed', 'verification-failed']),
  /** Why the operation was not the last one. */
  reason: z.string().exactOptional(),
});

const partialFailureSchema = z.strictObject({
  /** gRPC code, for example 13. */
  code: z.int(),
  /** Its name, for example `INTERNAL`. */
  status: z.string(),
  /** At most 300 characters. */
  message: z.string(),
});

export const exportModelResultSchema = z.strictObject({
  /** The exported version: `projects/P/locations/L/models/M@versionId`. */
  model: z.string(),
  modelDisplayName: z.string(),
  exportFormatId: z.string(),
  /** Name of the operation whose output this is. */
  operation: z.string(),
  /**
   * How the operation came to this run: `started` by it, `adopted` after a lost answer or a crash, or `unavailable`:
   * started, but operations could not be listed first.
   */
  adoption: z.enum(['started', 'adopted', 'unavailable']),
  /** Read from the operation, never computed. */
  outputInfo: z.strictObject({
    artifactOutputUri: z.string().exactOptional(),
    imageOutputUri: z.string().exactOptional(),
  }),
  verification: z.strictObject({
    level: z.enum(['none', 'listing', 'structure', 'content']),
    /** What is worth knowing and no failure, file by file; also what was not looked at. */
    notes: z.array(z.string()),
    /** What the verification cost; left out with the level `none`. */
    reads: readsSchema.exactOptional(),
    /** What was learned about the files that were looked into, at most 100 of them. */
    inspected: z.array(inspectedFileSchema).exactOptional(),
  }),
  /** What the operation reports as failed in part although it succeeded, at most 20; `verification.notes` counts all. */
  partialFailures: z.array(partialFailureSchema).exactOptional(),
  files: verifiedFilesSchema.exactOptional(),
  image: verifiedImageSchema.exactOptional(),
  /** Every operation of this run, in order. */
  attempts: z.array(exportAttemptSchema),
  timings: z.strictObject({
    /** The workflow's start. */
    startTime: timestamp,
    /** The operation's own times, as the service gives them. */
    operationCreateTime: timestamp.exactOptional(),
    operationUpdateTime: timestamp.exactOptional(),
    endTime: timestamp,
    /** From the workflow's start to its end, in milliseconds. */
    totalMs: z.int(),
  }),
});

/** Result of `exportModelWorkflow`. */
export type ExportModelResult = z.infer<typeof exportModelResultSchema>;

export type ExportedFile = z.infer<typeof exportedFileSchema>;
export type VerifiedFiles = z.infer<typeof verifiedFilesSchema>;
export type VerifiedImage = z.infer<typeof verifiedImageSchema>;
export type Reads = z.infer<typeof readsSchema>;
/** A part of an operation that failed: an entry of `genericMetadata.partialFailures`. */
export type PartialFailure = z.infer<typeof partialFailureSchema>;
export type ExportAttempt = z.infer<typeof exportAttemptSchema>;
export type Adoption = ExportModelResult['adoption'];
export type OutputInfo = ExportModelResult['outputInfo'];
