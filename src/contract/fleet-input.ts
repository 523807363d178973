import { z } from 'zod';
import type { ExportModelInput, OutputConfig } from './export-input';
import { formatId, modelName, outputUriPrefix, text } from './fields';
import { exportModelInputSchema } from './export-input';
import { byteLength } from './text';
import { parseLocationName } from './resource-names';

/** Default options of the exports of a fleet: all fields of an `ExportModelInput` except `name`. */
export interface ExportDefaults extends Omit<ExportModelInput, 'name' | 'outputConfig'> {
  /** Default destination and format. */
  outputConfig?: OutputConfig;
}

/**
 * One export of a fleet. Its fields override those of `defaults`. `outputConfig`, `verification` and `polling` are
 * merged field by field.
 */
export interface ExportModelsEntry extends ExportDefaults {
  /** Resource name of the Model, as in `ExportModelInput.name`. */
  name: string;
}

/**
 * Priority and fairness of a fleet's tasks in a task queue.
 *
 * Source: https://docs.temporal.io/task-queue-priority-fairness
 */
export interface ExportPriority {
  /** Priority from 1 (first) to 5 (last). Default 3. */
  priorityKey?: number;
  /** Keys share a task queue by weight. For example the name of a team, at most 64 bytes. */
  fairnessKey?: string;
  /** Weight of the key, from 0.001 to 1000. Default 1. */
  fairnessWeight?: number;
}

/** Input of `exportModelsWorkflow`. Exactly one of `exports`, `models` and `parent` is required. */
export interface ExportModelsInput {
  /** Exports, each with its own options. At most 20,000. */
  exports?: ExportModelsEntry[];
  /** Resource names of Models, as in `ExportModelInput.name`. At most 20,000. */
  models?: string[];
  /** `projects/P/locations/L`: exports the default version of each Model in this location. */
  parent?: string;
  /** Filter of `models.list` below `parent`, for example `labels.team="vision"`. */
  filter?: string;
  /**
   * With `models` or `parent`: one export for each of these formats of each Model. `all` means all formats that the
   * Model supports and that can be written to `artifactDestination`. With `parent`, Models that support none of the
   * formats are skipped. Default: one export of each Model, in the format that `exportModelWorkflow` selects.
   */
  formats?: string[] | 'all';
  /** Common options. `models` and `parent` require `defaults.outputConfig.artifactDestination`. */
  defaults?: ExportDefaults;
  /** Maximum number of exports that run at the same time, from 1 to 1,000. Default 50. */
  maxConcurrent?: number;
  /**
   * What to do after an export fails: `continue` with the others, or `stop`, which starts no further export. Default
   * `continue`.
   */
  onFailure?: 'continue' | 'stop';
  /** Priority and fairness of the fleet's tasks. */
  priority?: ExportPriority;
  /**
   * `gs://bucket/path` for the results of more than 500 exports. Default: the `outputUriPrefix` of `defaults`, or of
   * the first export that has one.
   */
  resultsUriPrefix?: string;
}

const MAX_CONCURRENT = 1_000;
const DEFAULT_CONCURRENT = 50;
/** Maximum number of entries of a fleet. With `parent` the number of Models is not limited. */
export const MAX_ENTRIES = 20_000;
/** Longest filter, in characters. */
const MAX_FILTER = 4_000;
const MAX_FORMATS = 100;
const MAX_FAIRNESS_KEY_BYTES = 64;

const { outputConfig, ...options } = exportModelInputSchema.omit({ name: true }).shape;
// Without the check for a destination: it can be in the entry or in the defaults.
const shared = { outputConfig: z.strictObject(outputConfig.shape).exactOptional(), ...options };

/** Schema of an {@link ExportModelsInput}. `parseExportModelsInput` also checks the rules between fields. */
export const exportModelsInputSchema = z.strictObject({
  exports: z
    .array(z.strictObject({ name: modelName, ...shared }))
    .min(1, 'must have at least one export')
    .max(MAX_ENTRIES, `must have at most ${MAX_ENTRIES} exports: start several fleets`)
    .exactOptional(),
  models: z
    .array(modelName)
    .min(1, 'must name at least one Model')
    .max(MAX_ENTRIES, `must name at most ${MAX_ENTRIES} Models: start several fleets, or use parent and filter`)
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

/** Fields that are merged field by field. */
const MERGED = ['outputConfig', 'verification', 'polling'] as const;
type Options = Partial<Record<(typeof MERGED)[number], object>>;

/** The options of one export: the defaults, overridden by the entry. */
export function mergedOptions<D extends Options, E extends Options>(defaults: D | undefined, entry: E): D & E {
  const parts = MERGED.filter((key) => entry[key] !== undefined || defaults?.[key] !== undefined);
  const merged = Object.fromEntries(parts.map((key) => [key, { ...defaults?.[key], ...entry[key] }]));
  return Object.assign({}, defaults, entry, merged);
}

/** The input of one export of a fleet. */
export function exportOf(defaults: ExportDefaults | undefined, entry: ExportModelsEntry): ExportModelInput {
  return { outputConfig: {}, ...mergedOptions<ExportDefaults, ExportModelsEntry>(defaults, entry) };
}
