import { z } from 'zod';
import type { ExportModelInput, OutputConfig } from './export-input';
import { formatId, modelName, outputUriPrefix, text } from './fields';
import { exportModelInputSchema } from './export-input';
import { byteLength } from './text';
import { parseLocationName } from './resource-names';

/** Options of every export of a fleet that does not have its own: all fields of an `ExportModelInput` but `name`. */
export interface ExportDefaults extends Omit<ExportModelInput, 'name' | 'outputConfig'> {
  outputConfig?: OutputConfig;
}

/**
 * One export of a list. Its fields go before those of `defaults`; `outputConfig`, `verification` and `polling` are
 * merged field by field.
 */
export interface ExportModelsEntry extends ExportDefaults {
  name: string;
}

/** How tasks of a fleet stand beside those of others in a task queue. Source: https://docs.temporal.io/task-queue-priority-fairness */
export interface ExportPriority {
  /** From 1, first, to 5, last. Default 3. */
  priorityKey?: number;
  /** Tasks of different keys share a queue by weight: a team's name, for example. At most 64 bytes. */
  fairnessKey?: string;
  /** Share of this key, 0.001 to 1000. Default 1. */
  fairnessWeight?: number;
}

/** Input of `exportModelsWorkflow`: one of `exports`, `models` and `parent` says what is exported. */
export interface ExportModelsInput {
  /** Exports, each with what it does not share with the others. */
  exports?: ExportModelsEntry[];
  /** Names of Models, as in `ExportModelInput.name`. */
  models?: string[];
  /** `projects/P/locations/L`: every Model there, page by page, in its default version. */
  parent?: string;
  /** Filter of `models.list` below `parent`, for example `labels.team="vision"`. */
  filter?: string;
  /**
   * With `models` or `parent`: one export for each format of each Model; `all` means those that the Model supports and
   * that can be written to `artifactDestination`. Of `parent`, Models that support none are skipped. Default: one export
   * of each Model, in the format that an export by itself would choose.
   */
  formats?: string[] | 'all';
  /** What the exports have in common; `outputConfig.artifactDestination` at least, with `models` and `parent`. */
  defaults?: ExportDefaults;
  /** Exports that run at the same time, at most 1,000. Default 50. */
  maxConcurrent?: number;
  /** After an export has failed: `continue` with the others, or `stop`, so that only those that run end. Default `continue`. */
  onFailure?: 'continue' | 'stop';
  priority?: ExportPriority;
  /**
   * `gs://bucket/path` for the results of more than 500 exports. Default: the `outputUriPrefix` of `defaults`, or of
   * the first export that has one.
   */
  resultsUriPrefix?: string;
}

const MAX_CONCURRENT = 1_000;
const DEFAULT_CONCURRENT = 50;
/** Entries of one fleet; with `parent` there is no limit. */
export const MAX_ENTRIES = 20_000;
/** Longest filter, in characters. */
const MAX_FILTER = 4_000;
const MAX_FORMATS = 100;
const MAX_FAIRNESS_KEY_BYTES = 64;

const { outputConfig, ...options } = exportModelInputSchema.omit({ name: true }).shape;
// Without the check for a destination: the other part may come from the other place.
const shared = { outputConfig: z.strictObject(outputConfig.shape).exactOptional(), ...options };

/** Shape of an {@link ExportModelsInput}; what concerns several fields is checked by `parseExportModelsInput`. */
export const exportModelsInputSchema = z.strictObject({
  exports: z
    .array(z.strictObject({ name: modelName, ...shared }))
    .min(1, 'must have at least one export')
    .max(MAX_ENTRIES, `must have at most ${MAX_ENTRIES} exports: start several fleets`)
    .exactOptional(),
  models: z
    .array(modelName)
    .min(1, 'must name at least one Model')
    .max(MAX_ENTRIES, `must name at most ${MAX_ENTRIES} Models: start several fleets, or give parent and filter`)
    .exactOptional(),
  parent: z
    .string()
    .refine((parent) => parseLocationName(parent) !== undefined, {
      error: 'must be projects/PROJECT/locations/LOCATION',
    })
    .exactOptional(),
  filter: text(MAX_FILTER).exactOptional(),
  formats: z
    .union(
      [
        z.literal('all'),
        z.array(formatId).min(1, 'must name at least one format').max(MAX_FORMATS, `must name at most ${MAX_FORMATS}`),
      ],
      { error: 'must be "all" or a list of format ids' },
    )
    .exactOptional(),
  defaults: z.strictObject(shared).exactOptional(),
  maxConcurrent: z.int().min(1).max(MAX_CONCURRENT).default(DEFAULT_CONCURRENT),
  onFailure: z.enum(['continue', 'stop']).default('continue'),
  priority: z
    .strictObject({
      priorityKey: z.int().min(1).max(5).exactOptional(),
      fairnessKey: text(MAX_FAIRNESS_KEY_BYTES)
        .refine((key) => byteLength(key) <= MAX_FAIRNESS_KEY_BYTES, {
          error: `must have at most ${MAX_FAIRNESS_KEY_BYTES} bytes`,
        })
        .exactOptional(),
      fairnessWeight: z.number().min(0.001).max(1_000).exactOptional(),
    })
    .exactOptional(),
  resultsUriPrefix: outputUriPrefix.exactOptional(),
});

/** An {@link ExportModelsInput} with defaults filled in. */
export type NormalizedFleet = z.output<typeof exportModelsInputSchema>;

/** Fields of which each part can come from the entry or from the defaults. */
const MERGED = ['outputConfig', 'verification', 'polling'] as const;
type Options = Partial<Record<(typeof MERGED)[number], object>>;

/** The options of one export: those of the entry over the defaults. */
export function mergedOptions<D extends Options, E extends Options>(defaults: D | undefined, entry: E): D & E {
  const parts = MERGED.filter((key) => entry[key] !== undefined || defaults?.[key] !== undefined);
  const merged = Object.fromEntries(parts.map((key) => [key, { ...defaults?.[key], ...entry[key] }]));
  return Object.assign({}, defaults, entry, merged);
}

/** One export of a fleet. */
export function exportOf(defaults: ExportDefaults | undefined, entry: ExportModelsEntry): ExportModelInput {
  return { outputConfig: {}, ...mergedOptions<ExportDefaults, ExportModelsEntry>(defaults, entry) };
}
