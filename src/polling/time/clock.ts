import { performance } from 'node:perf_hooks';

/** Time, as the poller reads it: a seam for tests and benchmarks that cover hours. */
export interface Clock {
  /**
   * Milliseconds since an arbitrary start. Never goes back, also when somebody sets the machine's clock: pauses,
   * timers, budgets and heartbeats use it.
   */
  now(): number;
  /** Milliseconds since 1970, by the machine's clock: only for comparison with times that a service gives. */
  wallNow(): number;
  /** Calls back once, after `ms` milliseconds of {@link now}; the returned function cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
