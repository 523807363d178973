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
