import type { Info } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ExportFailureType } from '../../contract/failures';
import { exportFailure } from '../failures/failure';
import { timeLeft } from '../failures/retry-delay';
import { inWords } from '../time-in-words';

/** The last part before the deadline is watched in the slot, in milliseconds: what ends there must be seen in time. */
const LAST_WATCH_MS = 60_000;

/**
 * How long a parked export may go without an attempt, in milliseconds; `undefined` where the deadline is too near. The
 * server begins no attempt past the deadline, and gives up as soon as it knows that.
 */
export function parkedPause(
  checkEveryMs: number,
  times: Pick<Info, 'scheduledTimestampMs' | 'scheduleToCloseTimeoutMs'>,
  now: number,
): number | undefined {
  const left = timeLeft(times, now) - Math.min(checkEveryMs, LAST_WATCH_MS);
  return left > 0 ? Math.min(checkEveryMs, left) : undefined;
}

/** Gives the slot back: Temporal starts the activity again after the pause, on any worker. */
export function parkedFailure(operation: string, pauseMs: number): ApplicationFailure {
  const details = {
    type: ExportFailureType.StillRunning,
    action: `Waiting; no action needed. The operation is checked again in ${inWords(pauseMs)}.`,
  };
  return exportFailure(`The operation ${operation} still runs, and gave its slot back as longExports asks`, details, {
    retry: true,
    nextRetryDelayMs: pauseMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}
