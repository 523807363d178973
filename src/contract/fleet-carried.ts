import type { FleetSettings, FleetState, RunningExport } from './fleet-state';
import { FLEET_SIZE_ADVICE } from './fleet-check';
import type { ExportDefaults } from './fleet-input';
import { exportModelsInputSchema, exportOf } from './fleet-input';
import { FLEET_BYTES } from './fleet-limits';
import { fleetStateSchema } from './fleet-requests';
import type { Steps } from './in-steps';
import { atOnce, inSteps } from './in-steps';
import { parseExportModelInput } from './export-input';
import { sizeProblem } from './input-size';
import type { InputProblem } from './problems';
import { allProblemsOf, boundedProblems, problem } from './problems';
import { childWorkflowId, exportFolderName, formerChildWorkflowId } from './workflow-id';

/** Checked state of a fleet's earlier run. */
export interface CarriedFleet {
  readonly settings: FleetSettings;
  /** Not checked yet: the server knows whether they are exports of the fleet. */
  readonly running: readonly RunningExport[];
}

type Checked = CarriedFleet | { readonly problems: InputProblem[] };

/** A run carries over at most 2 MB: its input, of at most 1.25 MB, and its state. */
const SIZE_LIMITS = { values: 200_000, characters: FLEET_BYTES.carried, depth: 20 };
/** Maximum number of problems. When it is reached, the check ends. */
const MAX_PROBLEMS = 1_000;

/**
 * Checks the state that a run of a fleet carried over. A forged state must not allow more than an input does. Therefore
 * each export is checked like an input, and must have the workflow id that the fleet assigns to it.
 *
 * @param fleet workflow id of the fleet
 */
export function parseCarriedFleet(input: unknown, carried: unknown, fleet: string): Checked {
  return atOnce(checkCarried(input, carried, fleet));
}

/** Checks the state like {@link parseCarriedFleet}, without blocking the event loop for long. */
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
  // The schemas accepted both. The values stay as given, since each export normalizes its own input.
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
      `${message}; this argument is reserved for fleets that continue as new`,
    ),
  );
}

/** Results of a fleet are written to its folder. Runs of earlier versions did not carry the folder name over. */
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
  const hasAssignedId = [childWorkflowId(fleet, input), formerChildWorkflowId(fleet, input)].includes(workflowId);
  return hasAssignedId ? [] : [problem(`${place}.workflowId`, 'is not the id that this fleet assigns to the export')];
}

function inputProblems(place: string, input: unknown): InputProblem[] {
  const parsed = parseExportModelInput(input);
  if (!('problems' in parsed)) return [];
  return parsed.problems.map(({ path, message }) => problem(`${place}.${path}`, message));
}
