import type { Clock } from '../../src/polling/time/clock';
import type { Timer } from '../../src/polling/time/timers';
import { DueHeap } from '../../src/polling/time/due-heap';

/** A clock whose time jumps from one callback to the next, so that hours pass in milliseconds. */
export class VirtualClock implements Clock {
  private readonly waiting = new DueHeap<Timer>();
  /** Differs from the time of day, so that a test fails if the code mixes up the two. */
  private time = 5_000;
  /** The difference by which the machine's clock was set, in milliseconds. */
  private shift = 0;
  private readonly startedAt: number;

  /** @param startedAt the time of day at the start, in milliseconds since 1970 */
  constructor(startedAt = 0) {
    this.startedAt = startedAt - this.time;
  }

  /** The number of scheduled callbacks. */
  get pending(): number {
    return this.waiting.size;
  }

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.dateOf(this.time) + this.shift;
  }

  /** The true time of day at a time of {@link now}, in milliseconds since 1970. The clock of a service shows it. */
  dateOf(time: number): number {
    return this.startedAt + time;
  }

  /** Sets the machine's clock forward, or back if `ms` is negative. */
  setWallClock(ms: number): void {
    this.shift += ms;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { dueAt: 0, position: -1, callback };
    this.waiting.put(timer, this.time + ms);
    return () => {
      this.waiting.remove(timer);
    };
  }

  /** Resolves after `ms` milliseconds of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets time pass until a promise is resolved or rejected, and returns the promise. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    const running = { is: true };
    const stop = (): void => {
      running.is = false;
    };
    promise.then(stop, stop);
    await this.quiet();
    while (running.is) {
      this.step();
      await this.quiet();
    }
    return promise;
  }

  private step(): void {
    const { first } = this.waiting;
    if (first === undefined) throw new Error('The promise never resolves: no callback is scheduled.');
    this.time = Math.max(this.time, first.dueAt);
    this.waiting.remove(first);
    first.callback();
  }

  /** Waits until all promise callbacks have run. They run before the next iteration of the event loop. */
  private quiet(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
