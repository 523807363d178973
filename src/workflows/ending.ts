import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { CancelledOperation, ExportPlan, OwnOperation } from '../contract/activities';
import type { ExportFailureDetails } from '../contract/failures';
import { ExportFailureType } from '../contract/failures';
import type { ExportProgress } from './export-status';
import { cancel } from './steps';

/** Settles what is left to do when an export does not succeed, and gives the failure to end with. */
export async function ending(
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
  const started = progress.stage === 'exporting' ? progress.operation : undefined;
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

async function cancelOperations(plan: ExportPlan, own: OwnOperation, operation: string | undefined): Promise<string> {
  try {
    const ended = await cancel(plan, own, operation);
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

/** The failure after which a fresh export may succeed; `undefined` where it ends the workflow. */
export function exportAgainAfter(error: unknown): ApplicationFailure | undefined {
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
