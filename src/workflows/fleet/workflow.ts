import { defined } from '../../internal/defined';
import {
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  defineQuery,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExportModelsInput } from '../../contract/fleet-input';
import { FLEET_BYTES, jsonBytes } from '../../contract/fleet-limits';
import type { ExportModelsResult } from '../../contract/fleet-result';
import type { FleetState } from '../../contract/fleet-state';
import type { FleetStatus } from '../../contract/fleet-status';
import { FLEET_STATUS_QUERY } from '../../contract/names';
import { formerFolderName } from '../../contract/resource-names';
import { documentedFailure } from '../export/failures';
import { FleetPlanner } from './planner';
import { FleetResults } from './results';
import { groupedByModel, newSource } from './source';
import { acceptInput, hasMore, newState, notesOf, statusOf, stop, totalsOf, webUiDetails } from './state';
import { checkExports, writeResults } from './steps';
import { FleetWindow } from './window';

/** Query for the state of a fleet. It is answered while the fleet runs and after it ends. */
export const fleetStatusQuery = defineQuery<FleetStatus>(FLEET_STATUS_QUERY);

/** The parts of a fleet's run. */
interface Fleet {
  readonly state: FleetState;
  readonly window: FleetWindow;
  readonly planner: FleetPlanner;
  readonly results: FleetResults;
  /** Whether the fleet began with an earlier version, which did not run its steps concurrently. */
  readonly isFormer: boolean;
}

/**
 * Exports many Models. Each export is a child workflow, `exportModelWorkflow`; at most `maxConcurrent` run at the same
 * time. A failed export does not fail the fleet: the result has the outcome of each export.
 *
 * @param carried state of the previous run, if the workflow continues as new. Callers must not set it.
 * @throws ApplicationFailure with a type of {@link ExportFailureType} if the input is invalid or the Models can't be
 * listed
 * @throws CancelledFailure after a cancel, when every export has ended
 */
export async function exportModelsWorkflow(
  input: ExportModelsInput,
  carried?: FleetState,
): Promise<ExportModelsResult> {
  let state = newState(workflowInfo().startTime);
  const show = (): void => {
    setCurrentDetails(webUiDetails(state));
  };
  setHandler(fleetStatusQuery, () => statusOf(state), { description: 'The state of the fleet.' });
  show();
  // Evaluated once, so that a run does not change its behavior.
  const isFormer = !patched(CHECKED_FLEETS);
  let fleet: Fleet | undefined;
  // The arguments can be any values: they are not read before an activity has checked them.
  try {
    state = await checkedState(input, carried, state, isFormer);
    fleet = newFleet(input, state, isFormer, show);
    fleet.window.followCarried();
    await exportAll(input, fleet, show);
    state.stage = 'completed';
    return fleetResult(fleet);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (isCancellation(error)) await endCancelled(state, fleet, show);
    else state.stage = 'failed';
    const failure = documentedFailure(error);
    if (failure instanceof Error && state.stage === 'failed') state.stopped = failure.message;
    throw failure;
  } finally {
    show();
  }
}

/**
 * Patch id. Runs with it check the state that they carry over, limit the length of their exports' workflow ids, and plan
 * exports and write results while other exports start.
 */
const CHECKED_FLEETS = 'checked-fleets';

/** The checked state of the previous run, or a new state for a checked input. */
async function checkedState(
  input: ExportModelsInput,
  carried: FleetState | null | undefined,
  state: FleetState,
  isFormer: boolean,
): Promise<FleetState> {
  if (carried === undefined || carried === null) {
    const settings = await checkExports(input);
    const source = newSource(input, settings);
    acceptInput(state, settings, isFormer ? source : groupedByModel(source));
    return state;
  }
  // A cancel waits for the check, since only a checked state may name the exports to cancel.
  if (!isFormer) await CancellationScope.nonCancellable(() => checkExports(input, carried));
  return carried;
}

function newFleet(input: ExportModelsInput, state: FleetState, isFormer: boolean, show: () => void): Fleet {
  const { resultsUriPrefix, folderName } = state.settings;
  return {
    state,
    isFormer,
    window: new FleetWindow(state, { priority: input.priority, changed: show, isFormer }),
    planner: new FleetPlanner(state, input.defaults, isFormer),
    results: new FleetResults(state, {
      folder: resultsUriPrefix === undefined ? undefined : `${resultsUriPrefix}${fleetFolder(folderName)}/`,
      write: (request) => writeResults(request, isFormer),
      until: condition,
      isFormer,
    }),
  };
}

/** Folder of a fleet below the prefix. All runs of a fleet that continues as new share it. */
function fleetFolder(folderName: string | undefined): string {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return `${folderName ?? formerFolderName(workflowId)}/${firstExecutionRunId}`;
}

async function exportAll(input: ExportModelsInput, fleet: Fleet, show: () => void): Promise<void> {
  const { state, window, planner, results, isFormer } = fleet;
  const canStart = (): boolean => hasMore(state) && state.planned.length > 0 && window.hasRoom();
  const canPlan = (): boolean => hasMore(state) && state.planned.length === 0 && window.hasRoom() && !planner.isBusy();
  const isOver = (): boolean => !hasMore(state) && state.running.length === 0;
  // After the last export has ended, no other run is needed.
  const isLong = (): boolean => workflowInfo().continueAsNewSuggested && (isFormer || !isOver());
  while (!isOver()) {
    await condition(
      () =>
        canStart() || canPlan() || isOver() || isLong() || results.isDue() || window.hasFound() || planner.hasFailed(),
    );
    if (planner.hasFailed()) planner.throwFailure();
    if (results.isDue()) await results.flush();
    else if (window.hasFound()) window.followFound();
    else if (isLong()) await carryOver(input, fleet);
    else if (canStart()) startNext(state, window);
    else if (canPlan()) await planner.planNext();
    show();
  }
  await results.finish();
}

function startNext(state: FleetState, window: FleetWindow): void {
  const next = state.planned.shift();
  if (next) window.start(next);
}

/**
 * Continues as new while the exports keep running. They outlive this run, and the next run follows them by their ids. If
 * the run waited for their ends first, most of the window would be empty until the slowest export ends.
 */
async function carryOver(input: ExportModelsInput, fleet: Fleet): Promise<void> {
  const { state, window, planner, results, isFormer } = fleet;
  // The next run plans the current part again: it is still in the source.
  planner.abandon();
  // When the run closes, the server drops the starts of children that it has not begun.
  await condition(() => window.hasAnsweredStarts());
  if (!isFormer && results.isDue()) await results.flush();
  // The rest of the list is in the state.
  const options = { ...input };
  delete options.exports;
  delete options.models;
  planner.remember();
  const { pendingResults, ...otherState } = state;
  if (pendingResults) results.limitPending(FLEET_BYTES.carried - jsonBytes([options, otherState]));
  await continueAsNew<typeof exportModelsWorkflow>(options, state);
}

/** Cancels all exports and waits for their ends. */
async function endCancelled(state: FleetState, fleet: Fleet | undefined, show: () => void): Promise<void> {
  state.stage = 'cancelling';
  stop(state, 'the fleet was cancelled');
  show();
  if (fleet === undefined) {
    state.stage = 'cancelled';
    return;
  }
  const { window, results } = fleet;
  await CancellationScope.nonCancellable(async () => {
    await window.cancelFollowed();
    while (state.running.length > 0) {
      await condition(() => state.running.length === 0 || results.isDue() || window.hasFound());
      if (window.hasFound()) {
        window.followFound();
        await window.cancelFollowed();
      }
      if (results.isDue()) await results.flush();
    }
    await results.finish();
  });
  state.stage = 'cancelled';
}

function fleetResult({ state, results }: Fleet): ExportModelsResult {
  const { exports, resultUris, failures, stopped, startTime } = state;
  const now = Date.now();
  return {
    totals: totalsOf(state),
    exports,
    resultUris,
    ...results.objects(),
    failures,
    ...defined({ stopped }),
    notes: notesOf(state),
    timings: { startTime, endTime: new Date(now).toISOString(), totalMs: now - Date.parse(startTime) },
  };
}
