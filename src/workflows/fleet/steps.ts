import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  EndedFleetExport,
  FleetActivities,
  FleetSettings,
  PlanExportsRequest,
  PlannedExports,
  WriteResultsRequest,
} from '../../contract/fleet-activities';
import type { ExportModelsInput } from '../../contract/fleet-input';
import type { FleetState, RunningExport } from '../../contract/fleet-state';
import { summaryText } from '../../contract/text';
import { retry } from '../export/steps';

/** The longest that a fleet waits for one of its own steps, outages included. */
const STEP_TIMEOUT = '1 day';
/** A write that takes longer has met an outage: the fleet then learns the reason, and tries again. */
const WRITE_TIMEOUT = '10 minutes';
/** A worker that follows exports and sends no heartbeat for this time is replaced, in milliseconds. */
const HEARTBEAT_TIMEOUT_MS = 30_000;

/** Checks the input as a whole, and what an earlier run carried over. */
export function check(input: ExportModelsInput, carried?: FleetState): Promise<FleetSettings> {
  const { checkExports } = proxyActivities<FleetActivities>({
    summary: 'check the input',
    startToCloseTimeout: '1 minute',
    // Where a run continues another one, a failure would leave its exports without a fleet.
    scheduleToCloseTimeout: carried === undefined ? '1 hour' : STEP_TIMEOUT,
    retry,
  });
  return carried === undefined ? checkExports(input) : checkExports(input, carried);
}

/** Chooses formats and ids of the next part. */
export function plan(request: PlanExportsRequest): Promise<PlannedExports> {
  const { planExports } = proxyActivities<FleetActivities>({
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: STEP_TIMEOUT,
    retry,
  });
  return planExports(request);
}

/** Waits for ends of exports that are not children of this run, even if the workflow is cancelled. */
export function awaitEnds(exports: readonly RunningExport[]): Promise<EndedFleetExport[]> {
  const { awaitExports } = proxyActivities<FleetActivities>({
    summary: `${exports.length} that an earlier run started`,
    // After this time it is only started again: the exports have deadlines of their own.
    startToCloseTimeout: STEP_TIMEOUT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry,
  });
  const request = {
    workflowIds: exports.map(({ workflowId }) => workflowId),
    ...(exports.some(({ runId }) => runId !== undefined) && { runIds: exports.map(({ runId }) => runId ?? null) }),
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
  };
  return CancellationScope.nonCancellable(() => awaitExports(request));
}

/**
 * Writes results, even if the workflow is cancelled.
 *
 * @param isAwaited whether the fleet waits for it: fleets that began before results were written in the background
 */
export function write({ uri, exports }: WriteResultsRequest, isAwaited: boolean): Promise<void> {
  const { writeResults } = proxyActivities<FleetActivities>({
    summary: summaryText(uri),
    startToCloseTimeout: '5 minutes',
    scheduleToCloseTimeout: isAwaited ? STEP_TIMEOUT : WRITE_TIMEOUT,
    retry,
  });
  return CancellationScope.nonCancellable(() => writeResults({ uri, exports }));
}
