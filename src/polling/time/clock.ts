import { performance } from 'node:perf_hooks';

/** The source of time of the poller. Tests and benchmarks that cover hours replace it. */
export interface Clock {
  /**
   * The monotonic clock: milliseconds since an arbitrary start. It never goes back, even if a person sets the machine's
   * clock. Pauses, timers, budgets and heartbeats use it.
   */
  now(): number;
  /** Milliseconds since 1970, by the machine's clock. Only for comparison with times of a service. */
  wallNow(): number;
  /** Calls back once, after `ms` milliseconds of {@link now}. The returned function cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock of this machine. */
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
