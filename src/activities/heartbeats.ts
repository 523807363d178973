import { Context } from '@temporalio/activity';
import type { Timer } from '../operations/timers';
import { processTimers } from '../operations/timers';

/** Beats are sent this many times within one timeout, so that a lost one does no harm. */
const BEATS_PER_TIMEOUT = 4;

/** Heartbeats of their own, while `work` runs; `details` is read at each beat. */
export async function withHeartbeats<T>(timeoutMs: number, details: () => unknown, work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  let next: Timer | undefined;
  const beat = () => {
    context.heartbeat(details());
    next = processTimers.at(processTimers.clock.now() + timeoutMs / BEATS_PER_TIMEOUT, beat);
  };
  beat();
  try {
    return await work();
  } finally {
    processTimers.cancel(next);
  }
}
