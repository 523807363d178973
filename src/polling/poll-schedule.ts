import type { ExpectedEnd } from './durations';
import type { PollSchedule } from './types';

/** If the end is expected within a window of time, this many polls are spread over the window. */
const POLLS_IN_WINDOW = 32;
/** The shortest pause within the window, in milliseconds. */
const MIN_WINDOW_PAUSE_MS = 1_000;
/** Before the window, pauses are longer by this factor, which saves polls for the window. */
const FACTOR_BEFORE_WINDOW = 4;
/** The shortest pause of all, whatever the schedule is; in milliseconds. */
const MIN_PAUSE_MS = 50;

/**
 * The pause before the next poll of an operation, in milliseconds. It depends only on the age of the operation: pauses
 * that grow by a factor are a share of the age. So no count is kept, and a worker that takes over an operation
 * continues where the previous worker was.
 */
export function pauseAt(ageMs: number, schedule: PollSchedule, expected?: ExpectedEnd): number {
  const { initialDelayMs, multiplier, maxDelayMs } = schedule;
  const regular = Math.max(MIN_PAUSE_MS, Math.min(initialDelayMs + ageMs * (multiplier - 1), maxDelayMs));
  if (expected === undefined || ageMs > expected.latestMs) return regular;
  const dense = Math.max(MIN_WINDOW_PAUSE_MS, (expected.latestMs - expected.earliestMs) / POLLS_IN_WINDOW);
  const inWindow = Math.min(regular, dense);
  const untilWindow = expected.earliestMs - ageMs;
  return untilWindow <= inWindow ? inWindow : Math.min(untilWindow, regular * FACTOR_BEFORE_WINDOW);
}

/** Pauses vary by this share, so that operations that started together are not polled together. */
const JITTER = 0.1;

/** Varies a pause by up to 10 %. `random` returns numbers from 0 to 1. */
export function jittered(ms: number, random: () => number): number {
  return ms * (1 + JITTER * (2 * random() - 1));
}
