import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for `ms` milliseconds. An abort ends the wait and throws the signal's own reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch {
    // The timer's own AbortError hides the reason, which distinguishes a cancellation from a shutdown.
    signal?.throwIfAborted();
  }
}
