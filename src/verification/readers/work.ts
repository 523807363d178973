import type { SliceObserver, Stepwise } from '../slices';
import type { MissingBytesError } from './missing-bytes';
import { LimitError } from './limit-error';

/**
 * What an inspection waits for: bytes that are not loaded, or asynchronous work. `undefined` means that it may be
 * interrupted.
 */
export type Pause = MissingBytesError | Promise<unknown>;

/** A part of an inspection. It may be interrupted wherever it yields. */
export type Inspecting<T = void> = Stepwise<Pause, T>;

/** Waits for asynchronous work and returns its result. */
export function* waitFor<T>(work: Promise<T>): Inspecting<T> {
  const made: { value: T }[] = [];
  yield work.then((value) => {
    made.push({ value });
  });
  const [first] = made;
  if (first === undefined) throw new Error('an inspection continued before the work was done');
  return first.value;
}

/** Charges for work that has no meter, whenever it may be interrupted. */
export function* charged<T>(meter: WorkMeter, work: Stepwise<never, T>, steps: number): Inspecting<T> {
  for (let next = work.next(); ; next = work.next()) {
    if (next.done === true) return next.value;
    meter.charge(steps);
    yield undefined;
  }
}

/** Steps between two possible interruptions of an inspection: about 1 ms. */
const STEPS_BETWEEN_BREAKS = 10_000;
/** Most steps of an inspector without a possible interruption: about 25 ms. */
const MAX_STEPS_AT_ONCE = 250_000;
/** Most steps of an inspection: about 1 s. */
const MAX_STEPS = 10_000_000;
/** Most CPU time of an inspection, in milliseconds, in case steps cost more than expected. */
const MAX_CPU_MS = 1_500;

const MICROSECONDS = 1_000;

/**
 * Measures the cost of an inspection. A step is about 100 ns: an access to a byte or a number, or a pass over 16 bytes.
 * Limits on steps end an inspection at the same place on every machine; the limit on CPU time is a safeguard.
 */
export class WorkMeter implements SliceObserver {
  steps = 0;
  /** Most steps between two possible interruptions so far. */
  mostStepsAtOnce = 0;
  /** Number of possible interruptions so far. */
  breaks = 0;
  cpuMs = 0;
  /** CPU time of the longest slice, in milliseconds. */
  longestSliceMs = 0;
  /** Why the inspection must end; `undefined` if it may continue. */
  exhausted: string | undefined;
  private sinceBreak = 0;
  private startedAt = 0;
  private startedCpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  /** @param path of the file that is inspected, for the note */
  constructor(private readonly path: string) {}

  /** Adds to the cost. @throws LimitError if the inspection exceeds a limit */
  charge(steps: number): void {
    this.steps += steps;
    this.sinceBreak += steps;
    // With NaN this is false, so that an invalid cost ends the inspection, too.
    const isAffordable = this.sinceBreak <= MAX_STEPS_AT_ONCE && this.steps <= MAX_STEPS;
    if (!isAffordable || this.exhausted !== undefined) this.giveUp();
  }

  /** Whether the inspection should yield soon. */
  get isDue(): boolean {
    return this.sinceBreak >= STEPS_BETWEEN_BREAKS;
  }

  /** Counts a possible interruption. */
  rest(): void {
    this.mostStepsAtOnce = Math.max(this.mostStepsAtOnce, this.sinceBreak);
    this.sinceBreak = 0;
    this.breaks += 1;
  }

  startSlice(): void {
    this.startedAt = performance.now();
    this.startedCpu = process.cpuUsage();
  }

  /** Adds the CPU time of the slice; if the limit is exceeded, the next step ends the inspection. */
  endSlice(): void {
    const { user, system } = process.cpuUsage(this.startedCpu);
    // Other threads add CPU time and other processes add elapsed time: the smaller number is closer.
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
