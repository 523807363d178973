import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const exportFormatSchema = z.object({
  id: z.string().min(1),
  exportableContents: z.array(z.enum(['ARTIFACT', 'IMAGE'])).optional(),
});

// Loose: the Model is given back as it was given, whatever else it has.
const modelSchema = z.looseObject({
  name: z
    .string()
    .regex(/^projects\/[^/]+\/locations\/[^/]+\/models\/[^/@]+$/, 'must be projects/P/locations/L/models/M, without @'),
  versionId: z.string().default('1'),
  versionAliases: z.array(z.string()).default(['default']),
  displayName: z.string().default(''),
  supportedExportFormats: z.array(exportFormatSchema).optional(),
  metadataSchemaUri: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

const outcomeSchema = z.union([
  z.enum(['success', 'without-files', 'empty-file', 'corrupted-file']),
  z.strictObject({
    error: z.strictObject({ code: z.int().min(1).max(16), message: z.string() }),
    /** When the operation fails, in milliseconds. Default: at the end of its duration. */
    afterMs: z.number().min(0).optional(),
  }),
]);

/** One outcome, or one for each export in turn. */
export const outcomesSchema = z.union([outcomeSchema, z.array(outcomeSchema).min(1)]);

const modelEntrySchema = z.strictObject({
  model: modelSchema,
  exports: z.record(z.string(), z.strictObject({ directory: z.string().optional(), image: z.string().optional() })),
  /** How long an export runs, in milliseconds. Default 1,000. */
  durationMs: z.number().min(0).optional(),
  /** How its exports end; of a list each export takes the next, and the last one stays. Default `success`. */
  outcome: outcomesSchema.optional(),
});

/** One version of a Model, with the files that its exports consist of. Relative paths are below the file's folder. */
export type EmulatorModel = z.input<typeof modelEntrySchema>;
export type ModelEntry = z.output<typeof modelEntrySchema>;
/** How an export ends. */
export type ExportOutcome = z.output<typeof outcomeSchema>;

/** The set that ships with the package. */
export const DEFAULT_MODELS = path.join(__dirname, 'models', 'default.json');

/**
 * Reads the models that an emulator has, with absolute paths.
 *
 * @throws Error that names every problem with its place
 */
export function loadModels(source: string | readonly EmulatorModel[]): ModelEntry[] {
  const folder = typeof source === 'string' ? path.dirname(path.resolve(source)) : process.cwd();
  const title = typeof source === 'string' ? source : 'models';
  const parsed = z.array(modelEntrySchema).safeParse(typeof source === 'string' ? readJson(source) : source);
  if (!parsed.success) {
    throw problems(
      title,
      parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`),
    );
  }
  const found = parsed.data.flatMap((entry, index) => problemsOf(entry, index, parsed.data, folder));
  if (found.length > 0) throw problems(title, found);
  return parsed.data.map((entry) => ({
    ...entry,
    exports: Object.fromEntries(
      Object.entries(entry.exports).map(([id, { directory, image }]) => [
        id,
        {
          ...(directory === undefined ? {} : { directory: path.resolve(folder, directory) }),
          ...(image === undefined ? {} : { image: path.resolve(folder, image) }),
        },
      ]),
    ),
  }));
}

function problems(title: string, lines: readonly string[]): Error {
  return new Error([`${title} has ${lines.length} problem(s):`, ...lines.map((line) => `  - ${line}`)].join('\n'));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw problems(file, [error instanceof Error ? error.message : String(error)]);
  }
}

function problemsOf(entry: ModelEntry, index: number, all: readonly ModelEntry[], folder: string): string[] {
  const { model } = entry;
  const found: string[] = [];
  const twin = all.findIndex(({ model: other }) => other.name === model.name && other.versionId === model.versionId);
  if (twin < index)
    found.push(`${index}.model.versionId: ${model.versionId} of ${model.name} is entry ${twin} already`);
  const defaults = all.filter((e) => e.model.name === model.name && e.model.versionAliases.includes('default'));
  if (defaults.length !== 1)
    found.push(`${index}.model.versionAliases: exactly one version must have the alias default`);
  for (const [id, files] of Object.entries(entry.exports)) {
    if (!model.supportedExportFormats?.some((format) => format.id === id)) {
      found.push(`${index}.exports.${id}: is not in the model's supportedExportFormats`);
    }
    for (const [kind, place] of Object.entries(files)) {
      if (place === undefined) continue;
      if (!isFolder(path.resolve(folder, place)))
        found.push(`${index}.exports.${id}.${kind}: there is no folder ${place}`);
    }
  }
  return found;
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}
