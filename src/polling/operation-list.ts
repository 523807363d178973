import { isUnimplemented, isPassing } from '../google/api-error';
import { Offer } from './circuit-breaker';
import type { WatchedOperation } from './polled-operation';

/** A list pays where each of its pages saves so many GETs. */
const LOOKS_PER_PAGE = 2;
/** Pages in a row without a wanted operation after which the rest is not looked for: at least, and at most. */
const LEAST_EMPTY_PAGES = 2;
const MOST_EMPTY_PAGES = 20;
/** A list that did not pay so often in a row is left alone. */
const POOR_IN_A_ROW = 2;
/** Pause after a failed list, in milliseconds; doubles up to the longest. */
const FAILURE_DELAY_MS = 3_000;
const MAX_FAILURE_DELAY_MS = 60_000;

/**
 * How many pages in a row may have none of so many operations that are still wanted. They can all be behind those of
 * other workers, or ended ones, and the list still pays; none may be there any more.
 */
export function patience(wanted: number): number {
  return Math.min(MOST_EMPTY_PAGES, Math.max(LEAST_EMPTY_PAGES, wanted / LOOKS_PER_PAGE));
}

/** The list of one parent's operations, a Model's or a location's, and what is known of it. */
export class Sweep {
  readonly offer = new Offer();
  members: readonly WatchedOperation[] = [];
  interval = 0;
  /** As many as the last list had. */
  pages = 1;
  nextAt = -Infinity;
  running = false;
  private poor = 0;
  private failures = 0;

  constructor(readonly parent: string) {}

  /** Whether a list of so many operations would be cheaper than their GETs. */
  pays(operations: number): boolean {
    return operations >= this.pages * LOOKS_PER_PAGE;
  }

  plan(members: readonly WatchedOperation[], interval: number): void {
    this.members = members;
    this.interval = interval;
  }

  begin(now: number): void {
    this.running = true;
    this.nextAt = now + this.interval;
  }

  /** Whether nothing would be lost if it was made anew. */
  isForgettable(now: number): boolean {
    return !this.running && this.nextAt + MAX_FAILURE_DELAY_MS < now && this.offer.isOpen(now);
  }

  ended(pages: number, seen: number, now: number): void {
    this.pages = pages;
    this.failures = 0;
    this.poor = this.pays(seen) ? 0 : this.poor + 1;
    if (this.poor < POOR_IN_A_ROW) return;
    this.poor = 0;
    this.pages = 1;
    this.offer.refuse(now);
  }

  failed(error: unknown, now: number): void {
    if (isUnimplemented(error) || !isPassing(error)) this.offer.refuse(now);
    this.failures += 1;
    this.nextAt = now + Math.min(FAILURE_DELAY_MS * 2 ** (this.failures - 1), MAX_FAILURE_DELAY_MS);
  }
}
