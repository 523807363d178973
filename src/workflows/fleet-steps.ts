import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  EndedFleetExport,
  FleetActivities,
  FleetSettings,
  PlanExportsRequest,
  PlannedExports,
  WriteResultsRequest,
} from '../contract/fleet-activities';
import type { ExportModelsInput } from '../contract/fleet-input';
import type { FleetState } from '../contract/fleet-state';
import { summaryText } from '../contract/text';
import { retry } from './steps';

/** Nothing that a fleet does between its exports takes longer, outages included. */
const STEP_TIMEOUT = '1 day';
/** A worker that follows exports and is silent for so long is replaced, in milliseconds. */
const HEARTBEAT_TIMEOUT_MS = 30_000;

/** Checks the input as a whole, and what an earlier run carried over. */
export function check(input: ExportModelsInput, carried?: FleetState): Promise<FleetSettings> {
  const { checkExports } = proxyActivities<FleetActivities>({
    summary: 'check the input',
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 hour',
    retry,
  });
  return carried === undefined ? checkExports(input) : checkExports(input, carried);
}

/** Settles formats and ids of the next part. */
export function plan(request: PlanExportsRequest): Promise<PlannedExports> {
  const { planExports } = proxyActivities<FleetActivities>({
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: STEP_TIMEOUT,
    retry,
  });
  return planExports(request);
}

/** Waits for ends of exports that are no children of this run, whatever becomes of the workflow's scope. */
export function awaitEnds(workflowIds: readonly string[]): Promise<EndedFleetExport[]> {
  const { awaitExports } = proxyActivities<FleetActivities>({
    summary: `${workflowIds.length} that an earlier run started`,
    // After so long it is only begun again: the exports have deadlines of their own.
    startToCloseTimeout: STEP_TIMEOUT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry,
  });
  return CancellationScope.nonCancellable(() =>
    awaitExports({ workflowIds, heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS }),
  );
}

/** Writes results, whatever becomes of the workflow's scope. */
export function write(request: WriteResultsRequest): Promise<void> {
  const { writeResults } = proxyActivities<FleetActivities>({
    summary: summaryText(request.uri),
    startToCloseTimeout: '5 minutes',
    scheduleToCloseTimeout: STEP_TIMEOUT,
    retry,
  });
  return CancellationScope.nonCancellable(() => writeResults(request));
}
