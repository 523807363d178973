/** When an export of a format may end, in milliseconds from its start. */
export interface Expectation {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** The newest durations of a format that are kept. */
const KEPT = 16;
/** With fewer nothing is expected. */
const LEAST = 5;
/** Formats that are kept; the one that was not seen for the longest time goes. */
const MAX_FORMATS = 64;
/** The next one may be so much shorter or longer than all before. */
const MARGIN = 0.05;

/** What this process has seen of how long exports take, by format. */
export class Durations {
  private readonly seen = new Map<string, readonly number[]>();

  add(formatId: string, durationMs: number): void {
    const durations = [...(this.seen.get(formatId) ?? []), durationMs].slice(-KEPT);
    this.seen.delete(formatId);
    this.seen.set(formatId, durations);
    const [oldest] = this.seen.keys();
    if (this.seen.size > MAX_FORMATS && oldest !== undefined) this.seen.delete(oldest);
  }

  /** `undefined` until enough were seen. */
  expected(formatId: string | undefined): Expectation | undefined {
    const durations = formatId === undefined ? undefined : this.seen.get(formatId);
    if (durations === undefined || durations.length < LEAST) return undefined;
    return { earliestMs: Math.min(...durations) * (1 - MARGIN), latestMs: Math.max(...durations) * (1 + MARGIN) };
  }
}
