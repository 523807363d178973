import { Context } from '@temporalio/activity';
import type { Timer } from '../polling/time/timers';
import { processTimers } from '../polling/time/timers';

/** Beats are sent this many times within one timeout, so that a lost one does no harm. */
const BEATS_PER_TIMEOUT = 4;

/** What ends sooner needs no beat, which is a request to the server and a write there; in milliseconds. */
const FIRST_BEAT_MS = 1_000;

/** Shortest pause between two beats, in milliseconds: any workflow can call an activity with any timeout. */
const MIN_PAUSE_MS = 50;

/** Heartbeats of their own, while `work` runs; `details` is read at each beat. */
export async function withHeartbeats<T>(timeoutMs: number, details: () => unknown, work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const pauseMs = Math.max(MIN_PAUSE_MS, timeoutMs / BEATS_PER_TIMEOUT);
  let next: Timer | undefined;
  const beatIn = (ms: number): void => {
    next = processTimers.at(processTimers.clock.now() + ms, () => {
      context.heartbeat(details());
      beatIn(pauseMs);
    });
  };
  beatIn(Math.min(FIRST_BEAT_MS, pauseMs));
  try {
    return await work();
  } finally {
    processTimers.cancel(next);
  }
}
