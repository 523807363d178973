/** A computation that can be interrupted at each `yield`. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Longest time between two pauses, in milliseconds. A single step can take longer. */
const MAX_BLOCKING_MS = 20;

/** Runs a computation without pauses. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs a computation and yields to the event loop at least every 20 ms. */
export async function inSteps<Result>(steps: Steps<Result>): Promise<Result> {
  let pauseAt = performance.now() + MAX_BLOCKING_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < pauseAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    pauseAt = performance.now() + MAX_BLOCKING_MS;
  }
}
