import { asyncLocalStorage } from '@temporalio/activity';

/** A refusal can pass, and a list can be late: for this long a step is retried, in milliseconds. */
export const PASSING_MS = 300_000;

/**
 * Whether the step has been tried for so long that what stops it is not going to pass. Outside of an activity nobody
 * tries again, so that everything lasts.
 *
 * @param passingMs since the step was scheduled, in milliseconds
 */
export function isLasting(passingMs = PASSING_MS): boolean {
  const context = asyncLocalStorage.getStore();
  return context === undefined || Date.now() - context.info.scheduledTimestampMs >= passingMs;
}

/** Pauses between the attempts of a step, in milliseconds; they double up to the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Whether attempts have failed for this long, in milliseconds. A step can be old when its first request fails: it has
 * waited within the quota, or read files for hours. The number of attempts says how long they have failed at least.
 */
export function haveAttemptsFailedFor(ms: number): boolean {
  const context = asyncLocalStorage.getStore();
  if (context === undefined) return true;
  let pausedMs = 0;
  for (let failed = 1; failed < context.info.attempt && pausedMs < ms; failed += 1) {
    pausedMs += Math.min(FIRST_PAUSE_MS * 2 ** (failed - 1), LONGEST_PAUSE_MS);
  }
  return pausedMs >= ms && isLasting(ms);
}
