import type { SliceObserver, Stepwise } from '../slices';
import type { MissingBytesError } from './sparse-bytes';

/** What exceeds the bounds of an inspection; what was found before stays. */
export class LimitError extends Error {
  /** @param message why the file was not fully inspected, for a note */
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * What an inspection waits for: bytes that are not loaded, or work that is done elsewhere. `undefined` is a place where
 * it may be interrupted.
 */
export type Pause = MissingBytesError | Promise<unknown>;

/** A piece of an inspection, which may be interrupted wherever it yields. */
export type Inspecting<T = void> = Stepwise<Pause, T>;

/** Waits for work that is done elsewhere, and gives what it made. */
export function* waitFor<T>(work: Promise<T>): Inspecting<T> {
  const made: { value: T }[] = [];
  yield work.then((value) => {
    made.push({ value });
  });
  const [first] = made;
  if (first === undefined) throw new Error('an inspection continued before the work was done');
  return first.value;
}

/** Charges for work that knows no meter, at every place where it may be interrupted. */
export function* charged<T>(meter: WorkMeter, work: Stepwise<never, T>, steps: number): Inspecting<T> {
  for (let next = work.next(); ; next = work.next()) {
    if (next.done === true) return next.value;
    meter.charge(steps);
    yield undefined;
  }
}

/** Steps between two places where an inspection may be interrupted: about 1 ms. */
const STEPS_BETWEEN_BREAKS = 10_000;
/** Steps that an inspector may take without such a place: about 25 ms. */
const MAX_STEPS_AT_ONCE = 250_000;
/** Steps of an inspection in all: about 1 s. */
const MAX_STEPS = 10_000_000;
/** CPU time of an inspection in all, in milliseconds: where steps cost more than they should. */
const MAX_CPU_MS = 1_500;

const MICROSECONDS = 1_000;

/**
 * Counts what an inspection costs. A step is about 100 ns: an access to a byte or a number, 16 bytes that are gone
 * through. Limits on steps end an inspection at the same place on every machine; the limit on CPU time is a safeguard.
 */
export class WorkMeter implements SliceObserver {
  steps = 0;
  /** Most steps that were taken between two breaks. */
  mostStepsAtOnce = 0;
  /** Places where the inspection could be interrupted. */
  breaks = 0;
  cpuMs = 0;
  /** CPU time of the longest slice, in milliseconds. */
  longestSliceMs = 0;
  /** Why the inspection must end, where it must. */
  exhausted: string | undefined;
  private sinceBreak = 0;
  private startedAt = 0;
  private startedCpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  /** @param path of the file that is inspected, for the note */
  constructor(private readonly path: string) {}

  /** @throws LimitError if the inspection costs too much */
  charge(steps: number): void {
    this.steps += steps;
    this.sinceBreak += steps;
    // Written so that a cost which is not a number ends the inspection, too.
    const isAffordable = this.sinceBreak <= MAX_STEPS_AT_ONCE && this.steps <= MAX_STEPS;
    if (!isAffordable || this.exhausted !== undefined) this.giveUp();
  }

  /** Whether the inspection should yield soon. */
  get isDue(): boolean {
    return this.sinceBreak >= STEPS_BETWEEN_BREAKS;
  }

  /** Counts a place where the inspection can be interrupted. */
  rest(): void {
    this.mostStepsAtOnce = Math.max(this.mostStepsAtOnce, this.sinceBreak);
    this.sinceBreak = 0;
    this.breaks += 1;
  }

  startSlice(): void {
    this.startedAt = performance.now();
    this.startedCpu = process.cpuUsage();
  }

  /** Where the CPU time is used up, the next step ends the inspection. */
  endSlice(): void {
    const { user, system } = process.cpuUsage(this.startedCpu);
    // The process has other threads, and the machine other processes: the smaller number is the truer one.
    const spentMs = Math.min(performance.now() - this.startedAt, (user + system) / MICROSECONDS);
    this.cpuMs += spentMs;
    this.longestSliceMs = Math.max(this.longestSliceMs, spentMs);
    if (this.cpuMs > MAX_CPU_MS) this.exhausted ??= `it takes more than ${MAX_CPU_MS} ms of CPU time`;
  }

  private giveUp(): never {
    this.exhausted ??=
      this.steps > MAX_STEPS
        ? `it takes more than ${MAX_STEPS} steps`
        : `a part of it takes more than ${MAX_STEPS_AT_ONCE} steps`;
    throw new LimitError(this.path, this.exhausted);
  }
}
