import { GoogleApiError, isPassing } from '../google/api-error';
import type { ExportOperation } from '../google/vertex';
import type { Due } from './due-heap';
import type { Strategy } from './metrics';
import type { EndedOperation, WatchOptions } from './operation-watch';

/** A 404 of an operation has been seen to pass: it counts when it comes so often in a row. */
const NOT_FOUND_IN_A_ROW = 3;
/** Pause after a failed look without advice from the service, in milliseconds; doubles up to the longest. */
const FAILURE_DELAY_MS = 1_000;
const MAX_FAILURE_DELAY_MS = 60_000;

/** What became of the watching: the operation's end, or what is thrown. */
export type Outcome = EndedOperation | { readonly error: unknown };

/** An operation ran on when the watching was to end. */
export class OperationStillRunning extends Error {
  override readonly name = 'OperationStillRunning';
}

/** One operation that somebody waits for. */
export class WatchedOperation implements Due {
  dueAt = 0;
  position = -1;
  polls = 0;
  failures = 0;
  /** Until then no LIST is expected to hold it. */
  unlistedUntil = -Infinity;
  private createdAt: number;
  private lookedAt: number;
  private failingSince: number | undefined;
  private notFound = 0;
  private over = false;

  constructor(
    readonly name: string,
    readonly options: WatchOptions,
    private readonly addedAt: number,
    private readonly end: (outcome: Outcome) => void,
  ) {
    this.createdAt = addedAt;
    this.lookedAt = addedAt;
  }

  /** The Model that has the operation: the parent of a LIST. */
  get model(): string {
    return this.name.replace(/\/operations\/[^/]*$/, '');
  }

  isOver(): boolean {
    return this.over;
  }

  /** How long the operation has run, as far as is known, in milliseconds. */
  age(now: number): number {
    return Math.max(now - this.createdAt, now - this.addedAt);
  }

  sinceLook(now: number): number {
    return now - this.lookedAt;
  }

  /** Whether it is only to be looked at once more. */
  isParkedAt(now: number): boolean {
    return this.options.parkAt !== undefined && now >= this.options.parkAt;
  }

  /** Whether a list is expected to hold it; after a failed look it is asked after by name. */
  isListed(now: number): boolean {
    return this.failures === 0 && now >= this.unlistedUntil;
  }

  looking(strategy: Strategy): void {
    this.polls += 1;
    this.tell(strategy);
  }

  /** Takes a good answer; gives what is known of the end, where it was one. */
  saw(answer: ExportOperation, now: number): { readonly lagMs: number; readonly durationMs: number } | undefined {
    const { createTime = '', updateTime = '' } = answer.metadata.genericMetadata;
    const created = Date.parse(createTime);
    const ended = Date.parse(updateTime);
    if (!Number.isNaN(created)) this.createdAt = created;
    this.failures = 0;
    this.notFound = 0;
    this.failingSince = undefined;
    // Clocks differ: it can't have ended before it was last seen running.
    const lagMs = Math.min(Math.max(0, now - (Number.isNaN(ended) ? now : ended)), now - this.lookedAt);
    this.lookedAt = now;
    if (answer.done) this.settle({ operation: answer, polls: this.polls });
    else if (this.isParkedAt(now)) this.settle({ error: new OperationStillRunning() });
    return answer.done ? { lagMs, durationMs: ended - created } : undefined;
  }

  /** Takes a failed look; gives the pause after it, in milliseconds, where it may pass. */
  failed(error: unknown, strategy: Strategy, now: number, outageMs: number): number | undefined {
    const missing = error instanceof GoogleApiError && error.status === 'NOT_FOUND';
    this.notFound = missing ? this.notFound + 1 : 0;
    this.failingSince ??= now;
    this.failures += 1;
    const counts = missing ? this.notFound >= NOT_FOUND_IN_A_ROW : !isPassing(error);
    if (counts || now - this.failingSince >= outageMs) this.settle({ error });
    // What gives its slot back does so during an outage, too; a 404 is settled while it is there.
    else if (!missing && this.isParkedAt(now)) this.settle({ error: new OperationStillRunning() });
    if (this.isOver()) return undefined;
    this.tell(strategy);
    const advised = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
    return Math.max(advised, Math.min(FAILURE_DELAY_MS * 2 ** (this.failures - 1), MAX_FAILURE_DELAY_MS));
  }

  settle(outcome: Outcome): void {
    if (this.over) return;
    this.over = true;
    this.end(outcome);
  }

  private tell(strategy: Strategy): void {
    this.options.onPoll?.({ polls: this.polls, failures: this.failures, strategy });
  }
}
