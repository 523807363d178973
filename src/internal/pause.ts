import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits.
 *
 * @param ms milliseconds
 * @param signal ends the wait early; its reason is thrown
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch {
    // The timer's own AbortError hides the reason, which distinguishes a cancel from a shutdown.
    signal?.throwIfAborted();
  }
}
