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
import { groupedByModel, sourceOf } from './source';
import { begin, detailsOf, hasMore, newState, notesOf, statusOf, stop, totalsOf } from './state';
import { check, write } from './steps';
import { FleetWindow } from './window';

/** State of a fleet; answered while it runs and afterwards. */
export const fleetStatusQuery = defineQuery<FleetStatus>(FLEET_STATUS_QUERY);

/** What a run of a fleet consists of. */
interface Fleet {
  readonly state: FleetState;
  readonly window: FleetWindow;
  readonly planner: FleetPlanner;
  readonly results: FleetResults;
  /** A fleet that began before its steps ran beside each other, and that continues as it began. */
  readonly isFormer: boolean;
}

/**
 * Exports many Models, each by an `exportModelWorkflow` of its own, at most `maxConcurrent` at the same time. One that
 * fails does not fail the fleet: the result has the outcome of each.
 *
 * @param carried state of the run before, when the workflow continues as new; left out by everybody else
 * @throws ApplicationFailure with a type of {@link ExportFailureType} where the input has problems, or the Models can't
 * be listed
 * @throws CancelledFailure after a cancel, when every export has ended
 */
export async function exportModelsWorkflow(
  input: ExportModelsInput,
  carried?: FleetState,
): Promise<ExportModelsResult> {
  let state = newState(workflowInfo().startTime);
  const show = (): void => {
    setCurrentDetails(detailsOf(state));
  };
  setHandler(fleetStatusQuery, () => statusOf(state), { description: 'The state of the fleet.' });
  show();
  // Decided once: a fleet that began before continues as it began.
  const isFormer = !patched(CHECKED_FLEETS);
  let fleet: Fleet | undefined;
  // Nothing of the arguments is read before an activity has checked them: they can be anything.
  try {
    state = await checkedState(input, carried, state, isFormer);
    fleet = newFleet(input, state, isFormer, show);
    fleet.window.followCarried();
    await exportAll(input, fleet, show);
    state.stage = 'completed';
    return resultOf(fleet);
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
 * Marks runs that check what they carry over, give their exports ids of a bounded length, and plan and write results
 * while exports start.
 */
const CHECKED_FLEETS = 'checked-fleets';

/** The state of a run after its first step: that of an earlier run, or a new one. */
async function checkedState(
  input: ExportModelsInput,
  carried: FleetState | null | undefined,
  state: FleetState,
  isFormer: boolean,
): Promise<FleetState> {
  if (carried === undefined || carried === null) {
    const settings = await check(input);
    const source = sourceOf(input, settings);
    begin(state, settings, isFormer ? source : groupedByModel(source));
    return state;
  }
  // A cancel waits for it: the exports of the runs before are cancelled by what it checks.
  if (!isFormer) await CancellationScope.nonCancellable(() => check(input, carried));
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
      write: (request) => write(request, isFormer),
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
  // A fleet whose exports have all ended needs no further run.
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
 * Continues with an empty history, and with the same exports running: they are started so that they outlive this run,
 * and the next one follows them by their ids. To let them end first would leave most of the window empty until the
 * slowest has ended.
 */
async function carryOver(input: ExportModelsInput, fleet: Fleet): Promise<void> {
  const { state, window, planner, results, isFormer } = fleet;
  // What is being planned is planned by the next run: its part is still in the source.
  planner.abandon();
  // The server does not start a child whose start it has not begun when the run closes.
  await condition(() => window.isSettled());
  if (!isFormer && results.isDue()) await results.flush();
  // What is left of a list is in the state.
  const options = { ...input };
  delete options.exports;
  delete options.models;
  planner.remember();
  const { pendingResults, ...others } = state;
  const bytes = jsonBytes([options, others]);
  if (pendingResults) results.limitPending(FLEET_BYTES.carried - bytes);
  await continueAsNew<typeof exportModelsWorkflow>(options, state);
}

/** Waits until every export has ended; starts no further one. */
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

function resultOf({ state, results }: Fleet): ExportModelsResult {
  const { exports, resultUris, failures, stopped, startTime } = state;
  const now = Date.now();
  return {
    totals: totalsOf(state),
    exports,
    resultUris,
    ...results.objects(),
    failures,
    ...(stopped === undefined ? {} : { stopped }),
    notes: notesOf(state),
    timings: { startTime, endTime: new Date(now).toISOString(), totalMs: now - Date.parse(startTime) },
  };
}
