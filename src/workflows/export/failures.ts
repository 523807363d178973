import { defined } from '../../internal/defined';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ExportFailureDetails, LastFailure } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import type { ExportAttempt } from '../../contract/export-result';
import type { BlockedReason } from '../../contract/export-status';
import { boundedMessage } from '../../contract/text';
import { cut } from '../../internal/text';

/** Longest reason of an attempt in the result, in characters. A result can have 100 attempts. */
const MAX_REASON = 500;

/** Types of failures whose cause a person can fix. The export can continue afterwards. */
const FIXABLE = [
  ExportFailureType.PermissionDenied,
  ExportFailureType.CredentialsUnavailable,
  ExportFailureType.DestinationNotFound,
  ExportFailureType.BucketRegionMismatch,
  ExportFailureType.QuotaExceeded,
  ExportFailureType.FailedPrecondition,
] as const;

/** A failure whose cause a person can fix, as an export's status reports it. */
export type FixableFailure = Omit<BlockedReason, 'since'>;

/** The failure that an activity raised; undefined for a timeout, a cancellation, or an error of the workflow. */
export function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : undefined;
}

/**
 * The failure that a workflow ends with. Cancellations and failures of activities are returned unchanged; any other
 * error becomes one of the documented failures. Otherwise it would fail the workflow task, which Temporal retries
 * forever.
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
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failureOf(`Unexpected error in the workflow: ${text}`, {
    type: ExportFailureType.Internal,
    action: 'Report it with this message and the workflow history.',
  });
}

/** Creates one of the documented failures. */
export function failureOf(message: string, details: ExportFailureDetails, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${boundedMessage(message)} — ${details.action}`,
    type: details.type,
    nonRetryable: true,
    details: [details],
    ...defined({ cause }),
  });
}

/** The first detail of a failure of this package; empty if the failure has none. */
export function failureDetails(failure: ApplicationFailure | undefined): Partial<ExportFailureDetails> {
  const [details] = (failure?.details ?? []) as (Partial<ExportFailureDetails> | undefined)[];
  return details ?? {};
}

/** Whether the activity ended because the deadline left no time for a retry. Its failure is then the last attempt's. */
function hasTimedOut(error: unknown): boolean {
  return error instanceof ActivityFailure && error.retryState === 'TIMEOUT';
}

/** The failure whose cause a person can fix; undefined for other failures and after the deadline. */
export function fixableFailureIn(error: unknown): FixableFailure | undefined {
  const failure = applicationFailureIn(error);
  const type = FIXABLE.find((fixable) => fixable === failure?.type);
  if (failure === undefined || type === undefined || hasTimedOut(error)) return undefined;
  return { type, message: failure.message, action: failureDetails(failure).action ?? '' };
}

/**
 * Whether an activity ended because of the deadline. The clock decides, since the server reports the deadline in several
 * ways: as SCHEDULE_TO_START, for example, if no worker was available for the first attempt.
 *
 * @param deadline milliseconds since 1970
 */
export function isDeadline(error: unknown, deadline: number): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  // The server does not start a retry after the deadline. It reports the failure of the last attempt instead.
  if (error.retryState === 'TIMEOUT') return true;
  if (!(error.cause instanceof TimeoutFailure)) return false;
  return error.cause.timeoutType === 'SCHEDULE_TO_CLOSE' || Date.now() >= deadline;
}

/** Whether the failure reports that no operation was started. */
export function hasNothingStarted(error: unknown): boolean {
  return failureDetails(applicationFailureIn(error)).nothingStarted === true;
}

/** The failure that the last attempt of an activity reported, by its result or with its last heartbeat. */
export function lastFailureIn(error: unknown): LastFailure | undefined {
  const failure = applicationFailureIn(error) ?? (error instanceof ActivityFailure ? timeoutCause(error) : undefined);
  // A parked export is not a failure.
  if (failure instanceof ApplicationFailure && failure.type !== ExportFailureType.StillRunning) {
    const details = failureDetails(failure);
    const { type = failure.type ?? 'unknown', action = '', code, status, httpStatus, reason, request } = details;
    return {
      type,
      message: boundedMessage(failure.message),
      action,
      ...defined({ code, status, httpStatus, reason, request }),
    };
  }
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure
    ? reportedFailure(error.cause.lastHeartbeatDetails)
    : undefined;
}

/** The failure of the attempt before the one that timed out. The SDK does not add it to the error. */
function timeoutCause({ cause }: ActivityFailure): ApplicationFailure | undefined {
  const earlier = cause instanceof TimeoutFailure ? cause.failure?.cause : undefined;
  const error = earlier ? defaultFailureConverter.failureToError(earlier, defaultPayloadConverter) : undefined;
  return error instanceof ApplicationFailure ? error : undefined;
}

/** The failure in the details of a heartbeat; undefined if there is none. */
function reportedFailure(details: unknown): LastFailure | undefined {
  if (typeof details !== 'object' || details === null || !('lastFailure' in details)) return undefined;
  return isLastFailure(details.lastFailure) ? details.lastFailure : undefined;
}

function isLastFailure(value: unknown): value is LastFailure {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, action } = value as Partial<Record<keyof LastFailure, unknown>>;
  return [type, message, action].every((text) => typeof text === 'string');
}

/** The export attempt that a failure ended; undefined if its operation may still run. */
export function endedAttempt(operation: string, error: unknown): ExportAttempt | undefined {
  const failure = applicationFailureIn(error);
  if (failure === undefined || hasTimedOut(error)) return undefined;
  if (failure.type === ExportFailureType.VerificationFailed) {
    return { operation, outcome: 'verification-failed', reason: cut(failure.message, MAX_REASON) };
  }
  // Only the failure of an ended operation has its name.
  return failureDetails(failure).operation === undefined
    ? undefined
    : { operation, outcome: 'failed', reason: cut(failure.message, MAX_REASON) };
}

/** Whether another export may succeed after this failure. */
export function isTransient(error: unknown): boolean {
  return failureDetails(applicationFailureIn(error)).exportAgain === true;
}
