/** What did not work is tried again after so long, in milliseconds; twice as long each time, up to the longest. */
const AGAIN_AFTER_MS = 1_200_000;
const LONGEST_MS = 86_400_000;
/** Failures that may pass are the call's own after so many in a row: a proxy may cut whatever takes long. */
const FAILURES_IN_A_ROW = 3;

/** A call that the service may not offer. It is trusted until it disappoints, and then tried again, once at a time. */
export class Offer {
  private refusedUntil = -Infinity;
  private refusals = 0;
  private failures = 0;
  private failedAt = -Infinity;

  /** Whether it may be used now. */
  isOpen(now: number): boolean {
    return now >= this.refusedUntil;
  }

  /** Whether it has disappointed, and has not yet proved itself since. */
  get isDoubtful(): boolean {
    return this.refusals > 0;
  }

  refuse(now: number): void {
    // Those that were under way together count once.
    if (!this.isOpen(now)) return;
    this.refusedUntil = now + Math.min(AGAIN_AFTER_MS * 2 ** this.refusals, LONGEST_MS);
    this.refusals += 1;
  }

  /** Takes a failure that may pass. Those that were under way together count once: they say that one thing went wrong. */
  failed(askedAt: number, now: number): void {
    if (askedAt < this.failedAt) return;
    this.failedAt = now;
    this.failures += 1;
    if (this.failures >= FAILURES_IN_A_ROW) this.refuse(now);
  }

  /** Takes an answer, whatever it says. */
  answered(): void {
    this.failures = 0;
  }

  prove(): void {
    this.refusedUntil = -Infinity;
    this.refusals = 0;
  }
}
