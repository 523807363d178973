import { z } from 'zod';
import { exportIdentity } from './workflow-id';
import type { FleetSettings } from './fleet-activities';
import type { ExportModelsInput, NormalizedFleet } from './fleet-input';
import { exportModelsInputSchema, exportOf, mergedOptions } from './fleet-input';
import { MAX_INLINE_RESULTS } from './fleet-status';
import { parseExportModelInput } from './input';
import { sizeProblem } from './input-size';
import type { InputProblem } from './problems';
import { allProblemsOf, boundedProblems, problem } from './problems';
import { normalizeModelName } from './resource-names';
import { byteLength } from './text';

/**
 * The largest input, in bytes of JSON. A Temporal server takes 2 MB; the rest is for what a fleet carries over when it
 * continues as new.
 */
export const MAX_FLEET_INPUT_BYTES = 1_250_000;

/** Checked before anything else, so that no input costs much before it is refused. */
export const FLEET_SIZE_LIMITS = { values: 500_000, characters: MAX_FLEET_INPUT_BYTES, depth: 20 };
export const FLEET_SIZE_ADVICE =
  'move what the exports share to `defaults`, give `models` and `formats`, or `parent` and `filter`; or start several fleets';

/** A checked input of a fleet. */
export interface CheckedFleet {
  /** As it was given. */
  readonly input: ExportModelsInput;
  readonly settings: FleetSettings;
}

/** Checks the raw input of a fleet. Never throws: either what it says or every problem at once, a hundred at most. */
export function parseExportModelsInput(raw: unknown): CheckedFleet | { readonly problems: InputProblem[] } {
  const size = sizeProblem(raw, FLEET_SIZE_LIMITS, FLEET_SIZE_ADVICE);
  if (size !== undefined) return { problems: [size] };
  const bytes = jsonBytes(raw);
  if (bytes === undefined) return { problems: [problem('', 'must be JSON')] };
  if (bytes > MAX_FLEET_INPUT_BYTES) return { problems: [tooLarge(bytes)] };
  const parsed = exportModelsInputSchema.safeParse(raw);
  const shape = parsed.success ? [] : allProblemsOf(parsed.error);
  const outline = outlineSchema.parse(raw);
  const problems = [
    ...shape,
    ...combinationProblems(outline),
    ...exportProblems(outline).filter((problem) => !isKnown(problem, shape)),
    ...(parsed.success ? resultsProblems(parsed.data) : []),
  ];
  // What passed has the shape; durations and defaults are left for each export to settle by itself.
  const input = raw as ExportModelsInput;
  if (parsed.success && problems.length === 0) problems.push(...sharedPlaces(input));
  if (!parsed.success || problems.length > 0) return { problems: boundedProblems(problems) };
  const { maxConcurrent, onFailure } = parsed.data;
  const resultsUriPrefix = resultsPlace(parsed.data);
  const duplicates = duplicatesOf(input);
  const settings = {
    maxConcurrent,
    onFailure,
    duplicates,
    ...(resultsUriPrefix !== undefined && { resultsUriPrefix }),
  };
  return { input, settings };
}

const fields = z.looseObject({}).exactOptional();
const optionsSchema = z.looseObject({ outputConfig: fields, verification: fields, polling: fields });

/** What is there at all: enough to look at an input some of whose fields have problems. */
const outlineSchema = z
  .looseObject({
    exports: z.array(optionsSchema.catch({})).exactOptional().catch([]),
    defaults: optionsSchema.exactOptional().catch({}),
  })
  .catch({});

type Outline = z.output<typeof outlineSchema>;

/** Whether a problem of an export was named already, there or in the defaults that it has from. */
function isKnown({ path }: InputProblem, known: readonly InputProblem[]): boolean {
  const field = path.replace(/^(exports\.\d+|defaults)\./, '');
  return known.some((other) => other.path === path || other.path === `defaults.${field}`);
}

/** Length of the JSON of a value in bytes; `undefined` where it can't be written as JSON. */
function jsonBytes(value: unknown): number | undefined {
  try {
    return byteLength(JSON.stringify(value ?? null));
  } catch {
    return undefined;
  }
}

function tooLarge(bytes: number): InputProblem {
  const limit = `the ${MAX_FLEET_INPUT_BYTES} that leave room below the 2 MB limit of a Temporal server`;
  return problem('', `has ${bytes} bytes, more than ${limit}: ${FLEET_SIZE_ADVICE}`);
}

/** Fields that say the same twice, or nothing together. */
function combinationProblems(input: Outline): InputProblem[] {
  const { exports, defaults } = input;
  const { models, parent, filter, formats }: Record<string, unknown> = input;
  const sources = [exports, models, parent].filter((source) => source !== undefined).length;
  const each = exports === undefined;
  const rows: readonly [boolean, string, string][] = [
    [sources !== 1, '(input)', 'needs exactly one of exports, models and parent'],
    [filter !== undefined && parent === undefined, 'filter', 'needs parent'],
    [
      formats !== undefined && !each,
      'formats',
      'needs models or parent; an entry of exports has its own outputConfig.exportFormatId',
    ],
    [
      formats !== undefined && defaults?.outputConfig?.['exportFormatId'] !== undefined,
      'defaults.outputConfig.exportFormatId',
      'says what formats says: leave one of them out',
    ],
    [
      formats !== undefined && defaults?.['perRunFolder'] === false,
      'defaults.perRunFolder',
      'must be true with formats: exports of one Model to one place at the same time would be confused',
    ],
    [
      defaults?.outputConfig?.['imageDestination'] !== undefined,
      'defaults.outputConfig.imageDestination',
      'would be the same image for every export: give each its own in exports',
    ],
    [
      each && sources === 1 && defaults?.outputConfig?.['artifactDestination'] === undefined,
      'defaults.outputConfig.artifactDestination',
      'is needed with models and parent',
    ],
  ];
  return rows.flatMap(([isProblem, path, message]) => (isProblem ? [{ path, message }] : []));
}

/** What is wrong with single exports once they have the defaults. */
function exportProblems({ exports, defaults }: Outline): InputProblem[] {
  if (exports !== undefined) {
    return exports.flatMap((entry, index) => problemsBelow(`exports.${index}`, mergedOptions(defaults, entry)));
  }
  // Its absence is a row of the combinations.
  if (defaults?.outputConfig?.['artifactDestination'] === undefined) return [];
  return problemsBelow('defaults', { ...defaults, name: SAMPLE });
}

/** Stands for any Model. */
const SAMPLE = 'projects/1/locations/us-central1/models/1';

function problemsBelow(place: string, input: unknown): InputProblem[] {
  const parsed = parseExportModelInput(input);
  if (!('problems' in parsed)) return [];
  return parsed.problems.map(({ path, message }) => problem(`${place}.${path}`, message));
}

/** Different exports that would write to the same place at the same time. */
function sharedPlaces({ exports = [], defaults }: ExportModelsInput): InputProblem[] {
  const taken = new Map<string, { identity: string; index: number }>();
  return exports.flatMap((entry, index) => {
    const merged = exportOf(defaults, entry);
    const identity = JSON.stringify(exportIdentity(merged));
    const { artifactDestination, imageDestination } = merged.outputConfig;
    const places: (readonly [string, string])[] = [
      ...(imageDestination ? [[imageDestination.outputUri, 'imageDestination'] as const] : []),
      ...(artifactDestination && merged.perRunFolder === false
        ? [[`${merged.name} ${artifactDestination.outputUriPrefix}`, 'artifactDestination'] as const]
        : []),
    ];
    return places.flatMap(([place, field]) => {
      const other = taken.get(place);
      if (other === undefined) taken.set(place, { identity, index });
      if (other === undefined || other.identity === identity) return [];
      const message = `is that of exports.${other.index}, too: their output would be confused`;
      return [{ path: `exports.${index}.outputConfig.${field}`, message }];
    });
  });
}

function duplicatesOf({ exports, models = [], defaults }: ExportModelsInput): number[] {
  const identities = exports
    ? exports.map((entry) => JSON.stringify(exportIdentity(exportOf(defaults, entry))))
    : models.map(normalizeModelName);
  const seen = new Set<string>();
  return identities.flatMap((identity, index) => {
    if (seen.has(identity)) return [index];
    seen.add(identity);
    return [];
  });
}

function resultsProblems(input: NormalizedFleet): InputProblem[] {
  if ((input.exports?.length ?? 0) <= MAX_INLINE_RESULTS || resultsPlace(input) !== undefined) return [];
  const message = `is needed: more than ${MAX_INLINE_RESULTS} results are written to an object, and no export has an artifactDestination`;
  return [{ path: 'resultsUriPrefix', message }];
}

function resultsPlace({ resultsUriPrefix, defaults, exports = [] }: NormalizedFleet): string | undefined {
  if (resultsUriPrefix !== undefined) return resultsUriPrefix;
  const destinations = [defaults, ...exports].map((entry) => entry?.outputConfig?.artifactDestination);
  return destinations.find((destination) => destination !== undefined)?.outputUriPrefix;
}
