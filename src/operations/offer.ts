/** What did not work is tried again after so long, in milliseconds. */
const AGAIN_AFTER_MS = 600_000;

/** A call that the service may not offer. It is trusted until it disappoints, and then tried again, once at a time. */
export class Offer {
  private refusedAt = -Infinity;

  /** Whether it may be used now. */
  isOpen(now: number): boolean {
    return now - this.refusedAt >= AGAIN_AFTER_MS;
  }

  /** Whether it has disappointed, and has not yet proved itself since. */
  get isDoubtful(): boolean {
    return this.refusedAt > -Infinity;
  }

  refuse(now: number): void {
    this.refusedAt = now;
  }

  prove(): void {
    this.refusedAt = -Infinity;
  }
}
