/** The times at which requests were sent, in order. Times outside the window are dropped. */
export class SentLog {
  private times: number[] = [];
  /** Index of the oldest time within the window. */
  private first = 0;

  /** @param windowMs how long a request counts after it was sent, in milliseconds */
  constructor(private readonly windowMs: number) {}

  add(at: number): void {
    this.times.push(at);
  }

  /** The number of requests sent within the window that ends now. */
  count(now: number): number {
    for (let oldest = this.times[this.first]; oldest !== undefined; oldest = this.times[this.first]) {
      if (oldest + this.windowMs > now) break;
      this.first += 1;
    }
    // One copy for many dropped times costs less than one shift for each.
    if (this.first > this.times.length / 2) {
      this.times = this.times.slice(this.first);
      this.first = 0;
    }
    return this.times.length - this.first;
  }

  /** When the newest request was sent; `-Infinity` if there is none. */
  get latest(): number {
    return this.times.at(-1) ?? -Infinity;
  }

  /** When the nth newest request leaves the window. 1 is the newest. `-Infinity` if there are fewer. */
  leavesAt(nth: number): number {
    const at = this.times[this.times.length - nth];
    return at === undefined ? -Infinity : at + this.windowMs;
  }

  /** Adds all times of another log. */
  merge(other: SentLog): void {
    this.times = [...this.times.slice(this.first), ...other.times.slice(other.first)].sort((a, b) => a - b);
    this.first = 0;
  }
}
