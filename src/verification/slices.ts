/**
 * Shares the event loop among all verifications of the process. Their work is cut into slices. Together they hold the
 * loop for about 10 ms; then timers, sockets and heartbeats run.
 */

/** Longest time that slices hold the event loop without a break, in milliseconds. */
const HELD_MS = 10;
/** Items between two readings of the clock. */
const BATCH = 256;

type Job = () => void;

let waiting: Job[] = [];
let isScheduled = false;

/** Runs the work when the event loop has time for it. The caller must divide long work. */
export function inSlice<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    schedule();
  });
}

/** Work that runs in slices. A yielded value other than `undefined` must be fulfilled before the work continues. */
export type Stepwise<Pause, T> = Generator<Pause | undefined, T, void>;

/** Observes the slices of some work. */
export interface SliceObserver {
  startSlice(): void;
  endSlice(): void;
  /** Called whenever the work may be interrupted. */
  rest(): void;
}

/**
 * Runs work that yields `undefined` wherever it may be interrupted.
 *
 * @param answer fulfills any other yielded value; if it rejects, the work receives the error
 */
export async function runInSlices<Pause, T>(
  work: Stepwise<Pause, T>,
  answer: (pause: Pause) => Promise<void>,
  observer?: SliceObserver,
): Promise<T> {
  let resume = (): IteratorResult<Pause | undefined, T> => work.next();
  for (;;) {
    const result = await inSlice(() => advance(work, resume, observer));
    if (result.done === true) return result.value;
    resume = () => work.next();
    if (result.value === undefined) continue;
    try {
      await answer(result.value);
    } catch (error) {
      resume = () => work.throw(error);
    }
  }
}

/** Visits all items, in slices. */
export async function forEachInSlices<T>(items: Iterable<T>, visit: (item: T) => void): Promise<void> {
  await runInSlices(visiting(items, visit), () => Promise.resolve());
}

function* visiting<T>(items: Iterable<T>, visit: (item: T) => void): Stepwise<never, void> {
  let visited = 0;
  for (const item of items) {
    visit(item);
    visited += 1;
    if (visited % BATCH === 0) yield undefined;
  }
}

function advance<Pause, T>(
  work: Stepwise<Pause, T>,
  resume: () => IteratorResult<Pause | undefined, T>,
  observer: SliceObserver | undefined,
): IteratorResult<Pause | undefined, T> {
  const end = performance.now() + HELD_MS;
  observer?.startSlice();
  try {
    let result = resume();
    observer?.rest();
    while (result.done !== true && result.value === undefined && performance.now() < end) {
      result = work.next();
      observer?.rest();
    }
    return result;
  } finally {
    observer?.endSlice();
  }
}

/** A callback of the event loop runs jobs until its time is over; the other jobs wait for the next iteration. */
function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    const end = performance.now() + HELD_MS;
    const jobs = waiting;
    waiting = [];
    let done = 0;
    for (const job of jobs) {
      job();
      done += 1;
      if (performance.now() >= end) break;
    }
    waiting = [...jobs.slice(done), ...waiting];
    isScheduled = false;
    if (waiting.length > 0) schedule();
  });
}
