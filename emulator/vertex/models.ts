import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ModelFolders } from './model-folders';
import { anyFolder, foldersBelow, isFolder } from './model-folders';
import { parseJson } from '../request-body';
import { MODEL } from './resource-names';

/** Longest time of a timer, in milliseconds. */
export const MAX_TIMER_MS = 2_147_483_647;

/** A time in milliseconds. */
export const millisecondsSchema = z.number().min(0).max(MAX_TIMER_MS);

const exportFormatSchema = z.object({
  id: z.string().min(1),
  exportableContents: z.array(z.enum(['ARTIFACT', 'IMAGE'])).optional(),
});

/** A Model with the fields that the emulator reads. It is loose, since all fields are returned. */
export const modelSchema = z.looseObject({
  name: z.string().regex(new RegExp(`^${MODEL}$`), 'must be projects/P/locations/L/models/M, without @'),
  versionId: z.string().default('1'),
  versionAliases: z.array(z.string()).default(['default']),
  displayName: z.string().default(''),
  supportedExportFormats: z.array(exportFormatSchema).optional(),
  metadataSchemaUri: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  etag: z.string().optional(),
  createTime: z.string().optional(),
  updateTime: z.string().optional(),
  versionCreateTime: z.string().optional(),
  versionUpdateTime: z.string().optional(),
  deployedModels: z.array(z.unknown()).optional(),
  checkpoints: z.array(z.unknown()).optional(),
  modelSourceInfo: z.looseObject({}).optional(),
  baseModelSource: z
    .looseObject({
      modelGardenSource: z.looseObject({ publicModelName: z.string().optional() }).optional(),
      genieSource: z.looseObject({ baseModelUri: z.string().optional() }).optional(),
    })
    .optional(),
});

/** How an export ends: successfully, with incomplete or damaged files, or with an error. */
export type ExportOutcome = 'success' | 'without-files' | 'empty-file' | 'corrupted-file' | FailedExport;

/** An export that ends with an error. */
export interface FailedExport {
  /** Error of the operation, with its gRPC code. */
  error: { code: number; message: string };
  /** Time from the start to the error, in milliseconds. Default: the duration of the export. */
  afterMs?: number | undefined;
}

const outcomeSchema: z.ZodType<ExportOutcome, ExportOutcome> = z.union([
  z.enum(['success', 'without-files', 'empty-file', 'corrupted-file']),
  z.strictObject({
    error: z.strictObject({ code: z.int().min(1).max(16), message: z.string() }),
    afterMs: millisecondsSchema.optional(),
  }),
]);

/** One outcome for all exports, or a list of outcomes for successive exports. The last one is repeated. */
export const outcomesSchema = z.union([outcomeSchema, z.array(outcomeSchema).min(1)]);

const modelEntrySchema = z.strictObject({
  model: modelSchema,
  exports: z.record(z.string(), z.strictObject({ directory: z.string().optional(), image: z.string().optional() })),
  /** Duration of an export, in milliseconds. Default 1,000. */
  durationMs: millisecondsSchema.optional(),
  /** How exports end. The entries of a list apply to successive exports; the last one is repeated. Default `success`. */
  outcome: outcomesSchema.optional(),
});

/** One version of a Model, with the files of its exports. Relative paths start at the folder of the models file. */
export type EmulatorModel = z.input<typeof modelEntrySchema>;
export type ModelEntry = z.output<typeof modelEntrySchema>;

/** The models file that ships with the package. */
export const DEFAULT_MODELS = path.join(__dirname, '..', 'models', 'default.json');

/** Maximum number of problems in a message. */
const MAX_PROBLEMS = 100;

/** Where the files of Models can be. */
export interface FolderOptions {
  /** Path of the models file, or entries from code in this process. */
  readonly models: string | readonly EmulatorModel[];
  /** Another root for the folders of entries. */
  readonly filesRoot?: string;
}

/**
 * Reads the Models that an emulator starts with. A models file can use folders below its own folder or below
 * `filesRoot`. Entries from code in this process can use any folder.
 *
 * @throws Error with all problems
 */
export function loadModels({ models, filesRoot }: FolderOptions): ModelEntry[] {
  if (filesRoot !== undefined && !isFolder(filesRoot)) {
    throw problems('filesRoot', [`the folder ${filesRoot} does not exist: use an existing one`]);
  }
  if (typeof models !== 'string') return checkModels(models, anyFolder(process.cwd()));
  const base = path.dirname(path.resolve(models));
  const roots = [base, ...(filesRoot === undefined ? [] : [path.resolve(filesRoot)])];
  return checkModels(readModelsFile(models), foldersBelow(base, roots), models);
}

/** Folders that entries from HTTP requests can use: those below `filesRoot`, by default the models file's folder. */
export function postedFolders({ models, filesRoot }: FolderOptions): ModelFolders {
  const root = filesRoot ?? (typeof models === 'string' ? path.dirname(models) : undefined);
  const base = path.resolve(root ?? '.');
  return foldersBelow(base, root === undefined ? [] : [base], { relativeOnly: true });
}

/**
 * Checks entries and returns them with absolute paths.
 *
 * @throws Error with all problems
 */
export function checkModels(entries: unknown, folders: ModelFolders, title = 'models'): ModelEntry[] {
  const parsed = z.array(modelEntrySchema).safeParse(entries);
  if (!parsed.success) {
    throw problems(
      title,
      parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`),
    );
  }
  const found = [...versionProblems(parsed.data)];
  const checked = parsed.data.map((entry, index) => ({
    ...entry,
    exports: Object.fromEntries(
      Object.entries(entry.exports).map(([id, files]) => {
        const at = `${index}.exports.${id}`;
        if (!entry.model.supportedExportFormats?.some((format) => format.id === id)) {
          found.push(`${at}: is not in the model's supportedExportFormats`);
        }
        return [id, chosenFolders(files, folders, at, found)];
      }),
    ),
  }));
  if (found.length > 0) throw problems(title, found);
  return checked;
}

type Files = ModelEntry['exports'][string];

/** The files with absolute paths. Their problems are added to `found`. */
function chosenFolders(files: Files, folders: ModelFolders, at: string, found: string[]): Files {
  const chosen = (kind: keyof Files): string | undefined => {
    const folder = files[kind];
    const choice = folder === undefined ? undefined : folders.choose(folder);
    if (choice === undefined || 'folder' in choice) return choice?.folder;
    found.push(`${at}.${kind}: ${choice.problem}`);
    return undefined;
  };
  const [directory, image] = [chosen('directory'), chosen('image')];
  return { ...(directory === undefined ? {} : { directory }), ...(image === undefined ? {} : { image }) };
}

function problems(title: string, lines: readonly string[]): Error {
  const more = lines.length - MAX_PROBLEMS;
  const shown = [...lines.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
  return new Error([`${title} has ${lines.length} problem(s):`, ...shown.map((line) => `  - ${line}`)].join('\n'));
}

function readModelsFile(file: string): unknown {
  try {
    return parseJson(readFileSync(file));
  } catch (error) {
    throw problems(file, [error instanceof Error ? error.message : String(error)]);
  }
}

/** Problems of repeated versions, and of Models that do not have exactly one default version. */
function versionProblems(entries: readonly ModelEntry[]): string[] {
  const firstOf = new Map<string, number>();
  const defaultsOf = new Map<string, number>();
  for (const [index, { model }] of entries.entries()) {
    const version = JSON.stringify([model.name, model.versionId]);
    if (!firstOf.has(version)) firstOf.set(version, index);
    const isDefault = model.versionAliases.includes('default') ? 1 : 0;
    defaultsOf.set(model.name, (defaultsOf.get(model.name) ?? 0) + isDefault);
  }
  return entries.flatMap(({ model }, index) => {
    const first = firstOf.get(JSON.stringify([model.name, model.versionId])) ?? index;
    return [
      ...(first < index
        ? [`${index}.model.versionId: ${model.versionId} of ${model.name} repeats entry ${first}`]
        : []),
      ...(defaultsOf.get(model.name) === 1
        ? []
        : [`${index}.model.versionAliases: exactly one version must have the alias default`]),
    ];
  });
}
