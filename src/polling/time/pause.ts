import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many milliseconds; an abort ends it with the signal's own reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // The timer's own AbortError hides the reason, which tells a cancel from a shutdown.
    signal.throwIfAborted();
  }
}
