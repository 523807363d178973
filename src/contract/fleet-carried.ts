import type { FleetSettings } from './fleet-activities';
import { FLEET_SIZE_ADVICE, FLEET_SIZE_LIMITS } from './fleet-check';
import type { ExportDefaults } from './fleet-input';
import { exportModelsInputSchema, exportOf } from './fleet-input';
import { fleetStateSchema } from './fleet-requests';
import type { FleetState, RunningExport } from './fleet-state';
import { parseExportModelInput } from './input';
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

/**
 * Checks what a run of a fleet carried over to the next one. It gives nobody more than an input does: every export in
 * it is checked like an input, and has the workflow id that the fleet gives to it.
 *
 * @param fleet workflow id of the fleet
 */
export function parseCarriedFleet(
  input: unknown,
  carried: unknown,
  fleet: string,
): CarriedFleet | { readonly problems: InputProblem[] } {
  const size = sizeProblem([input, carried], FLEET_SIZE_LIMITS, FLEET_SIZE_ADVICE);
  if (size !== undefined) return { problems: [size] };
  const options = exportModelsInputSchema.safeParse(input);
  const state = fleetStateSchema.safeParse(carried);
  if (!options.success || !state.success) {
    const problems = [...(options.error ? allProblemsOf(options.error) : []), ...carriedProblems(state.error)];
    return { problems: boundedProblems(problems) };
  }
  // What passed has the shape; durations and defaults are left for each export to settle by itself.
  const { planned, source, running, settings } = carried as FleetState;
  const { defaults } = input as { defaults?: ExportDefaults };
  const problems = [
    ...folderProblems(settings, fleet),
    ...planned.flatMap((one, index) => plannedProblems(`carried.planned.${index}`, one, fleet)),
    ...(source && 'exports' in source ? source.exports : []).flatMap((entry, index) =>
      inputProblems(`carried.source.exports.${index}`, exportOf(defaults, entry)),
    ),
  ];
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
