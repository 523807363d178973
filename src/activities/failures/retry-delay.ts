import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ExportFailureType } from '../../contract/failures';

/** The longest pause before another attempt, in milliseconds, whatever a service advises. */
const LONGEST_MS = 600_000;
const SHORTEST_MS = 1_000;

type Times = Pick<Info, 'scheduledTimestampMs' | 'scheduleToCloseTimeoutMs'>;

/** Milliseconds until the server ends the activity; `Infinity` where it has no limit. */
export function timeLeft({ scheduledTimestampMs, scheduleToCloseTimeoutMs }: Times, now: number): number {
  return scheduleToCloseTimeoutMs === 0 ? Infinity : scheduledTimestampMs + scheduleToCloseTimeoutMs - now;
}

/**
 * The failure with a pause that leaves time for another attempt: the server begins no attempt past the deadline, and
 * ends the activity as soon as it knows that. Half of the time that is left is never too long.
 */
export function withRetryInTime(failure: ApplicationFailure, times: Times, now: number): ApplicationFailure {
  const { nonRetryable, type } = failure;
  const nextRetryDelay: unknown = failure.nextRetryDelay;
  // An export that gives its slot back has chosen its pause by the deadline.
  if (
    nextRetryDelay === undefined ||
    nextRetryDelay === null ||
    nonRetryable ||
    type === ExportFailureType.StillRunning
  )
    return failure;
  const longest = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, timeLeft(times, now) / 2));
  if (typeof nextRetryDelay === 'number' && nextRetryDelay <= longest) return failure;
  const { message, details, cause, category } = failure;
  return ApplicationFailure.create({
    message,
    ...(type && { type }),
    ...(details && { details }),
    ...(cause && { cause }),
    ...(category && { category }),
    nextRetryDelay: longest,
  });
}
