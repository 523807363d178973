import { z } from 'zod';
import { exactSchema } from './exact-schema';
import type { OutputInfo } from './export-result';

/** Result of `exportModelsWorkflow`. */
export interface ExportModelsResult {
  /** Numbers of exports by outcome. */
  totals: FleetTotals;
  /** All exports in the order of their ends, if there are at most 500 and 180 KB of them; otherwise empty. */
  exports: FleetExport[];
  /** If there are more: the first 50 objects of JSON lines, one export per line, that have all exports. */
  resultUris: string[];
  /** If there are more: all result objects. A note names each object that could not be written. */
  resultObjects?: ResultObjects;
  /** The first failed exports, at most 100 and 50 KB of them. A note has the number of the others. */
  failures: FleetExport[];
  /** Why some exports were not started; missing if all were. */
  stopped?: string;
  /** Observations that are not failures of an export. */
  notes: string[];
  /** Times of the fleet, over all runs that continued as new. */
  timings: FleetTimings;
}

/** How one export of a fleet ended. */
export interface FleetExport {
  /** Resource name of the Model: as requested, or with the version id once it is known. */
  model: string;
  /** Id of the export format; missing if the export failed before a format was chosen. */
  exportFormatId?: string;
  /** Workflow id of the export, whose result has all details; missing if no workflow could be started. */
  workflowId?: string;
  /** How the export's workflow ended. */
  outcome: 'succeeded' | 'failed' | 'cancelled';
  /** Where the output is; missing unless the export succeeded. */
  outputInfo?: OutputInfo;
  /** Why the export did not succeed. */
  failure?: FleetExportFailure;
  /** Set if the export had succeeded in an earlier run of the same fleet and was not repeated. */
  reused?: true;
}

/** Why an export of a fleet did not succeed. */
export interface FleetExportFailure {
  /** Usually an `ExportFailureType`. */
  type?: string;
  /** At most 500 characters. The export's workflow has the whole message. */
  message: string;
}

/** Numbers of exports of a fleet. */
export interface FleetTotals {
  /** Exports found so far. With `parent`, and with `formats: 'all'`, the number can grow. */
  planned: number;
  /** Exports that are running. */
  running: number;
  /** Exports that succeeded. */
  succeeded: number;
  /** Exports that failed. */
  failed: number;
  /** Exports that were cancelled. */
  cancelled: number;
  /** Succeeded exports that were not repeated, since they had succeeded in an earlier run of the same fleet. */
  reused: number;
  /** Models below `parent` that support none of the requested formats. */
  skipped: number;
  /** Entries and Models that resolve to the same export as an earlier one. They are not counted in `planned`. */
  duplicates: number;
}

/** The objects that have the results of a fleet. */
export interface ResultObjects {
  /** `gs://bucket/path/` that the objects are in. */
  folder: string;
  /** Number of objects. */
  count: number;
}

/** Times of a fleet, in ISO 8601 (UTC). */
export interface FleetTimings {
  /** Start of the fleet's first run. */
  startTime: string;
  /** End of the fleet. */
  endTime: string;
  /** Time from start to end, in milliseconds. */
  totalMs: number;
}

const fleetExportSchema = z.strictObject({
  model: z.string(),
  exportFormatId: z.string().exactOptional(),
  workflowId: z.string().exactOptional(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  outputInfo: z
    .strictObject({ artifactOutputUri: z.string().exactOptional(), imageOutputUri: z.string().exactOptional() })
    .exactOptional(),
  failure: z.strictObject({ type: z.string().exactOptional(), message: z.string() }).exactOptional(),
  reused: z.literal(true).exactOptional(),
});

/** Schema of an {@link ExportModelsResult}. */
export const exportModelsResultSchema: z.ZodType<ExportModelsResult> = exactSchema<ExportModelsResult>()(
  z.strictObject({
    totals: z.strictObject({
      planned: z.int(),
      running: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      reused: z.int(),
      skipped: z.int(),
      duplicates: z.int(),
    }),
    exports: z.array(fleetExportSchema),
    resultUris: z.array(z.string()),
    resultObjects: z.strictObject({ folder: z.string(), count: z.int() }).exactOptional(),
    failures: z.array(fleetExportSchema),
    stopped: z.string().exactOptional(),
    notes: z.array(z.string()),
    timings: z.strictObject({
      startTime: z.iso.datetime(),
      endTime: z.iso.datetime(),
      totalMs: z.int(),
    }),
  }),
);
