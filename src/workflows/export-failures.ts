import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ExportFailureDetails } from '../contract/failures';
import { ExportFailureType } from '../contract/failures';
import type { ExportAttempt } from '../contract/result';

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
