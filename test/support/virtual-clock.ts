import type { Clock } from '../../src/polling/time/clock';
import type { Timer } from '../../src/polling/time/timers';
import { DueHeap } from '../../src/polling/time/due-heap';

/** Time that passes as fast as the machine can compute what happens in it. */
export class VirtualClock implements Clock {
  private readonly waiting = new DueHeap<Timer>();
  /** Starts apart from the time of day, so that a mix-up of the two shows. */
  private time = 5_000;
  /** By how much the machine's clock was set. */
  private shift = 0;
  private readonly startedAt: number;

  /** @param startedAt the time of day at the start, in milliseconds since 1970 */
  constructor(startedAt = 0) {
    this.startedAt = startedAt - this.time;
  }

  /** Callbacks to come. */
  get pending(): number {
    return this.waiting.size;
  }

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.dateOf(this.time) + this.shift;
  }

  /** The true time of day at a time of {@link now}, in milliseconds since 1970: what a service's own clock shows. */
  dateOf(time: number): number {
    return this.startedAt + time;
  }

  /** Sets the machine's clock forward, or back where `ms` is negative. */
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

  /** Resolves after so many milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets time pass until a promise is settled, and gives its value. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    const running = { is: true };
    const settled = (): void => {
      running.is = false;
    };
    promise.then(settled, settled);
    await this.quiet();
    while (running.is) {
      this.step();
      await this.quiet();
    }
    return promise;
  }

  private step(): void {
    const { first } = this.waiting;
    if (first === undefined) throw new Error('Nothing is left that could happen.');
    this.time = Math.max(this.time, first.dueAt);
    this.waiting.remove(first);
    first.callback();
  }

  /** What a callback set going runs to its end: only promises are in the way, and they are done before the next turn. */
  private quiet(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
