import { Context } from '@temporalio/activity';

/** Beats are sent this many times within one timeout, so that a lost one does no harm. */
const BEATS_PER_TIMEOUT = 4;

/** Heartbeats on a timer of its own while `work` runs; `details` is read at each beat. */
export async function withHeartbeats<T>(timeoutMs: number, details: () => unknown, work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = () => {
    context.heartbeat(details());
  };
  beat();
  const timer = setInterval(beat, timeoutMs / BEATS_PER_TIMEOUT);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
