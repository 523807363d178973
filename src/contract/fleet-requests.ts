import { z } from 'zod';
import { MAX_HEARTBEAT_TIMEOUT_MS } from './duration';
import { formatId, modelName, storageUri, text, timestamp, workflowId } from './fields';
import type { AwaitExportsRequest, PlanExportsRequest, WriteResultsRequest } from './fleet-activities';
import type { FleetSource, FleetState } from './fleet-state';
import type { ExportDefaults } from './fleet-input';
import { exportModelsInputSchema } from './fleet-input';

// Any workflow can call the activities, and any client can start a fleet with a second argument, so both are checked
// like an input. Unknown fields of requests are dropped without an error, since a newer workflow may send more.

const MAX_ENTRIES = 20_000;
const MAX_RUNNING = 2_000;
const MAX_RUN_ID = 64;
/** Longest page token, in characters. A fleet carries it over. */
export const MAX_PAGE_TOKEN = 10_000;
const MAX_MESSAGE = 20_000;
const MAX_SEEN = 100_000;

// The rules between options are checked for each export after the defaults are merged.
const entry = exportModelsInputSchema.shape.exports.unwrap().element;
const defaults = exportModelsInputSchema.shape.defaults.unwrap();
const formats = exportModelsInputSchema.shape.formats;

const after = z.strictObject({ model: modelName, exportFormatId: formatId.exactOptional() }).exactOptional();

const source = z.union([
  z.object({ exports: z.array(entry).max(MAX_ENTRIES) }),
  z.object({ models: z.array(modelName).max(MAX_ENTRIES), formats, after }),
  z.object({
    parent: exportModelsInputSchema.shape.parent.unwrap(),
    filter: exportModelsInputSchema.shape.filter,
    formats,
    pageToken: text(MAX_PAGE_TOKEN).exactOptional(),
    after,
  }),
]);

export const planExportsRequestSchema: z.ZodType<PlanExportsRequest> = z.object({
  // The values stay as given, since each export normalizes its own input.
  source: z.custom<FleetSource>((value) => source.safeParse(value).success, {
    error: 'must be a list of exports or Models, or a location',
  }),
  defaults: z
    .custom<ExportDefaults>((value) => defaults.safeParse(value).success, { error: 'must be the options of an export' })
    .exactOptional(),
  fleet: workflowId,
  childIds: z.literal('bounded').exactOptional(),
  maxBytes: z.int().min(1).exactOptional(),
});

const runId = text(MAX_RUN_ID).min(1);

export const awaitExportsRequestSchema: z.ZodType<AwaitExportsRequest> = z.object({
  workflowIds: z.array(workflowId).max(MAX_RUNNING),
  runIds: z.array(runId.nullable()).max(MAX_RUNNING).exactOptional(),
  heartbeatTimeoutMs: z.number().min(1).max(MAX_HEARTBEAT_TIMEOUT_MS),
});

const fleetExport = z.object({
  model: text(1_000),
  exportFormatId: formatId.exactOptional(),
  workflowId: workflowId.exactOptional(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  outputInfo: z
    .object({
      artifactOutputUri: text(2_100).exactOptional(),
      imageOutputUri: text(1_000).exactOptional(),
    })
    .exactOptional(),
  failure: z.object({ type: text(200).exactOptional(), message: text(MAX_MESSAGE) }).exactOptional(),
  reused: z.literal(true).exactOptional(),
});

export const writeResultsRequestSchema: z.ZodType<WriteResultsRequest> = z.object({
  uri: storageUri,
  exports: z.array(fleetExport).max(MAX_RUNNING),
});

const total = z.int().min(0);

/** Schema of a {@link FleetState}. Any client that starts a fleet can forge it, so it is as strict as an input. */
export const fleetStateSchema = z.strictObject({
  settings: z.strictObject({
    maxConcurrent: exportModelsInputSchema.shape.maxConcurrent.unwrap(),
    onFailure: z.enum(['continue', 'stop']),
    resultsUriPrefix: exportModelsInputSchema.shape.resultsUriPrefix,
    folderName: z
      .string()
      .regex(/^(?!\.+$)[A-Za-z0-9._-]{1,200}$/)
      .exactOptional(),
    duplicates: z.array(total).max(MAX_ENTRIES),
  }),
  startTime: timestamp,
  stage: z.enum(['exporting', 'stopping']),
  source: source.exactOptional(),
  planned: z.array(z.strictObject({ workflowId, input: z.looseObject({ name: modelName }) })).max(MAX_ENTRIES),
  running: z
    .array(
      z.strictObject({
        workflowId,
        model: modelName,
        exportFormatId: formatId.exactOptional(),
        runId: runId.exactOptional(),
        reused: z.literal(true).exactOptional(),
      }),
    )
    .max(MAX_RUNNING),
  totals: z.strictObject({
    planned: total,
    succeeded: total,
    failed: total,
    cancelled: total,
    reused: total,
    skipped: total,
    duplicates: total,
  }),
  exports: z.array(fleetExport).max(MAX_RUNNING),
  failures: z.array(fleetExport).max(MAX_RUNNING),
  pendingResults: z
    .array(z.strictObject({ uri: storageUri, exports: z.array(fleetExport).max(MAX_RUNNING) }))
    .max(MAX_RUNNING)
    .exactOptional(),
  resultUris: z.array(storageUri).max(MAX_ENTRIES),
  resultCount: total.exactOptional(),
  unwritten: total.exactOptional(),
  pages: total.exactOptional(),
  seen: z
    .string()
    .regex(/^[A-Za-z0-9._-]*$/)
    .max(MAX_SEEN)
    .exactOptional(),
  notes: z.array(text(MAX_MESSAGE)).max(100),
  stopped: text(MAX_MESSAGE).exactOptional(),
} satisfies Record<keyof FleetState, z.ZodType>);
