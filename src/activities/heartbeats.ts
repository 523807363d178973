import { Context } from '@temporalio/activity';
import type { Timer } from '../polling/time/timers';
import { processTimers } from '../polling/time/timers';

/** Heartbeats within one timeout, so that a lost one does no harm. */
const BEATS_PER_TIMEOUT = 4;

/** Delay of the first heartbeat, in milliseconds: it is a request and a write, which short activities do not need. */
const FIRST_BEAT_MS = 1_000;

/** Shortest pause between two heartbeats, in milliseconds: any workflow can call an activity with any timeout. */
const MIN_PAUSE_MS = 50;

/** Sets the function that returns the details of each heartbeat. */
export type ReportDetails = (details: () => unknown) => void;

/**
 * Sends heartbeats at an interval while `work` runs.
 *
 * @param timeoutMs the activity's heartbeat timeout
 */
export async function withHeartbeats<T>(timeoutMs: number, work: (report: ReportDetails) => Promise<T>): Promise<T> {
  const context = Context.current();
  const pauseMs = Math.max(MIN_PAUSE_MS, timeoutMs / BEATS_PER_TIMEOUT);
  let current = (): unknown => undefined;
  let next: Timer | undefined;
  const beatIn = (ms: number): void => {
    next = processTimers.at(processTimers.clock.now() + ms, () => {
      context.heartbeat(current());
      beatIn(pauseMs);
    });
  };
  beatIn(Math.min(FIRST_BEAT_MS, pauseMs));
  try {
    return await work((details) => {
      current = details;
    });
  } finally {
    processTimers.cancel(next);
  }
}
