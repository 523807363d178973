import { orStop } from './services/start-all';

/** Stops one started part. */
type Stop = () => Promise<unknown>;

/** The parts of a stack that have started. They are stopped in the reverse order, since a later one uses an earlier one. */
export class Started {
  private readonly stops: Stop[] = [];

  add(stop: Stop): void {
    this.stops.push(stop);
  }

  /**
   * Stops all parts. A part that fails to stop does not keep the others from stopping.
   *
   * @throws AggregateError if parts failed to stop
   */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (;;) {
      const stop = this.stops.pop();
      if (stop === undefined) break;
      await stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} parts of the stack did not stop`);
  }

  /** Starts a stack. If a part fails, the parts that have started are stopped, and the part's error is thrown. */
  static async all<T>(start: (started: Started) => Promise<T>): Promise<T> {
    const started = new Started();
    return orStop([started], () => start(started));
  }
}
