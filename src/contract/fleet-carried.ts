import type { FleetSettings } from './fleet-activities';
import { FLEET_SIZE_ADVICE } from './fleet-check';
import type { ExportDefaults } from './fleet-input';
import { exportModelsInputSchema, exportOf } from './fleet-input';
import { FLEET_BYTES } from './fleet-limits';
import { fleetStateSchema } from './fleet-requests';
import type { FleetState, RunningExport } from './fleet-state';
import type { Steps } from './in-steps';
import { atOnce, inSteps } from './in-steps';
import { parseExportModelInput } from './export-input';
import { sizeProblem } from './input-size';
import type { InputProblem } from './problems';
import { allProblemsOf, boundedProblems, problem } from './problems';
import { childWorkflowId, exportFolderName, formerChildWorkflowId } from './workflow-id';

/** What a continued run of a fleet begins with, checked. */
export interface CarriedFleet {
  readonly settings: FleetSettings;
  /** Whether these are exports of the fleet is for the server to say. */
  readonly running: readonly RunningExport[];
}

type Checked = CarriedFleet | { readonly problems: InputProblem[] };

/** What a run carries over has at most 2 MB: its input of at most 1.25 MB, and the state of its exports. */
const SIZE_LIMITS = { values: 200_000, characters: FLEET_BYTES.carried, depth: 20 };
/** Problems after which nothing more is checked. */
const MAX_PROBLEMS = 1_000;

/**
 * Checks what a run of a fleet carried over to the next one. It gives nobody more than an input does: every export in
 * it is checked like an input, and has the workflow id that the fleet gives to it.
 *
 * @param fleet workflow id of the fleet
 */
export function parseCarriedFleet(input: unknown, carried: unknown, fleet: string): Checked {
  return atOnce(checkCarried(input, carried, fleet));
}

/** The same for a process that has other work: thousands of entries do not block it. */
export function checkCarriedFleet(input: unknown, carried: unknown, fleet: string): Promise<Checked> {
  return inSteps(checkCarried(input, carried, fleet));
}

function* checkCarried(input: unknown, carried: unknown, fleet: string): Steps<Checked> {
  const size = sizeProblem([input, carried], SIZE_LIMITS, FLEET_SIZE_ADVICE);
  if (size !== undefined) return { problems: [size] };
  yield;
  const options = exportModelsInputSchema.safeParse(input);
  yield;
  const state = fleetStateSchema.safeParse(carried);
  yield;
  if (!options.success || !state.success) {
    const problems = [...(options.error ? allProblemsOf(options.error) : []), ...carriedProblems(state.error)];
    return { problems: boundedProblems(problems) };
  }
  // What passed has the shape; durations and defaults are left for each export to normalize by itself.
  const { planned, source, running, settings } = carried as FleetState;
  const { defaults } = input as { defaults?: ExportDefaults };
  const problems = folderProblems(settings, fleet);
  for (const [index, one] of planned.entries()) {
    yield;
    problems.push(...plannedProblems(`carried.planned.${index}`, one, fleet));
    if (problems.length >= MAX_PROBLEMS) return { problems: boundedProblems(problems) };
  }
  for (const [index, entry] of (source && 'exports' in source ? source.exports : []).entries()) {
    yield;
    problems.push(...inputProblems(`carried.source.exports.${index}`, exportOf(defaults, entry)));
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return problems.length > 0 ? { problems: boundedProblems(problems) } : { settings, running };
}

function carriedProblems(error: ReturnType<typeof fleetStateSchema.safeParse>['error']): InputProblem[] {
  if (error === undefined) return [];
  return allProblemsOf(error).map(({ path, message }) =>
    problem(
      path.startsWith('(') ? 'carried' : `carried.${path}`,
      `${message}; only a fleet itself gives this argument`,
    ),
  );
}

/** Results of a fleet are written to its own folder; runs that began before it was carried over have none. */
function folderProblems({ folderName }: FleetSettings, fleet: string): InputProblem[] {
  if (folderName === undefined || folderName === exportFolderName(fleet)) return [];
  return [problem('carried.settings.folderName', 'is not the folder of this fleet')];
}

function plannedProblems(
  place: string,
  { workflowId, input }: FleetState['planned'][number],
  fleet: string,
): InputProblem[] {
  const problems = inputProblems(`${place}.input`, input);
  if (problems.length > 0) return problems;
  const isOwn = [childWorkflowId(fleet, input), formerChildWorkflowId(fleet, input)].includes(workflowId);
  return isOwn ? [] : [problem(`${place}.workflowId`, 'is not the id that this fleet gives to the export')];
}

function inputProblems(place: string, input: unknown): InputProblem[] {
  const parsed = parseExportModelInput(input);
  if (!('problems' in parsed)) return [];
  return parsed.problems.map(({ path, message }) => problem(`${place}.${path}`, message));
}
