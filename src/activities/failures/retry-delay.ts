import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ExportFailureType } from '../../contract/failures';
import { defined } from '../../internal/defined';

/** Longest and shortest pause before another attempt, in milliseconds, whatever a service advises. */
const LONGEST_MS = 600_000;
const SHORTEST_MS = 1_000;

type Times = Pick<Info, 'scheduledTimestampMs' | 'scheduleToCloseTimeoutMs'>;

/** Milliseconds until the server ends the activity; `Infinity` if it has no deadline. */
export function timeLeft({ scheduledTimestampMs, scheduleToCloseTimeoutMs }: Times, now: number): number {
  return scheduleToCloseTimeoutMs === 0 ? Infinity : scheduledTimestampMs + scheduleToCloseTimeoutMs - now;
}

/**
 * Shortens a failure's pause so that another attempt fits before the deadline. The server begins no attempt after the
 * deadline, and ends the activity as soon as the next attempt would be later. The pause is at most half of the time left.
 */
export function withRetryInTime(failure: ApplicationFailure, times: Times, now: number): ApplicationFailure {
  const { nonRetryable, type } = failure;
  const nextRetryDelay: unknown = failure.nextRetryDelay;
  // An export that parks has chosen its pause by the deadline.
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
    ...defined({
      type: type ?? undefined,
      details: details ?? undefined,
      cause: cause ?? undefined,
      category: category ?? undefined,
    }),
    nextRetryDelay: longest,
  });
}
