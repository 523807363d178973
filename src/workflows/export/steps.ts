import { ActivityCancellationType, CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  AwaitedExport,
  CancelledOperation,
  DeletedArtifacts,
  ExportActivities,
  ExportPlan,
  RunOperation,
  StartedExport,
  VerifiedExport,
} from '../../contract/export-activities';
import type { ExportModelInput } from '../../contract/export-input';
import { SELECT_HEARTBEAT_TIMEOUT_MS } from '../../contract/duration';
import { summaryText } from '../../contract/text';

/**
 * Retry policy of all activities. An activity marks a failure that a retry can't fix as `nonRetryable`. All others are
 * retried until the deadline, so that outages and lost workers do not use up a number of attempts.
 */
export const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Limit of a clean-up step, including the time that it waits for a worker, in milliseconds. */
const CLEAN_UP_TIMEOUT_MS = 86_400_000;
/** Limit of one attempt of a clean-up step. */
const CLEAN_UP_ATTEMPT_TIMEOUT = '1 hour';

/** Checks the input and resolves version, format and destinations. */
export function selectExportFormat(input: ExportModelInput, deadline: number): Promise<ExportPlan> {
  const activities = proxyActivities<ExportActivities>({
    summary: summaryOfInput(input),
    heartbeatTimeout: SELECT_HEARTBEAT_TIMEOUT_MS,
    scheduleToCloseTimeout: timeLeft(deadline),
    retry,
  });
  return activities.selectExportFormat(input);
}

/** Makes the plan at the end of an export that has none, even after the workflow is cancelled. */
export function selectForCleanUp(input: ExportModelInput): Promise<ExportPlan> {
  return CancellationScope.nonCancellable(() => selectExportFormat(input, Date.now() + CLEAN_UP_TIMEOUT_MS));
}

/** Starts the operation, or adopts the one that the run has already started. */
export function startExport(
  plan: ExportPlan,
  runOperation: RunOperation,
  deadline: number,
  mayHaveStarted: boolean,
): Promise<StartedExport> {
  const activities = proxyActivities<ExportActivities>({
    summary: summaryText(`${plan.exportFormatId} to ${destinationsOf(plan)}`),
    // One attempt has no limit: if there are many exports, it waits until the quota allows a start.
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    scheduleToCloseTimeout: timeLeft(deadline),
    // A cancel waits for the answer, which has the name of the operation to cancel.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  });
  return activities.startExport({
    ...runOperation,
    mayHaveStarted,
    notAfter: new Date(deadline).toISOString(),
    exportFormatId: plan.exportFormatId,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

/** Waits for the operation's end. */
export function awaitExport(
  plan: ExportPlan,
  runOperation: RunOperation,
  started: StartedExport,
  deadline: number,
): Promise<AwaitedExport> {
  const activities = proxyActivities<ExportActivities>({
    summary: summaryText(started.operation.replace(/^.*\/operations\//, 'operation ')),
    scheduleToCloseTimeout: timeLeft(deadline),
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    // With the default type, the cancel would reach Google only after the next heartbeat.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  const { operation, outputInfo, mayHaveTwin } = started;
  const { polling, exportFormatId, longExports } = plan;
  return activities.awaitExport({
    operation,
    polling,
    outputInfo,
    destinations: runOperation.destinations,
    exportFormatId,
    ...(mayHaveTwin && { twinOf: runOperation }),
    ...(longExports && { parking: { at: Date.now() + longExports.parkAfter, checkEvery: longExports.checkEvery } }),
  });
}

/** Verifies the exported files and image. */
export function verifyExport(
  plan: ExportPlan,
  runOperation: RunOperation,
  { operation }: StartedExport,
  ended: AwaitedExport,
  deadline: number,
): Promise<VerifiedExport> {
  if (plan.verification.level === 'none') {
    return Promise.resolve({ notes: ['nothing was verified: verification.level is none'] });
  }
  const activities = proxyActivities<ExportActivities>({
    summary: summaryText(`${plan.verification.level} of ${destinationsOf(plan)}`),
    scheduleToCloseTimeout: timeLeft(deadline),
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  return activities.verifyExport({
    level: plan.verification.level,
    model: plan.model,
    operation,
    exportFormatId: plan.exportFormatId,
    outputInfo: ended.outputInfo,
    destinations: runOperation.destinations,
    source: plan.source,
    writeManifest: plan.manifest.write,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

/** Cancels the run's operations, even after the workflow is cancelled. */
export function cancelExport(
  plan: ExportPlan,
  runOperation: RunOperation,
  operation: string | undefined,
): Promise<CancelledOperation[]> {
  const heartbeatTimeoutMs = plan.polling.heartbeatTimeout;
  const activities = proxyActivities<ExportActivities>({
    summary: 'cancel the operation and wait for its end',
    scheduleToCloseTimeout: CLEAN_UP_TIMEOUT_MS,
    startToCloseTimeout: CLEAN_UP_ATTEMPT_TIMEOUT,
    heartbeatTimeout: heartbeatTimeoutMs,
    retry,
  });
  return CancellationScope.nonCancellable(() =>
    activities.cancelExport({ ...(operation !== undefined && { operation }), own: runOperation, heartbeatTimeoutMs }),
  );
}

/** Deletes the objects in the run's folder, even after the workflow is cancelled. */
export function deletePartialArtifacts(plan: ExportPlan, folder: string): Promise<DeletedArtifacts> {
  const heartbeatTimeoutMs = plan.polling.heartbeatTimeout;
  const activities = proxyActivities<ExportActivities>({
    summary: summaryText(folder),
    scheduleToCloseTimeout: CLEAN_UP_TIMEOUT_MS,
    startToCloseTimeout: CLEAN_UP_ATTEMPT_TIMEOUT,
    heartbeatTimeout: heartbeatTimeoutMs,
    retry,
  });
  return CancellationScope.nonCancellable(() => activities.deletePartialArtifacts({ folder, heartbeatTimeoutMs }));
}

function timeLeft(deadline: number): number {
  // The server reads 0 as no limit.
  return Math.max(1, deadline - Date.now());
}

function destinationsOf({ destinations }: ExportPlan): string {
  return [destinations.outputUriPrefix, destinations.imageUri].filter(Boolean).join(' and ');
}

/** Summary for an input that is not checked yet: it can be any value. */
function summaryOfInput(input: unknown): string {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  return typeof name === 'string' && name !== '' ? summaryText(name) : 'check the input';
}
