import type { Clock } from './clock';
import { systemClock } from './clock';
import type { Due } from './due-heap';
import { DueHeap } from './due-heap';

/** A scheduled callback. */
export interface Timer extends Due {
  readonly callback: () => void;
}

/** The longest time that Node's timers support, in milliseconds. A longer wait is done in parts. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Any number of timers on a single timer of the clock. This keeps thousands of exports and heartbeats cheap. */
export class Timers {
  private readonly waiting = new DueHeap<Timer>();
  private stop: (() => void) | undefined;
  private armedFor = Infinity;

  constructor(readonly clock: Clock) {}

  /** Calls back at a time of `clock.now()`. If the time has passed, calls back as soon as possible. */
  at(dueAt: number, callback: () => void): Timer {
    const timer: Timer = { dueAt, position: -1, callback };
    this.waiting.put(timer, dueAt);
    this.arm();
    return timer;
  }

  /** Cancels a timer. Does nothing for `undefined`, or if the timer has called back. */
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
    const ms = Math.min(Math.max(0, dueAt - this.clock.now()), MAX_TIMEOUT_MS);
    this.stop = this.clock.after(ms, () => {
      this.armedFor = Infinity;
      this.stop = undefined;
      // An error of one callback must not stop the other timers.
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

/** The timers of this process, on the machine's clock. */
export const processTimers = new Timers(systemClock);
