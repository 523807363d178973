import { asyncLocalStorage } from '@temporalio/activity';
import type { Backoff } from '../../internal/backoff';
import { backoff } from '../../internal/backoff';

/** How long a step is retried after a refusal that may pass or a list that may be late, in milliseconds. */
export const PASSING_MS = 300_000;

/** Pauses between the attempts of a step, as in the retry policy of all activities. */
const PAUSES: Backoff = { firstMs: 1_000, maxMs: 60_000 };

/**
 * Whether attempts have failed for at least this long, in milliseconds. The age of a step is not enough: before its first
 * failure, it may have waited for a worker or quota, or read files for hours. The number of attempts gives a lower bound.
 * Always `true` outside of an activity, since nothing is retried there.
 */
export function haveAttemptsFailedFor(ms = PASSING_MS): boolean {
  const context = asyncLocalStorage.getStore();
  if (context === undefined) return true;
  let pausedMs = 0;
  for (let failed = 1; failed < context.info.attempt && pausedMs < ms; failed += 1) {
    pausedMs += backoff(failed, PAUSES);
  }
  return pausedMs >= ms && Date.now() - context.info.scheduledTimestampMs >= ms;
}
