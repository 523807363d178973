import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  EndedFleetExport,
  FleetActivities,
  PlanExportsRequest,
  PlannedExports,
  WriteResultsRequest,
} from '../../contract/fleet-activities';
import type { FleetSettings, FleetState, RunningExport } from '../../contract/fleet-state';
import type { ExportModelsInput } from '../../contract/fleet-input';
import { summaryText } from '../../contract/text';
import { retry } from '../export/steps';

/** Limit of a step of the fleet, including outages. */
const STEP_TIMEOUT = '1 day';
/** Limit of a write. The fleet then learns the reason and starts the write again. */
const WRITE_TIMEOUT = '10 minutes';
/** Heartbeat timeout of the activity that follows exports, in milliseconds. */
const HEARTBEAT_TIMEOUT_MS = 30_000;

/** Checks the input and the state of an earlier run. */
export function checkExports(input: ExportModelsInput, carried?: FleetState): Promise<FleetSettings> {
  const activities = proxyActivities<FleetActivities>({
    summary: 'check the input',
    startToCloseTimeout: '1 minute',
    // A failure of a continued run would leave its exports without a fleet, so its limit is longer.
    scheduleToCloseTimeout: carried === undefined ? '1 hour' : STEP_TIMEOUT,
    retry,
  });
  return carried === undefined ? activities.checkExports(input) : activities.checkExports(input, carried);
}

/** Selects formats and workflow ids of the next part. */
export function planExports(request: PlanExportsRequest): Promise<PlannedExports> {
  const activities = proxyActivities<FleetActivities>({
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: STEP_TIMEOUT,
    retry,
  });
  return activities.planExports(request);
}

/** Waits for ends of exports that are not children of this run, even after the workflow is cancelled. */
export function awaitExports(exports: readonly RunningExport[]): Promise<EndedFleetExport[]> {
  const activities = proxyActivities<FleetActivities>({
    summary: `${exports.length} exports that an earlier run started`,
    // After this time the activity starts again. The exports have their own deadlines.
    startToCloseTimeout: STEP_TIMEOUT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry,
  });
  const request = {
    workflowIds: exports.map(({ workflowId }) => workflowId),
    ...(exports.some(({ runId }) => runId !== undefined) && { runIds: exports.map(({ runId }) => runId ?? null) }),
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
  };
  return CancellationScope.nonCancellable(() => activities.awaitExports(request));
}

/**
 * Writes results, even after the workflow is cancelled.
 *
 * @param isAwaited whether the fleet waits for the write, as fleets of earlier versions do
 */
export function writeResults({ uri, exports }: WriteResultsRequest, isAwaited: boolean): Promise<void> {
  const activities = proxyActivities<FleetActivities>({
    summary: summaryText(uri),
    startToCloseTimeout: '5 minutes',
    scheduleToCloseTimeout: isAwaited ? STEP_TIMEOUT : WRITE_TIMEOUT,
    retry,
  });
  return CancellationScope.nonCancellable(() => activities.writeResults({ uri, exports }));
}
