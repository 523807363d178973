import type { Clock } from './clock';
import { systemClock } from './clock';
import type { Due } from './due-heap';
import { DueHeap } from './due-heap';

/** One callback to come. */
export interface Timer extends Due {
  readonly callback: () => void;
}

/** Node's timers take no longer time, in milliseconds; a later one is waited for in parts. */
const LONGEST_MS = 2 ** 31 - 1;

/** Any number of timers on one of the clock's: thousands of exports and their heartbeats need no more. */
export class Timers {
  private readonly waiting = new DueHeap<Timer>();
  private stop: (() => void) | undefined;
  private armedFor = Infinity;

  constructor(readonly clock: Clock) {}

  /** Calls back at a time of `clock.now()`; a time that has passed means as soon as possible. */
  at(dueAt: number, callback: () => void): Timer {
    const timer: Timer = { dueAt, position: -1, callback };
    this.waiting.put(timer, dueAt);
    this.arm();
    return timer;
  }

  /** Takes a timer back; `undefined` and one that was called are no error. */
  cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    this.waiting.remove(timer);
    this.arm();
  }

  private arm(): void {
    const dueAt = this.waiting.first?.dueAt ?? Infinity;
    if (dueAt === this.armedFor) return;
    this.stop?.();
    this.stop = undefined;
    this.armedFor = dueAt;
    if (dueAt === Infinity) return;
    const ms = Math.min(Math.max(0, dueAt - this.clock.now()), LONGEST_MS);
    this.stop = this.clock.after(ms, () => {
      this.armedFor = Infinity;
      this.stop = undefined;
      // A callback that throws is its owner's fault, and must not stop everybody's time.
      try {
        this.run();
      } finally {
        this.arm();
      }
    });
  }

  private run(): void {
    const now = this.clock.now();
    for (let first = this.waiting.first; first !== undefined && first.dueAt <= now; first = this.waiting.first) {
      this.waiting.remove(first);
      first.callback();
    }
  }
}

/** Of everything in this process that waits by the machine's clock. */
export const processTimers = new Timers(systemClock);
