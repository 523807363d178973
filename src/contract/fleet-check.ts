import { defined } from '../internal/defined';
import { z } from 'zod';
import { exportIdentity } from './workflow-id';
import type { FleetSettings } from './fleet-state';
import type { ExportModelsInput, NormalizedFleet } from './fleet-input';
import { exportModelsInputSchema, exportOf, MAX_ENTRIES, mergedOptions } from './fleet-input';
import { jsonBytes, MAX_INLINE_RESULTS } from './fleet-limits';
import type { Steps } from './in-steps';
import { atOnce, inSteps } from './in-steps';
import { parseExportModelInput } from './export-input';
import { sizeProblem } from './input-size';
import type { InputProblem } from './problems';
import { allProblemsOf, boundedProblems, problem } from './problems';
import { normalizeModelName } from './resource-names';

/**
 * Largest input of a fleet, in bytes of JSON. A Temporal server accepts 2 MB. The rest is reserved for the state that a
 * fleet carries over when it continues as new.
 */
export const MAX_FLEET_INPUT_BYTES = 1_250_000;

/** Checked first, so that an oversized input is rejected at low cost. */
const SIZE_LIMITS = { values: 150_000, characters: MAX_FLEET_INPUT_BYTES, depth: 20 };
/** Limits of one entry and of the defaults, far above the size of any valid one. */
const ENTRY_LIMITS = { values: 2_000, characters: 100_000, depth: 20 };
/** Maximum number of problems. When it is reached, no further entry is checked. */
const MAX_PROBLEMS = 1_000;
export const FLEET_SIZE_ADVICE =
  'move common options to `defaults`, use `models` and `formats` or `parent` and `filter`, or start several fleets';

/** A checked input of a fleet. */
export interface CheckedFleet {
  /** The input as given. */
  readonly input: ExportModelsInput;
  readonly settings: FleetSettings;
}

type Checked = CheckedFleet | { readonly problems: InputProblem[] };

/** Checks the raw input of a fleet. Returns the checked fleet or all problems, at most 100. It never throws. */
export function parseExportModelsInput(raw: unknown): Checked {
  return atOnce(checkInput(raw));
}

/** Checks an input like {@link parseExportModelsInput}, without blocking the event loop for long. */
export function checkExportModelsInput(raw: unknown): Promise<Checked> {
  return inSteps(checkInput(raw));
}

function* checkInput(raw: unknown): Steps<Checked> {
  const size = sizeProblem(raw, SIZE_LIMITS, FLEET_SIZE_ADVICE);
  if (size !== undefined) return { problems: [size] };
  const bytes = bytesOf(raw);
  if (bytes === undefined) return { problems: [problem('', 'must be JSON')] };
  if (bytes > MAX_FLEET_INPUT_BYTES) return { problems: [tooLarge(bytes)] };
  yield;
  const outline = outlineSchema.parse(raw);
  const oversized = oversizedParts(outline);
  if (oversized.length > 0) return { problems: oversized };
  const { exports: entries, ...rest } = outline;
  const hasEntries = entries.length > 0;
  // Entries are checked one by one. If there is no list of entries, the schema checks the whole input.
  const parsed = hasEntries ? withoutExportsSchema.safeParse(rest) : exportModelsInputSchema.safeParse(raw);
  yield;
  const problems = parsed.success ? [] : allProblemsOf(parsed.error);
  const known = new Set(problems.map(({ path }) => path));
  problems.push(
    ...combinationProblems(outline, raw),
    ...defaultsProblems(outline).filter(({ path }) => !known.has(path)),
  );
  const checked = yield* checkEntries(outline, known);
  problems.push(...checked.problems);
  if (!parsed.success) return { problems: boundedProblems(problems) };
  const resultsUriPrefix = resultsDestination(parsed.data) ?? checked.prefix;
  if (entries.length > MAX_INLINE_RESULTS && resultsUriPrefix === undefined) problems.push(RESULTS_PROBLEM);
  // The schema accepted it. The values stay as given, since each export normalizes its own input.
  const input = raw as ExportModelsInput;
  if (problems.length === 0) problems.push(...(yield* sharedDestinations(input)));
  if (problems.length > 0) return { problems: boundedProblems(problems) };
  const { maxConcurrent, onFailure } = parsed.data;
  const duplicates = yield* duplicatesOf(input);
  const settings = {
    maxConcurrent,
    onFailure,
    duplicates,
    ...defined({ resultsUriPrefix }),
  };
  return { input, settings };
}

const fields = z.looseObject({}).exactOptional();
const optionsSchema = z.looseObject({ outputConfig: fields, verification: fields, polling: fields });

/** The parts of an input that can be checked even if other fields have problems. */
const outlineSchema = z
  .looseObject({
    exports: z.array(z.unknown()).catch([]),
    defaults: optionsSchema.exactOptional().catch({}),
  })
  .catch({ exports: [] });

type Outline = z.output<typeof outlineSchema>;

const entrySchema = exportModelsInputSchema.shape.exports.unwrap().element;
const withoutExportsSchema = exportModelsInputSchema.omit({ exports: true });

/** Problems of parts that are too large for further checks. */
function oversizedParts({ exports, models, defaults }: Outline): InputProblem[] {
  const lists = [exports.length, Array.isArray(models) ? models.length : 0];
  const isLong = lists.some((length) => length > MAX_ENTRIES);
  const size = sizeProblem(defaults, ENTRY_LIMITS, 'an export has the fields of the REST call and a few options');
  return [
    ...(isLong
      ? [problem(lists[0] === 0 ? 'models' : 'exports', `must have at most ${MAX_ENTRIES}: start several fleets`)]
      : []),
    ...(size ? [{ ...size, path: 'defaults' }] : []),
  ];
}

/** Problems of single entries, alone and merged with the defaults. Also returns the first destination of an entry. */
function* checkEntries(
  { exports, defaults }: Outline,
  known: ReadonlySet<string>,
): Steps<{ problems: InputProblem[]; prefix?: string }> {
  const problems: InputProblem[] = [];
  let prefix: string | undefined;
  for (const [index, entry] of exports.entries()) {
    yield;
    if (problems.length >= MAX_PROBLEMS) {
      problems.unshift(problem('exports', `has ${exports.length - index} more entries, which were not checked`));
      break;
    }
    const place = `exports.${index}`;
    const size = sizeProblem(entry, ENTRY_LIMITS, 'an export has the fields of the REST call and a few options');
    if (size) {
      problems.push({ ...size, path: place });
      continue;
    }
    const shape = entrySchema.safeParse(entry);
    const entryProblems = shape.success ? [] : allProblemsOf(shape.error).map((one) => below(place, one));
    const entryPaths = new Set(entryProblems.map(({ path }) => path));
    const merged = problemsBelow(place, mergedOptions(defaults, optionsSchema.catch({}).parse(entry)));
    problems.push(
      ...entryProblems,
      // A problem of the entry alone, or of the defaults, is listed only once.
      ...merged.filter(({ path }) => !entryPaths.has(path) && !known.has(path.replace(/^exports\.\d+/, 'defaults'))),
    );
    prefix ??= shape.data?.outputConfig?.artifactDestination?.outputUriPrefix;
  }
  return { problems, ...defined({ prefix }) };
}

/** The problem of a part, with its path in the whole input. */
function below(place: string, { path, message }: InputProblem): InputProblem {
  return problem(path.startsWith('(') ? place : `${place}.${path}`, message);
}

/** Length of a value as JSON, in bytes; undefined if it can't be converted to JSON. */
function bytesOf(value: unknown): number | undefined {
  try {
    return jsonBytes(value);
  } catch {
    return undefined;
  }
}

function tooLarge(bytes: number): InputProblem {
  const limit = `the limit is ${MAX_FLEET_INPUT_BYTES}, so that its state fits into the 2 MB of a Temporal server`;
  return problem('', `has ${bytes} bytes; ${limit}: ${FLEET_SIZE_ADVICE}`);
}

/** Problems of fields that contradict or require each other. */
function combinationProblems({ defaults, ...input }: Outline, raw: unknown): InputProblem[] {
  const { models, parent, filter, formats }: Record<string, unknown> = input;
  const exports = typeof raw === 'object' && raw !== null && 'exports' in raw ? raw.exports : undefined;
  const sources = [exports, models, parent].filter((source) => source !== undefined).length;
  const isByModel = exports === undefined;
  const rows: readonly [boolean, string, string][] = [
    [sources !== 1, '(input)', 'needs exactly one of exports, models and parent'],
    [filter !== undefined && parent === undefined, 'filter', 'needs parent'],
    [
      formats !== undefined && !isByModel,
      'formats',
      'needs models or parent; an entry of exports has its own outputConfig.exportFormatId',
    ],
    [
      formats !== undefined && defaults?.outputConfig?.['exportFormatId'] !== undefined,
      'defaults.outputConfig.exportFormatId',
      'cannot be combined with formats: remove one of them',
    ],
    [
      formats !== undefined && defaults?.['perRunFolder'] === false,
      'defaults.perRunFolder',
      'must be true with formats: simultaneous exports of a Model to one directory can be mistaken for each other',
    ],
    [
      defaults?.outputConfig?.['imageDestination'] !== undefined,
      'defaults.outputConfig.imageDestination',
      'would be the same image for all exports: set it for each entry of exports',
    ],
    [
      isByModel && sources === 1 && defaults?.outputConfig?.['artifactDestination'] === undefined,
      'defaults.outputConfig.artifactDestination',
      'is needed with models and parent',
    ],
  ];
  return rows.flatMap(([isProblem, path, message]) => (isProblem ? [{ path, message }] : []));
}

/** Problems of the defaults, if exports have no other options. */
function defaultsProblems({ exports, defaults }: Outline): InputProblem[] {
  // A missing destination is a row of the combinations.
  if (exports.length > 0 || defaults?.outputConfig?.['artifactDestination'] === undefined) return [];
  return problemsBelow('defaults', { ...defaults, name: SAMPLE });
}

/** Any valid Model name. */
const SAMPLE = 'projects/1/locations/us-central1/models/1';

function problemsBelow(place: string, input: unknown): InputProblem[] {
  const parsed = parseExportModelInput(input);
  if (!('problems' in parsed)) return [];
  return parsed.problems.map(({ path, message }) => problem(`${place}.${path}`, message));
}

/** Problems of different exports that would write to the same destination. */
function* sharedDestinations({ exports = [], defaults }: ExportModelsInput): Steps<InputProblem[]> {
  const taken = new Map<string, { identity: string; index: number }>();
  const problems: InputProblem[] = [];
  for (const [index, entry] of exports.entries()) {
    yield;
    const merged = exportOf(defaults, entry);
    const identity = JSON.stringify(exportIdentity(merged));
    const { artifactDestination, imageDestination } = merged.outputConfig;
    const places: (readonly [string, string])[] = [
      ...(imageDestination ? [[imageDestination.outputUri, 'imageDestination'] as const] : []),
      ...(artifactDestination && merged.perRunFolder === false
        ? [[`${merged.name} ${artifactDestination.outputUriPrefix}`, 'artifactDestination'] as const]
        : []),
    ];
    for (const [place, field] of places) {
      const other = taken.get(place);
      if (other === undefined) taken.set(place, { identity, index });
      if (other === undefined || other.identity === identity) continue;
      const message = `is the destination of exports.${other.index}, too: their output would be mixed up`;
      problems.push({ path: `exports.${index}.outputConfig.${field}`, message });
    }
  }
  return problems;
}

function* duplicatesOf({ exports, models = [], defaults }: ExportModelsInput): Steps<number[]> {
  const seen = new Set<string>();
  const duplicates: number[] = [];
  for (const [index, one] of (exports ?? models).entries()) {
    yield;
    const identity =
      typeof one === 'string' ? normalizeModelName(one) : JSON.stringify(exportIdentity(exportOf(defaults, one)));
    if (seen.has(identity)) duplicates.push(index);
    seen.add(identity);
  }
  return duplicates;
}

const RESULTS_PROBLEM: InputProblem = {
  path: 'resultsUriPrefix',
  message: `is required: more than ${MAX_INLINE_RESULTS} results are written to objects, and no export has an artifactDestination`,
};

function resultsDestination({ resultsUriPrefix, defaults }: Omit<NormalizedFleet, 'exports'>): string | undefined {
  return resultsUriPrefix ?? defaults?.outputConfig?.artifactDestination?.outputUriPrefix;
}
