/** A promise took longer than its limit. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * Waits for a promise with a limit. A value after the limit or the abort is ignored.
 *
 * @param timeoutMs limit, in milliseconds
 * @param signal ends the wait early; its reason is thrown
 * @throws TimeLimitError if the promise takes longer
 */
export function within<T>(promise: Promise<T>, timeoutMs: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      finish();
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      finish();
      reject(new TimeLimitError(timeoutMs));
    }, timeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    promise.finally(finish).then(resolve, reject);
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The request was cancelled.', { cause: reason });
}
