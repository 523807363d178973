import type { Due } from '../../src/polling/time/due-heap';
import { DueHeap } from '../../src/polling/time/due-heap';

interface Event extends Due {
  readonly callback: () => void;
}

/** More events than any valid simulation has. Beyond it, some code repeats a call without a pause. */
const MAX_EVENTS = 2_000_000;

/** The functions of this process before a simulation replaced them. */
const { setImmediate: realImmediate } = globalThis;

/** A simulation that does not end: it has more events than allowed. */
export class EndlessError extends Error {
  override readonly name = 'EndlessError';
}

/** The time of a simulation. It jumps from event to event; simultaneous events keep the order of their creation. */
export class VirtualTime {
  private readonly events = new DueHeap<Event>();
  private moment = 0;
  private order = 0;
  private happened = 0;
  private held = 0;

  /** @param startedAt the time of day at the start, in milliseconds since 1970 */
  constructor(readonly startedAt: number) {}

  /** Milliseconds since the start. */
  get now(): number {
    return this.moment;
  }

  /** The time of day, in milliseconds since 1970. */
  get wallNow(): number {
    return this.startedAt + Math.floor(this.moment);
  }

  get eventCount(): number {
    return this.happened;
  }

  /** Calls back after `ms` milliseconds; the returned function cancels the call. */
  after(ms: number, callback: () => void): () => void {
    // A little later for each event: a heap alone does not keep the order of events that are due together.
    this.order += 1;
    const event: Event = { dueAt: 0, position: -1, callback };
    this.events.put(event, this.moment + Math.max(0, ms) + this.order * 1e-9);
    return () => {
      this.events.remove(event);
    };
  }

  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Stops the time until a promise is settled that does not depend on it. */
  async hold<T>(promise: Promise<T>): Promise<T> {
    this.held += 1;
    try {
      return await promise;
    } finally {
      this.held -= 1;
    }
  }

  /** Lets time pass until no event is left. */
  async run(): Promise<void> {
    await this.quiet();
    for (let { first } = this.events; first !== undefined; { first } = this.events) {
      this.happened += 1;
      if (this.happened > MAX_EVENTS) throw new EndlessError(`More than ${MAX_EVENTS} events happened`);
      this.moment = Math.max(this.moment, first.dueAt);
      this.events.remove(first);
      first.callback();
      await this.quiet();
    }
  }

  /** What an event started runs until it waits for time. */
  private async quiet(): Promise<void> {
    do await new Promise((resolve) => realImmediate(resolve));
    while (this.held > 0);
  }
}
