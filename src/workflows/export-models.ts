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
import type { ExportModelsInput } from '../contract/fleet-input';
import type { ExportModelsResult } from '../contract/fleet-result';
import type { FleetStatus } from '../contract/fleet-status';
import { FLEET_STATUS_QUERY } from '../contract/fleet-status';
import { applicationFailureIn, documentedFailure } from './export-failures';
import { areResultsDue, writeDueResults, writeRest } from './fleet-results';
import { nextPart, sourceOf } from './fleet-source';
import type { FleetState } from '../contract/fleet-state';
import { begin, detailsOf, hasMore, newState, settle, statusOf, stop, totalsOf } from './fleet-state';
import { check, plan } from './fleet-steps';
import { FleetWindow } from './fleet-window';

/** Where a fleet stands; answered while it runs and afterwards. */
export const fleetStatusQuery = defineQuery<FleetStatus>(FLEET_STATUS_QUERY);

/**
 * Exports many Models, each by an `exportModelWorkflow` of its own, so many at the same time. One that fails does not
 * fail the fleet: the result tells of each.
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
  let window: FleetWindow | undefined;
  // Nothing of the arguments is read before an activity has checked them: they can be anything.
  try {
    state = await checkedState(input, carried, state);
    window = new FleetWindow(state, input.priority, show);
    void window.follow(state.running, { reused: false });
    await exportAll(input, state, window, show);
    state.stage = 'completed';
    return resultOf(state);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (isCancellation(error)) await endCancelled(state, window, show);
    else state.stage = 'failed';
    const failure = documentedFailure(error);
    if (failure instanceof Error && state.stage === 'failed') state.stopped = failure.message;
    throw failure;
  } finally {
    show();
  }
}

/**
 * Marks runs that check what they carry over, and give their exports ids of a bounded length. A fleet that began before
 * continues as it began.
 */
const CHECKED_FLEETS = 'checked-fleets';

/** The state of a run after its first step: that of an earlier run, or a new one. */
async function checkedState(
  input: ExportModelsInput,
  carried: FleetState | null | undefined,
  state: FleetState,
): Promise<FleetState> {
  const isChecked = patched(CHECKED_FLEETS);
  if (carried === undefined || carried === null) {
    const settings = await check(input);
    begin(state, settings, sourceOf(input, settings));
    return state;
  }
  // A cancel waits for it: the exports of the runs before are cancelled by what it checks.
  if (isChecked) await CancellationScope.nonCancellable(() => check(input, carried));
  return carried;
}

async function exportAll(
  input: ExportModelsInput,
  state: FleetState,
  window: FleetWindow,
  show: () => void,
): Promise<void> {
  const canStart = (): boolean => hasMore(state) && window.hasRoom();
  const isOver = (): boolean => !hasMore(state) && state.running.length === 0;
  const isLong = (): boolean => workflowInfo().continueAsNewSuggested;
  while (!isOver()) {
    await condition(() => canStart() || isOver() || isLong() || areResultsDue(state));
    if (areResultsDue(state)) await writeDueResults(state);
    else if (isLong()) await carryOver(input, state, window);
    else if (canStart()) await startNext(input, state, window);
    show();
  }
  await writeRest(state);
}

async function startNext(input: ExportModelsInput, state: FleetState, window: FleetWindow): Promise<void> {
  const next = state.planned.shift();
  if (next) window.start(next);
  else await planNext(input, state);
}

async function planNext({ defaults }: ExportModelsInput, state: FleetState): Promise<void> {
  if (state.source === undefined) return;
  const { part, rest } = nextPart(state.source);
  try {
    const { workflowId: fleet } = workflowInfo();
    const { planned, failed, skipped, nextPageToken } = await plan({
      source: part,
      fleet,
      ...(patched(CHECKED_FLEETS) && { childIds: 'bounded' }),
      ...(defaults && { defaults }),
    });
    state.source = nextPageToken === undefined ? rest : { ...part, pageToken: nextPageToken };
    state.planned.push(...planned);
    state.totals.planned += planned.length + failed.length;
    state.totals.skipped += skipped;
    for (const one of failed) settle(state, one);
  } catch (error) {
    // With nothing exported the fleet fails; else what has been exported is worth a result.
    if (isCancellation(error) || state.totals.planned === 0) throw error;
    stop(state, `not all could be planned: ${applicationFailureIn(error)?.message ?? String(error)}`);
  }
}

/**
 * Goes on with an empty history, and with the same exports running: they are told to outlive this run, and the next one
 * follows them by their ids. To let them end first would leave most of the window empty for as long as the slowest runs.
 */
async function carryOver(input: ExportModelsInput, state: FleetState, window: FleetWindow): Promise<void> {
  // The server does not start a child whose start it has not begun when the run closes.
  await condition(() => window.isSettled());
  // What is left of a list is in the state.
  const options = { ...input };
  delete options.exports;
  delete options.models;
  await continueAsNew<typeof exportModelsWorkflow>(options, state);
}

/** Waits until every export has ended; nothing more is started. */
async function endCancelled(state: FleetState, window: FleetWindow | undefined, show: () => void): Promise<void> {
  state.stage = 'cancelling';
  stop(state, 'the fleet was cancelled');
  show();
  await CancellationScope.nonCancellable(async () => {
    await window?.cancelFollowed();
    while (state.running.length > 0) {
      await condition(() => state.running.length === 0 || areResultsDue(state));
      if (areResultsDue(state)) await writeDueResults(state);
    }
    await writeRest(state);
  });
  state.stage = 'cancelled';
}

function resultOf(state: FleetState): ExportModelsResult {
  const { exports, resultUris, failures, notes, stopped, startTime } = state;
  const now = Date.now();
  return {
    totals: totalsOf(state),
    exports,
    resultUris,
    failures,
    ...(stopped === undefined ? {} : { stopped }),
    notes,
    timings: { startTime, endTime: new Date(now).toISOString(), totalMs: now - Date.parse(startTime) },
  };
}
