/** The time in which an export may end, in milliseconds from its start. */
export interface ExpectedEnd {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Durations kept per format: the newest ones. */
const MAX_DURATIONS = 16;
/** With fewer durations, no end is expected. */
const MIN_DURATIONS = 5;
/** Formats kept: those of the latest exports. */
const MAX_FORMATS = 64;
/** The next export may be shorter or longer than all known ones by this share. */
const MARGIN = 0.05;

/** The durations of recent exports in this process, by format. */
export class Durations {
  private readonly byFormat = new Map<string, readonly number[]>();

  /** Adds the duration of an export, in milliseconds. */
  add(formatId: string, durationMs: number): void {
    const durations = [...(this.byFormat.get(formatId) ?? []), durationMs].slice(-MAX_DURATIONS);
    // The map is in the order of insertion, so its first format is the one without an export for the longest time.
    this.byFormat.delete(formatId);
    this.byFormat.set(formatId, durations);
    const [oldest] = this.byFormat.keys();
    if (this.byFormat.size > MAX_FORMATS && oldest !== undefined) this.byFormat.delete(oldest);
  }

  /** The time in which an export of a format may end; `undefined` until enough durations are known. */
  expectedEnd(formatId: string | undefined): ExpectedEnd | undefined {
    const durations = formatId === undefined ? undefined : this.byFormat.get(formatId);
    if (durations === undefined || durations.length < MIN_DURATIONS) return undefined;
    return { earliestMs: Math.min(...durations) * (1 - MARGIN), latestMs: Math.max(...durations) * (1 + MARGIN) };
  }
}
