import type { Info } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ExportFailureType } from '../../contract/failures';
import { exportFailure } from '../failures/failure';
import { timeLeft } from '../failures/retry-delay';
import { describeDuration } from '../describe-duration';

/** An export never parks this close to its deadline, in milliseconds: its end must be noticed in time. */
const LAST_POLLED_MS = 60_000;

/**
 * How long an export parks, in milliseconds; `undefined` if the deadline is too close. The server begins no attempt after
 * the deadline, and ends the activity as soon as the next attempt would be later.
 */
export function parkedPause(
  checkEveryMs: number,
  times: Pick<Info, 'scheduledTimestampMs' | 'scheduleToCloseTimeoutMs'>,
  now: number,
): number | undefined {
  const left = timeLeft(times, now) - Math.min(checkEveryMs, LAST_POLLED_MS);
  return left > 0 ? Math.min(checkEveryMs, left) : undefined;
}

/** The failure that parks an export: it frees the slot, and Temporal starts the activity again after the pause. */
export function parkedFailure(operation: string, pauseMs: number): ApplicationFailure {
  const details = {
    type: ExportFailureType.StillRunning,
    action: `Waiting; no action needed. The operation is checked again in ${describeDuration(pauseMs)}.`,
  };
  return exportFailure(
    `The operation ${operation} is still running; the export parks, as longExports requires`,
    details,
    {
      retry: true,
      nextRetryDelayMs: pauseMs,
      category: ApplicationFailureCategory.BENIGN,
    },
  );
}
