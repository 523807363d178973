/** What did not work is tried again after so long, in milliseconds; twice as long each time, up to the longest. */
const AGAIN_AFTER_MS = 1_200_000;
const LONGEST_MS = 86_400_000;

/** A call that the service may not offer. It is trusted until it disappoints, and then tried again, once at a time. */
export class Offer {
  private refusedUntil = -Infinity;
  private refusals = 0;

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

  prove(): void {
    this.refusedUntil = -Infinity;
    this.refusals = 0;
  }
}
