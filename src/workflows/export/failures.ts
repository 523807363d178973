import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ExportFailureDetails, LastFailure } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import type { ExportAttempt } from '../../contract/export-result';
import { boundedMessage } from '../../contract/text';
import { cut } from '../../internal/text';

/** Longest reason of an attempt in the result, in characters: there can be a hundred attempts. */
const MAX_REASON = 500;

/** Failures whose cause a person can fix; the export can continue afterwards. */
const MENDABLE: ReadonlySet<string> = new Set<string>([
  ExportFailureType.PermissionDenied,
  ExportFailureType.CredentialsUnavailable,
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
export function failureOf(message: string, details: ExportFailureDetails, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${boundedMessage(message)} — ${details.action}`,
    type: details.type,
    nonRetryable: true,
    details: [details],
    ...(cause && { cause }),
  });
}

/** First detail of a failure of this package. */
export function detailsOf(failure: ApplicationFailure | undefined): Partial<ExportFailureDetails> {
  const [details] = (failure?.details ?? []) as (Partial<ExportFailureDetails> | undefined)[];
  return details ?? {};
}

/** Whether the last failure is only what the server gives when there was no time for another attempt. */
function isTimeout(error: unknown): boolean {
  return error instanceof ActivityFailure && error.retryState === 'TIMEOUT';
}

/** The failure whose cause a person can fix; `undefined` where it is another one, or the deadline's. */
export function mendableFailureIn(error: unknown): ApplicationFailure | undefined {
  const failure = applicationFailureIn(error);
  return failure && MENDABLE.has(failure.type ?? '') && !isTimeout(error) ? failure : undefined;
}

/**
 * Whether an activity ended because the deadline came. The clock decides, since the server has several names for it: a
 * first attempt that never had a worker is reported as SCHEDULE_TO_START, for example.
 *
 * @param deadline milliseconds since 1970
 */
export function isDeadline(error: unknown, deadline: number): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  // The server does not begin a retry that would start past the deadline, and gives the last failure instead.
  if (error.retryState === 'TIMEOUT') return true;
  if (!(error.cause instanceof TimeoutFailure)) return false;
  return error.cause.timeoutType === 'SCHEDULE_TO_CLOSE' || Date.now() >= deadline;
}

/** Whether the failure itself says that no operation was started. */
export function hasNothingStarted(error: unknown): boolean {
  return detailsOf(applicationFailureIn(error)).nothingStarted === true;
}

/** Why the last attempt of an activity had not ended, where it said so: by its failure, or with its last heartbeat. */
export function lastFailureIn(error: unknown): LastFailure | undefined {
  const failure = applicationFailureIn(error) ?? (error instanceof ActivityFailure ? timeoutCause(error) : undefined);
  // An export that has given its slot back is not a failure.
  if (failure instanceof ApplicationFailure && failure.type !== ExportFailureType.StillRunning) {
    const { type = failure.type ?? 'unknown', action = '', code, status, httpStatus } = detailsOf(failure);
    const { reason, request } = detailsOf(failure);
    return {
      type,
      message: boundedMessage(failure.message),
      action,
      ...(code !== undefined && { code }),
      ...(status !== undefined && { status }),
      ...(httpStatus !== undefined && { httpStatus }),
      ...(reason !== undefined && { reason }),
      ...(request !== undefined && { request }),
    };
  }
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure
    ? reportedFailure(error.cause.lastHeartbeatDetails)
    : undefined;
}

/** The failure of the attempt before the one that timed out. The SDK leaves it out of the error that it makes. */
function timeoutCause({ cause }: ActivityFailure): ApplicationFailure | undefined {
  const earlier = cause instanceof TimeoutFailure ? cause.failure?.cause : undefined;
  const error = earlier ? defaultFailureConverter.failureToError(earlier, defaultPayloadConverter) : undefined;
  return error instanceof ApplicationFailure ? error : undefined;
}

/** The failure in the details of a heartbeat. */
function reportedFailure(details: unknown): LastFailure | undefined {
  if (typeof details !== 'object' || details === null || !('lastFailure' in details)) return undefined;
  return isLastFailure(details.lastFailure) ? details.lastFailure : undefined;
}

function isLastFailure(value: unknown): value is LastFailure {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, action } = value as Partial<Record<keyof LastFailure, unknown>>;
  return [type, message, action].every((text) => typeof text === 'string');
}

/** The export attempt that a failure ended; `undefined` where the operation may still run, or was never looked at. */
export function endedAttempt(operation: string, error: unknown): ExportAttempt | undefined {
  const failure = applicationFailureIn(error);
  if (failure === undefined || isTimeout(error)) return undefined;
  if (failure.type === ExportFailureType.VerificationFailed) {
    return { operation, outcome: 'verification-failed', reason: cut(failure.message, MAX_REASON) };
  }
  // Only the failure of an operation that has ended names it.
  return detailsOf(failure).operation === undefined
    ? undefined
    : { operation, outcome: 'failed', reason: cut(failure.message, MAX_REASON) };
}

/** Whether a fresh export may succeed where this one failed. */
export function isTransient(error: unknown): boolean {
  return detailsOf(applicationFailureIn(error)).exportAgain === true;
}
