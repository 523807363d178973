import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  AwaitedExport,
  CancelledOperation,
  ExportActivities,
  ExportPlan,
  OwnOperation,
  StartedExport,
  VerifiedExport,
} from '../contract/activities';
import type { ExportFailureDetails } from '../contract/failures';
import { ExportFailureType } from '../contract/failures';
import type { ExportModelInput } from '../contract/input';
import type { ExportModelResult } from '../contract/result';
import type { ExportStatus } from '../contract/status';
import { EXPORT_STATUS_QUERY } from '../contract/status';
import { ExportProgress } from './export-status';
import { runFolder } from './run-folder';

/** Where an export stands; answered while it runs and afterwards. */
export const exportStatusQuery = defineQuery<ExportStatus>(EXPORT_STATUS_QUERY);

// Every failure that a retry can't mend is marked nonRetryable by the activity itself; all others are retried until
// the deadline, since outages, shutdowns and lost workers must not use up a count.
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** A verification reads lists, or is tried again by another worker, within so long. */
const VERIFY_TIMEOUT = '1 day';
/** A cancel is asked for, and its end waited for, within so long. */
const CANCEL_TIMEOUT = '1 hour';

/**
 * Exports one Model: selects the format, starts the export, waits for its end, verifies what arrived.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/export
 *
 * @throws ApplicationFailure with a type of {@link ExportFailureType}; its first detail is {@link ExportFailureDetails}
 * @throws CancelledFailure after a cancel, when the operation has ended
 */
export async function exportModelWorkflow(input: ExportModelInput): Promise<ExportModelResult> {
  const progress = new ExportProgress();
  const show = (change: Partial<ExportProgress>): void => {
    Object.assign(progress, change);
    setCurrentDetails(progress.details());
  };
  setHandler(exportStatusQuery, () => progress.status(), { description: 'Where the export stands.' });
  show({ stage: 'selecting' });

  let own: OwnOperation | undefined;
  let plan: ExportPlan | undefined;
  try {
    plan = await select(input);
    const { model, modelDisplayName, exportFormatId } = plan;
    const deadline = workflowInfo().startTime.getTime() + plan.deadlineMs;
    upsertMemo({ model, exportFormatId });
    show({ model, modelDisplayName, exportFormatId, deadline: new Date(deadline).toISOString() });

    for (;;) {
      own = ownOperation(plan, progress);
      show({ stage: 'starting', exportAttempt: progress.attempts.length + 1 });
      const started = await start(plan, own, deadline);
      show({ stage: 'exporting', operation: started.operation, outputInfo: started.outputInfo });
      try {
        const ended = await wait(plan, started, deadline);
        show({ stage: 'verifying', outputInfo: ended.outputInfo });
        const verified = await verify(plan, ended);
        progress.attempts.push({ operation: started.operation, outcome: 'succeeded' });
        show({ stage: 'completed', notes: verificationNotes(verified) });
        return resultOf(plan, progress, started, ended, verified);
      } catch (error) {
        const failure = exportAgainAfter(error);
        if (failure === undefined) throw error;
        const verifying = failure.type === ExportFailureType.VerificationFailed;
        const outcome = verifying ? 'verification-failed' : 'failed';
        progress.attempts.push({ operation: started.operation, outcome, reason: failure.message });
        if (progress.attempts.length >= plan.maxExportAttempts) throw error;
      }
    }
  } catch (error) {
    throw await ending(error, plan, own, progress, show);
  }
}

function select(input: ExportModelInput): Promise<ExportPlan> {
  const { selectExportFormat } = proxyActivities<ExportActivities>({
    summary: summaryOfInput(input),
    startToCloseTimeout: '1 minute',
    // Until the input is checked its deadline is not known.
    scheduleToCloseTimeout: '1 hour',
    retry,
  });
  return selectExportFormat(input);
}

function start(plan: ExportPlan, own: OwnOperation, deadline: number): Promise<StartedExport> {
  const { startExport } = proxyActivities<ExportActivities>({
    summary: `${plan.exportFormatId} to ${destinationsOf(plan)}`,
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    scheduleToCloseTimeout: timeLeft(deadline),
    // A cancel waits for the answer: only it has the name of what is to be cancelled.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  });
  return startExport({
    ...own,
    exportFormatId: plan.exportFormatId,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

function wait(plan: ExportPlan, started: StartedExport, deadline: number): Promise<AwaitedExport> {
  const { awaitExport } = proxyActivities<ExportActivities>({
    summary: started.operation.replace(/^.*\/operations\//, 'operation '),
    scheduleToCloseTimeout: timeLeft(deadline),
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    // The default would tell Google only after the next heartbeat was answered.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  return awaitExport({ operation: started.operation, polling: plan.polling });
}

async function verify(plan: ExportPlan, ended: AwaitedExport): Promise<VerifiedExport> {
  if (plan.verification.level === 'none') return { notes: ['nothing was looked at: verification.level is none'] };
  const { verifyExport } = proxyActivities<ExportActivities>({
    summary: `${plan.verification.level} of ${destinationsOf(plan)}`,
    startToCloseTimeout: VERIFY_TIMEOUT,
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry,
  });
  return verifyExport({
    exportFormatId: plan.exportFormatId,
    outputInfo: ended.outputInfo,
    destinations: plan.destinations,
    heartbeatTimeoutMs: plan.polling.heartbeatTimeout,
  });
}

/** Settles what is left to do when an export does not succeed, and gives the failure to end with. */
async function ending(
  error: unknown,
  plan: ExportPlan | undefined,
  own: OwnOperation | undefined,
  progress: ExportProgress,
  show: (change: Partial<ExportProgress>) => void,
): Promise<unknown> {
  const cancelled = isCancellation(error);
  const late = isDeadline(error);
  // While it is verified, the operation is over: there is nothing left to cancel.
  const mayRun = progress.stage === 'starting' || progress.stage === 'exporting';
  // While it is started, the progress still has the operation of the attempt before.
  const started = progress.stage === 'exporting' && progress.operation ? { operation: progress.operation } : {};
  let outcome = '';
  if (plan && own && mayRun && (cancelled || late)) {
    show({ stage: 'cancelling' });
    outcome = await cancelOperations(plan, own, started);
  }
  const failure = late ? deadlineFailure(plan, progress, outcome) : applicationFailureIn(error);
  const stage = cancelled ? 'cancelled' : 'failed';
  const reason = [cancelled ? 'cancelled' : (failure?.message ?? String(error)), cancelled ? outcome : ''];
  show({ stage, failure: reason.filter(Boolean).join('; ') });
  // The activity's failure is the cause that people look for: it would stand one level deeper otherwise.
  return failure ?? error;
}

async function cancelOperations(plan: ExportPlan, own: OwnOperation, started: { operation?: string }): Promise<string> {
  const { cancelExport } = proxyActivities<ExportActivities>({
    summary: 'cancel the operation and wait for its end',
    scheduleToCloseTimeout: CANCEL_TIMEOUT,
    heartbeatTimeout: plan.polling.heartbeatTimeout,
    retry,
  });
  const heartbeatTimeoutMs = plan.polling.heartbeatTimeout;
  try {
    const ended = await CancellationScope.nonCancellable(() => cancelExport({ ...started, own, heartbeatTimeoutMs }));
    return ended.map(describeCancelled).join('; ') || 'no operation had been started';
  } catch (error) {
    return `the operation could not be cancelled and may go on: ${applicationFailureIn(error)?.message ?? String(error)}`;
  }
}

function describeCancelled({ operation, outcome, outputInfo }: CancelledOperation): string {
  const { artifactOutputUri, imageOutputUri } = outputInfo;
  const where = [artifactOutputUri, imageOutputUri].filter(Boolean).join(' and ');
  return outcome === 'succeeded'
    ? `${operation} had succeeded before the cancel reached it: ${where}`
    : `${operation} ended ${outcome}`;
}

function deadlineFailure(plan: ExportPlan | undefined, progress: ExportProgress, outcome: string): ApplicationFailure {
  const what = plan ? `${plan.model} to ${plan.exportFormatId}` : 'the model';
  const message = `The export of ${what} did not end before its deadline${progress.deadline ? ` ${progress.deadline}` : ''}`;
  const details: ExportFailureDetails = {
    type: ExportFailureType.DeadlineExceeded,
    action: 'Give a later deadline, or find out why the service takes so long.',
    ...(progress.operation === undefined ? {} : { operation: progress.operation }),
  };
  return ApplicationFailure.create({
    message: [message, outcome, details.action].filter(Boolean).join(' — '),
    type: details.type,
    nonRetryable: true,
    details: [details],
  });
}

function resultOf(
  plan: ExportPlan,
  progress: ExportProgress,
  started: StartedExport,
  ended: AwaitedExport,
  verified: VerifiedExport,
): ExportModelResult {
  const { startTime } = workflowInfo();
  const now = Date.now();
  return {
    model: plan.model,
    modelDisplayName: plan.modelDisplayName,
    exportFormatId: plan.exportFormatId,
    operation: started.operation,
    adoption: started.adoption,
    outputInfo: ended.outputInfo,
    verification: { level: plan.verification.level, notes: [...verified.notes] },
    ...(verified.files && { files: verified.files }),
    ...(verified.image && { image: verified.image }),
    attempts: [...progress.attempts],
    timings: {
      startTime: startTime.toISOString(),
      ...(ended.createTime === undefined ? {} : { operationCreateTime: ended.createTime }),
      ...(ended.updateTime === undefined ? {} : { operationUpdateTime: ended.updateTime }),
      endTime: new Date(now).toISOString(),
      totalMs: now - startTime.getTime(),
    },
  };
}

/** The run's own place: its folder below the prefix, so that a crashed run finds its operation with certainty. */
function ownOperation(plan: ExportPlan, progress: ExportProgress): OwnOperation {
  const { model, destinations, perRunFolder, notBefore } = plan;
  const { outputUriPrefix } = destinations;
  const folder =
    outputUriPrefix !== undefined && perRunFolder ? { outputUriPrefix: `${outputUriPrefix}${runFolder()}/` } : {};
  return {
    model,
    destinations: { ...destinations, ...folder },
    perRunFolder,
    notBefore,
    exclude: progress.attempts.map(({ operation }) => operation),
  };
}

/** The failure after which a fresh export may succeed; `undefined` where it ends the workflow. */
function exportAgainAfter(error: unknown): ApplicationFailure | undefined {
  const failure = applicationFailureIn(error);
  const [details] = (failure?.details ?? []) as (Partial<ExportFailureDetails> | undefined)[];
  return details?.exportAgain ? failure : undefined;
}

function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : undefined;
}

/** Whether an activity ended because the workflow's deadline came. */
function isDeadline(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  // The server does not begin a retry that would start past the deadline, and gives the last failure instead.
  return (
    error.retryState === 'TIMEOUT' ||
    (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_CLOSE')
  );
}

function timeLeft(deadline: number): number {
  // Zero would mean no limit.
  return Math.max(1, deadline - Date.now());
}

function verificationNotes({ files, image, notes }: VerifiedExport): string[] {
  return [
    ...(files
      ? [`${files.count} files, ${files.bytes} bytes, manifest sha256 \`${files.manifestSha256.slice(0, 12)}\``]
      : []),
    ...(image ? [`\`${image.pinnedUri}\``] : []),
    ...notes,
  ];
}

function destinationsOf({ destinations }: ExportPlan): string {
  // The server refuses a summary of more than 200 bytes.
  return [destinations.outputUriPrefix, destinations.imageUri].filter(Boolean).join(' and ').slice(0, 150);
}

/** The input is not checked yet: anything may stand there. */
function summaryOfInput(input: Partial<ExportModelInput> | undefined): string {
  return typeof input?.name === 'string' ? input.name.slice(0, 190) : 'check the input';
}
