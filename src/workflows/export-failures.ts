import { ActivityFailure, ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ExportFailureDetails } from '../contract/failures';
import { ExportFailureType } from '../contract/failures';
import type { ExportAttempt } from '../contract/result';
import { boundedMessage } from '../contract/text';

/** Failures that a person can mend, whereupon the export can go on. */
const MENDABLE: ReadonlySet<string> = new Set<string>([
  ExportFailureType.PermissionDenied,
  ExportFailureType.DestinationNotFound,
  ExportFailureType.BucketRegionMismatch,
  ExportFailureType.QuotaExceeded,
  ExportFailureType.FailedPrecondition,
]);

/** The activity's own failure. */
export function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : undefined;
}

/**
 * The failure that a workflow ends with: cancellations and failures of activities as they are, everything else as one
 * of the documented failures. An error of another kind would fail the workflow task, which Temporal repeats for ever.
 */
export function documentedFailure(error: unknown): unknown {
  const failure = applicationFailureIn(error);
  if (failure !== undefined) return failure;
  if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return timeoutFailure(error);
  return error instanceof TemporalFailure ? error : internalFailure(error);
}

function timeoutFailure({ activityType, cause }: ActivityFailure): ApplicationFailure {
  const timeout = cause instanceof TimeoutFailure ? cause.timeoutType : undefined;
  return failureOf(`The activity ${activityType} did not finish in time (${timeout ?? 'unknown timeout'})`, {
    type: ExportFailureType.Unavailable,
    action: 'Check that workers poll the task queue, and start the export again.',
  });
}

function internalFailure(error: unknown): ApplicationFailure {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failureOf(`Unexpected error in the workflow: ${what}`, {
    type: ExportFailureType.Internal,
    action: 'Report it with this message and the workflow history.',
  });
}

/** One of the documented failures, made by a workflow. */
export function failureOf(message: string, details: ExportFailureDetails): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${boundedMessage(message)} — ${details.action}`,
    type: details.type,
    nonRetryable: true,
    details: [details],
  });
}

/** First detail of a failure of this package. */
export function detailsOf(failure: ApplicationFailure | undefined): Partial<ExportFailureDetails> {
  const [details] = (failure?.details ?? []) as (Partial<ExportFailureDetails> | undefined)[];
  return details ?? {};
}

/** The failure that a person can mend; `undefined` where it is another one, or the deadline's. */
export function mendableFailureIn(error: unknown): ApplicationFailure | undefined {
  const failure = applicationFailureIn(error);
  return failure && MENDABLE.has(failure.type ?? '') && !isDeadline(error) ? failure : undefined;
}

/** Whether an activity ended because the workflow's deadline came. */
export function isDeadline(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  // The server does not begin a retry that would start past the deadline, and gives the last failure instead.
  return (
    error.retryState === 'TIMEOUT' ||
    (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_CLOSE')
  );
}

/** The export attempt that a failure ended; `undefined` where the operation may still run, or was never looked at. */
export function endedAttempt(operation: string, error: unknown): ExportAttempt | undefined {
  const failure = applicationFailureIn(error);
  if (failure === undefined || isDeadline(error)) return undefined;
  if (failure.type === ExportFailureType.VerificationFailed) {
    return { operation, outcome: 'verification-failed', reason: failure.message };
  }
  // Only the failure of an operation that has ended names it.
  return detailsOf(failure).operation === undefined
    ? undefined
    : { operation, outcome: 'failed', reason: failure.message };
}

/** Whether a fresh export may succeed where this one failed. */
export function isTransient(error: unknown): boolean {
  return detailsOf(applicationFailureIn(error)).exportAgain === true;
}
