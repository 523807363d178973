import { ActivityCancellationType, CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  AwaitedExport,
  CancelledOperation,
  DeletedArtifacts,
  ExportActivities,
  ExportPlan,
  OwnOperation,
  StartedExport,
  VerifiedExport,
} from '../../contract/export-activities';
import type { ExportModelInput } from '../../contract/export-input';
import { SELECT_HEARTBEAT_TIMEOUT_MS } from '../../contract/export-status';
import { summaryText } from '../../contract/text';

// Every failure that a retry can't mend is marked nonRetryable by the activity itself; all others are retried until
// the deadline, since outages, shutdowns and lost workers must not use up a count.
export const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Limit of a clean-up step with the time that it waits for a worker, in milliseconds; it begins at the end of an export. */
const CLEAN_UP_TIMEOUT_MS = 86_400_000;
/** Limit of one attempt of a clean-up step. */
const CLEAN_UP_ATTEMPT_TIMEOUT = '1 hour';

/** Checks the input and settles version, format and destinations. */
export function select(input: ExportModelInput, deadline: number): Promise<ExportPlan> {
  const { selectExportFormat } = proxyActivities<ExportActivities>({
    summary: summaryOfInput(input),
    heartbeatTimeout: SELECT_HEARTBEAT_TIMEOUT_MS,
    scheduleToCloseTimeout: timeLeft(deadline),
    retry,
  });
  return selectExportFormat(input);
}

/** The same at the end of an export that does not know its plan, whatever becomes of the workflow's scope. */
export function selectForCleanUp(input: ExportModelInput): Promise<ExportPlan> {
  return CancellationScope.nonCancellable(() => select(input, Date.now() + CLEAN_UP_TIMEOUT_MS));
}

/** Starts the operation, or finds the run's own again. */
export function start(
  plan: ExportPlan,
  own: OwnOperation,
  deadline: number,
  mayHaveStarted: boolean,
): Promise<StartedExport> {
  const { startExport } = proxyActivities<ExportActivities>({
    summary: summaryText(`${plan.exportFormatId} to ${destinationsOf(plan)}`),
    // No limit to one attempt: with many exports at once it may wait for its turn within the quota.
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    scheduleToCloseTimeout: timeLeft(deadline),
    // A cancel waits for the answer: only it has the name of what is to be cancelled.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  });
  return startExport({
    ...own,
    mayHaveStarted,
    notAfter: new Date(deadline).toISOString(),
    exportFormatId: plan.exportFormatId,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

/** Waits for the operation's end. */
export function wait(
  plan: ExportPlan,
  own: OwnOperation,
  started: StartedExport,
  deadline: number,
): Promise<AwaitedExport> {
  const { awaitExport } = proxyActivities<ExportActivities>({
    summary: summaryText(started.operation.replace(/^.*\/operations\//, 'operation ')),
    scheduleToCloseTimeout: timeLeft(deadline),
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    // The default would tell Google only after the next heartbeat was answered.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  const { operation, outputInfo, mayHaveTwin } = started;
  const { polling, exportFormatId, longExports } = plan;
  return awaitExport({
    operation,
    polling,
    outputInfo,
    destinations: own.destinations,
    exportFormatId,
    ...(mayHaveTwin && { twinOf: own }),
    ...(longExports && { parking: { at: Date.now() + longExports.parkAfter, checkEvery: longExports.checkEvery } }),
  });
}

/** Looks at what arrived. */
export function verify(
  plan: ExportPlan,
  own: OwnOperation,
  { operation }: StartedExport,
  ended: AwaitedExport,
  deadline: number,
): Promise<VerifiedExport> {
  if (plan.verification.level === 'none') {
    return Promise.resolve({ notes: ['nothing was looked at: verification.level is none'] });
  }
  const { verifyExport } = proxyActivities<ExportActivities>({
    summary: summaryText(`${plan.verification.level} of ${destinationsOf(plan)}`),
    scheduleToCloseTimeout: timeLeft(deadline),
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  return verifyExport({
    level: plan.verification.level,
    model: plan.model,
    operation,
    exportFormatId: plan.exportFormatId,
    outputInfo: ended.outputInfo,
    destinations: own.destinations,
    source: plan.source,
    writeManifest: plan.manifest.write,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

/** Cancels the run's operations, whatever becomes of the workflow's scope. */
export function cancel(
  plan: ExportPlan,
  own: OwnOperation,
  operation: string | undefined,
): Promise<CancelledOperation[]> {
  const heartbeatTimeoutMs = plan.polling.heartbeatTimeout;
  const { cancelExport } = proxyActivities<ExportActivities>({
    summary: 'cancel the operation and wait for its end',
    scheduleToCloseTimeout: CLEAN_UP_TIMEOUT_MS,
    startToCloseTimeout: CLEAN_UP_ATTEMPT_TIMEOUT,
    heartbeatTimeout: heartbeatTimeoutMs,
    retry,
  });
  return CancellationScope.nonCancellable(() =>
    cancelExport({ ...(operation !== undefined && { operation }), own, heartbeatTimeoutMs }),
  );
}

/** Removes what is left in the run's own folder, whatever becomes of the workflow's scope. */
export function deletePartial(plan: ExportPlan, folder: string): Promise<DeletedArtifacts> {
  const heartbeatTimeoutMs = plan.polling.heartbeatTimeout;
  const { deletePartialArtifacts } = proxyActivities<ExportActivities>({
    summary: summaryText(folder),
    scheduleToCloseTimeout: CLEAN_UP_TIMEOUT_MS,
    startToCloseTimeout: CLEAN_UP_ATTEMPT_TIMEOUT,
    heartbeatTimeout: heartbeatTimeoutMs,
    retry,
  });
  return CancellationScope.nonCancellable(() => deletePartialArtifacts({ folder, heartbeatTimeoutMs }));
}

function timeLeft(deadline: number): number {
  // Zero would mean no limit.
  return Math.max(1, deadline - Date.now());
}

function destinationsOf({ destinations }: ExportPlan): string {
  return [destinations.outputUriPrefix, destinations.imageUri].filter(Boolean).join(' and ');
}

/** The input is not checked yet: it can be anything. */
function summaryOfInput(input: unknown): string {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  return typeof name === 'string' && name !== '' ? summaryText(name) : 'check the input';
}
