import { z } from 'zod';

const fleetExportSchema = z.strictObject({
  /** As it was asked for; the pinned version once it is known. */
  model: z.string(),
  /** Left out where an export failed before one was chosen. */
  exportFormatId: z.string().exactOptional(),
  /** Of the export's own workflow, whose result has all the rest; left out where none could be started. */
  workflowId: z.string().exactOptional(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  outputInfo: z
    .strictObject({ artifactOutputUri: z.string().exactOptional(), imageOutputUri: z.string().exactOptional() })
    .exactOptional(),
  failure: z
    .strictObject({
      /** An `ExportFailureType`, mostly. */
      type: z.string().exactOptional(),
      /** At most 500 characters; the export's own workflow has all of it. */
      message: z.string(),
    })
    .exactOptional(),
  /** It had succeeded in an earlier run of the same fleet, and was not exported again. */
  reused: z.literal(true).exactOptional(),
});

const fleetTotalsSchema = z.strictObject({
  /** Exports found so far; with `parent`, and with `formats: 'all'`, more may come. */
  planned: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  /** Of the succeeded: not exported again, since an earlier run of the same fleet had done it. */
  reused: z.int(),
  /** Models below `parent` that have no format that was asked for. */
  skipped: z.int(),
  /** Entries, and Models of a list, that came to the same export as one before; not counted in `planned`. */
  duplicates: z.int(),
});

export const exportModelsResultSchema = z.strictObject({
  totals: fleetTotalsSchema,
  /** Every export in the order of their ends, where there are at most 500 and 180 KB; empty where there are more. */
  exports: z.array(fleetExportSchema),
  /** Where there are more: the first 50 objects of JSON lines, one export each, that hold all of them. */
  resultUris: z.array(z.string()),
  /** Where there are objects: their folder, and their number; a note names each that could not be written. */
  resultObjects: z.strictObject({ folder: z.string(), count: z.int() }).exactOptional(),
  /** The first that failed, at most 100 and 50 KB; a note has the number of the others. */
  failures: z.array(fleetExportSchema),
  /** Why not everything was started; left out where everything was. */
  stopped: z.string().exactOptional(),
  /** What is worth knowing and no failure of an export. */
  notes: z.array(z.string()),
  timings: z.strictObject({
    startTime: z.iso.datetime(),
    endTime: z.iso.datetime(),
    /** In milliseconds. */
    totalMs: z.int(),
  }),
});

/** Result of `exportModelsWorkflow`. */
export type ExportModelsResult = z.infer<typeof exportModelsResultSchema>;
/** What became of one export of a fleet. */
export type FleetExport = z.infer<typeof fleetExportSchema>;
export type FleetTotals = z.infer<typeof fleetTotalsSchema>;
