import { z } from 'zod';
import type {
  AwaitExportRequest,
  CancelExportRequest,
  DeletePartialArtifactsRequest,
  RunOperation,
  StartExportRequest,
  VerifyExportRequest,
} from './export-activities';
import { MAX_DURATION_MS, MAX_HEARTBEAT_TIMEOUT_MS } from './duration';
import { formatId, modelName, operationName, outputUri, storageUri, text, timestamp } from './fields';
import { parseStorageUri } from './resource-names';

// Any workflow of the namespace can call the activities, so their arguments are checked. Unknown fields are dropped
// without an error, since a newer workflow may send more.

const heartbeatTimeoutMs = z.number().min(1).max(MAX_HEARTBEAT_TIMEOUT_MS);
const durationMs = z.number().min(0).max(MAX_DURATION_MS);
/** Shortest pause between two polls of an operation, in milliseconds. Inputs have the same limit. */
const MIN_PAUSE_MS = 100;
/** Milliseconds since 1970. */
const instant = z.number().min(0).max(8.64e15);

/** URI of a folder: `gs://bucket/folder/`. */
const folder = storageUri.refine((uri) => uri.endsWith('/') && parseStorageUri(uri)?.path !== '', {
  error: 'must be gs://bucket/folder/',
});

const directory = storageUri.refine((uri) => uri.endsWith('/'), { error: 'must end with a slash' });
const destinations = z.object({ outputUriPrefix: directory.exactOptional(), imageUri: outputUri.exactOptional() });

/** Output location that the service reports. The activities compare it with the requested one. */
const outputInfo = z.object({
  artifactOutputUri: text(2_100).exactOptional(),
  imageOutputUri: text(1_000).exactOptional(),
});

/** Maximum number of operations of earlier attempts of a run. */
const MAX_EXCLUDED = 10_000;

const runOperation = {
  model: modelName,
  destinations,
  perRunFolder: z.boolean(),
  notBefore: timestamp,
  exclude: z.array(operationName).max(MAX_EXCLUDED),
} satisfies Record<keyof RunOperation, z.ZodType>;

export const startExportRequestSchema: z.ZodType<StartExportRequest> = z.object({
  ...runOperation,
  mayHaveStarted: z.boolean().exactOptional(),
  notAfter: timestamp.exactOptional(),
  exportFormatId: formatId,
  heartbeatTimeoutMs,
});

export const awaitExportRequestSchema: z.ZodType<AwaitExportRequest> = z.object({
  operation: operationName,
  polling: z.object({
    initialDelay: durationMs,
    multiplier: z.number().min(1).max(10),
    maxDelay: z.number().min(MIN_PAUSE_MS).max(MAX_DURATION_MS),
    heartbeatTimeout: heartbeatTimeoutMs,
  }),
  outputInfo: outputInfo.exactOptional(),
  destinations: destinations.exactOptional(),
  exportFormatId: formatId.exactOptional(),
  twinOf: z.object(runOperation).exactOptional(),
  parking: z.object({ at: instant, checkEvery: durationMs }).exactOptional(),
});

export const verifyExportRequestSchema: z.ZodType<VerifyExportRequest> = z.object({
  level: z.enum(['none', 'listing', 'structure', 'content']),
  model: modelName,
  operation: operationName,
  exportFormatId: formatId,
  outputInfo,
  destinations,
  source: z.object({
    artifactUri: text(2_100).exactOptional(),
    createTime: text(100).exactOptional(),
    servingImageUri: text(1_000).exactOptional(),
  }),
  writeManifest: z.boolean(),
  heartbeatTimeoutMs,
});

export const cancelExportRequestSchema: z.ZodType<CancelExportRequest> = z.object({
  operation: operationName.exactOptional(),
  own: z.object(runOperation),
  heartbeatTimeoutMs,
});

export const deletePartialArtifactsRequestSchema: z.ZodType<DeletePartialArtifactsRequest> = z.object({
  folder,
  heartbeatTimeoutMs,
});
