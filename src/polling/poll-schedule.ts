import type { Expectation } from './durations';

/** Pauses between single looks at one operation, in milliseconds. */
export interface PollSchedule {
  /** From the start of the operation to the first look. */
  readonly initialDelayMs: number;
  /** Each pause is this many times the one before. */
  readonly multiplier: number;
  /** No pause is longer. */
  readonly maxDelayMs: number;
}

/** Where an end is expected, so many looks are spread over the time in which it may come. */
const LOOKS_IN_WINDOW = 32;
/** Before that time pauses are this many times longer, so that looks are kept for it. */
const PATIENCE = 4;
const SHORTEST_MS = 1_000;
/** No operation is polled without a pause, whatever its options are; in milliseconds. */
const LEAST_PAUSE_MS = 50;

/**
 * The pause at an age of the operation. Pauses that grow by a factor are a share of the age, so that no count is kept
 * and a worker that takes over goes on where the last one was.
 */
export function pauseAt(ageMs: number, schedule: PollSchedule, expected?: Expectation): number {
  const { initialDelayMs, multiplier, maxDelayMs } = schedule;
  const plain = Math.max(LEAST_PAUSE_MS, Math.min(initialDelayMs + ageMs * (multiplier - 1), maxDelayMs));
  if (expected === undefined || ageMs > expected.latestMs) return plain;
  const dense = Math.max(SHORTEST_MS, (expected.latestMs - expected.earliestMs) / LOOKS_IN_WINDOW);
  const inside = Math.min(plain, dense);
  const before = expected.earliestMs - ageMs;
  return before <= inside ? inside : Math.min(before, plain * PATIENCE);
}

/** Pauses are spread by this share, so that operations started together are not asked after together. */
const JITTER = 0.1;

export function jittered(ms: number, random: () => number): number {
  return ms * (1 + JITTER * (2 * random() - 1));
}
