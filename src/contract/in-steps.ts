/** A computation that can be interrupted wherever it yields. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** The longest time between two pauses, in milliseconds; one step can take longer. */
const MAX_BLOCKING_MS = 20;

/** Runs a computation to its end without a pause. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs a computation to its end, and lets the process do something else at least every 20 ms. */
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
