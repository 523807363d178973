import { z } from 'zod';
import type { InspectedFile } from '../verification/inspected';
import { inspectedFileSchema } from './inspected-schema';
import { exactSchema } from './exact-schema';
import type { VerificationLevel } from './export-input';

/** Result of `exportModelWorkflow`. */
export interface ExportModelResult {
  /** Resource name of the exported version: `projects/P/locations/L/models/M@versionId`. */
  model: string;
  /** Display name of the Model when the export began. */
  modelDisplayName: string;
  /** Id of the export format, for example `tf-saved-model`. */
  exportFormatId: string;
  /** Resource name of the operation that wrote the output. */
  operation: string;
  /** How the run got its operation. */
  adoption: Adoption;
  /** Where the output is, as the operation reports it. */
  outputInfo: OutputInfo;
  /** What was verified. */
  verification: ExportVerification;
  /** Parts that failed although the operation succeeded, at most 20. `verification.notes` has the number of others. */
  partialFailures?: PartialFailure[];
  /** The exported files; missing if the export has no artifacts or the level is `none`. */
  files?: VerifiedFiles;
  /** The exported image; missing if the export has no image or the level is `none`. */
  image?: VerifiedImage;
  /** All operations of this run, in the order of their starts. */
  attempts: ExportAttempt[];
  /** Times of the workflow and of the operation. */
  timings: ExportTimings;
}

/**
 * How a run got its operation. `started`: the run started it. `adopted`: the run found the operation that it had
 * started before a crash or a lost answer. `unavailable`: the run started it without a check for an earlier one, since
 * operations could not be listed.
 */
export type Adoption = 'started' | 'adopted' | 'unavailable';

/** Where the output of an operation is. */
export interface OutputInfo {
  /** Directory of the exported files: `gs://bucket/path`. */
  artifactOutputUri?: string;
  /** URI of the exported image. */
  imageOutputUri?: string;
}

/** What was verified after the operation succeeded. */
export interface ExportVerification {
  /** Level that the input requested. */
  level: VerificationLevel;
  /** Observations that are not failures, also about what was not verified. At most 300 characters each. */
  notes: string[];
  /** Requests and bytes that the verification needed; missing if the level is `none`. */
  reads?: Reads;
  /** Facts about the inspected files, at most 100 files. */
  inspected?: InspectedFile[];
}

/** Requests and bytes that a verification needed. */
export interface Reads {
  /** Requests for pages of the directory's listing. */
  listRequests: number;
  /** Requests for contents of files, and for manifests and layers of an image. */
  readRequests: number;
  /** Bytes that these requests returned. */
  bytes: number;
}

/** The exported files. */
export interface VerifiedFiles {
  /** Number of files. */
  count: number;
  /** Total size, in bytes. */
  bytes: number;
  /** SHA-256 of the sorted list of all files: one line `path\tbytes\tcrc32c\tmd5\tgeneration` per file. */
  manifestSha256: string;
  /** The first files, sorted by path. */
  entries: ExportedFile[];
  /** Whether `entries` does not have all files. */
  truncated: boolean;
  /** URI of the manifest, which lists all files; missing unless the input has `manifest.write`. */
  manifestUri?: string;
}

/** One exported file. */
export interface ExportedFile {
  /** Path relative to `outputInfo.artifactOutputUri`. */
  path: string;
  /** Size, in bytes. */
  bytes: number;
  /** CRC32C as Cloud Storage reports it: base64 of the big-endian number. */
  crc32c?: string;
  /** MD5 as Cloud Storage reports it, in base64; missing for composite objects. */
  md5?: string;
  /** Generation of the object that was verified. */
  generation: string;
}

/** The exported image. */
export interface VerifiedImage {
  /** `repository@sha256:…`: always refers to the verified image. */
  pinnedUri: string;
  /** Digest of the image's manifest or index: `sha256:…`. */
  digest: string;
  /** Media type of the image's manifest or index. */
  mediaType: string;
  /** For example `linux/amd64`. An index can have several. */
  platforms: string[];
  /** Number of distinct layers of all platforms. */
  layers: number;
  /** Total size of all distinct configs and layers, in bytes. */
  bytes: number;
  /** Whether the image has the digest of the Model's serving container; missing if that one could not be read. */
  isServingContainer?: boolean;
}

/** One operation of a run that has ended. */
export interface ExportAttempt {
  /** Resource name of the operation. */
  operation: string;
  /** How the attempt ended. */
  outcome: 'succeeded' | 'failed' | 'verification-failed';
  /** Why the attempt failed, at most 500 characters; missing if it succeeded. */
  reason?: string;
}

/** Part of an operation that failed: an entry of `genericMetadata.partialFailures`. */
export interface PartialFailure {
  /** gRPC code, for example 13. */
  code: number;
  /** Name of the gRPC code, for example `INTERNAL`. */
  status: string;
  /** Message of the service, at most 300 characters. */
  message: string;
}

/** Times of an export, in ISO 8601 (UTC). */
export interface ExportTimings {
  /** Start of the workflow. */
  startTime: string;
  /** Create time of the operation, as the service reports it. */
  operationCreateTime?: string;
  /** Last update of the operation, as the service reports it. */
  operationUpdateTime?: string;
  /** End of the workflow. */
  endTime: string;
  /** Time from the start of the workflow to its end, in milliseconds. */
  totalMs: number;
}

const timestamp = z.iso.datetime();

/** Schema of an {@link ExportModelResult}. */
export const exportModelResultSchema: z.ZodType<ExportModelResult> = exactSchema<ExportModelResult>()(
  z.strictObject({
    model: z.string(),
    modelDisplayName: z.string(),
    exportFormatId: z.string(),
    operation: z.string(),
    adoption: z.enum(['started', 'adopted', 'unavailable']),
    outputInfo: z.strictObject({
      artifactOutputUri: z.string().exactOptional(),
      imageOutputUri: z.string().exactOptional(),
    }),
    verification: z.strictObject({
      level: z.enum(['none', 'listing', 'structure', 'content']),
      notes: z.array(z.string()),
      reads: z
        .strictObject({
          listRequests: z.int(),
          readRequests: z.int(),
          bytes: z.number(),
        })
        .exactOptional(),
      inspected: z.array(inspectedFileSchema).exactOptional(),
    }),
    partialFailures: z
      .array(z.strictObject({ code: z.int(), status: z.string(), message: z.string() }))
      .exactOptional(),
    files: z
      .strictObject({
        count: z.int(),
        bytes: z.number(),
        manifestSha256: z.string(),
        entries: z.array(
          z.strictObject({
            path: z.string(),
            bytes: z.number(),
            crc32c: z.string().exactOptional(),
            md5: z.string().exactOptional(),
            generation: z.string(),
          }),
        ),
        truncated: z.boolean(),
        manifestUri: z.string().exactOptional(),
      })
      .exactOptional(),
    image: z
      .strictObject({
        pinnedUri: z.string(),
        digest: z.string(),
        mediaType: z.string(),
        platforms: z.array(z.string()),
        layers: z.int(),
        bytes: z.number(),
        isServingContainer: z.boolean().exactOptional(),
      })
      .exactOptional(),
    attempts: z.array(
      z.strictObject({
        operation: z.string(),
        outcome: z.enum(['succeeded', 'failed', 'verification-failed']),
        reason: z.string().exactOptional(),
      }),
    ),
    timings: z.strictObject({
      startTime: timestamp,
      operationCreateTime: timestamp.exactOptional(),
      operationUpdateTime: timestamp.exactOptional(),
      endTime: timestamp,
      totalMs: z.int(),
    }),
  }),
);
