import { isPassing, isUnimplemented } from '../google/api-error';
import type { ExportOperation, OperationPage } from '../google/vertex';
import { backoff } from '../internal/backoff';
import { CircuitBreaker } from './circuit-breaker';
import { groupBy } from './group-by';

/** A list pays if each of its pages saves at least this many GETs. */
const MIN_SAVED_PER_PAGE = 2;
/** A list ends after this many pages in a row without an expected operation: the least and the most. */
const MIN_EMPTY_PAGES = 2;
const MAX_EMPTY_PAGES = 20;
/** A list ends after this many pages. The operations that are not found by then are polled by name. */
const MAX_PAGES = 500;
/** After this many lists in a row that did not pay, the parent is not listed for a while. */
const MAX_POOR_LISTS = 2;
/** Pauses after failed lists. */
const FAILURE_PAUSES = { firstMs: 3_000, maxMs: 60_000 };

/** What a list reads of an operation. */
export interface ListableOperation {
  readonly name: string;
  /** The Model of the operation. */
  readonly model: string;
  /** The pause before the next poll of the operation by name, in milliseconds. */
  pause(now: number): number;
  /** Whether lists are expected to return the operation. */
  isListed(now: number): boolean;
}

/** A page of a list, reduced to the operations that the list was expected to return. */
export interface ListPage<T> {
  readonly found: readonly { readonly operation: T; readonly answer: ExportOperation }[];
  /**
   * Expected operations that are on no page. Empty before the last page. Also empty if the list returned none of them:
   * that is more likely a fault of the list than of the operations.
   */
  readonly missing: readonly T[];
  /** The operations found need no poll by name before this time: the list after the next one is due then. */
  readonly coveredUntil: number;
}

/** Sends the request for one page. */
export type FetchPage = (pageToken: string) => Promise<OperationPage>;

/** The list of the operations below one parent, which is a Model or a location, and what is learned about it. */
export class OperationList<T extends ListableOperation> {
  /** Blocks the list while it does not help. */
  readonly breaker = new CircuitBreaker();
  private running = false;
  private members: readonly T[] = [];
  private intervalMs = 0;
  private pageCount = 1;
  private dueAt = -Infinity;
  private poorLists = 0;
  private failures = 0;

  /** @param now milliseconds of the monotonic clock */
  constructor(
    readonly parent: string,
    private readonly now: () => number,
  ) {}

  /** Whether pages are being read. */
  get isRunning(): boolean {
    return this.running;
  }

  /** When the next list is due. */
  get nextAt(): number {
    return this.dueAt;
  }

  /** The pages of the latest list; 1 before the first. */
  get pagesPerList(): number {
    return this.pageCount;
  }

  /** Whether a list that returns this many operations needs fewer requests than their GETs. */
  paysFor(operations: number): boolean {
    return operations >= this.pageCount * MIN_SAVED_PER_PAGE;
  }

  /** Sets the operations that the next lists are expected to return, and the interval of the lists. */
  plan(members: readonly T[], intervalMs = this.intervalMs): void {
    this.members = members;
    this.intervalMs = intervalMs;
  }

  /** Delays the next list at least until a time. */
  notBefore(at: number): void {
    this.dueAt = Math.max(this.dueAt, at);
  }

  /** Whether nothing is lost if this object is dropped and created again later. */
  isForgettable(): boolean {
    return !this.running && this.dueAt + FAILURE_PAUSES.maxMs < this.now() && this.breaker.allows(this.now());
  }

  /**
   * Reads pages until all members are found, or the rest of the list is unlikely to have them. A failed list ends
   * without an error: its members are still polled by name, and the list is tried again after a pause.
   *
   * @param signal an abort ends the list; it is not counted as a failure
   */
  async *pages(fetchPage: FetchPage, signal: AbortSignal): AsyncGenerator<ListPage<T>, void, undefined> {
    this.running = true;
    this.dueAt = this.now() + this.intervalMs;
    try {
      yield* this.read(fetchPage);
    } catch (error) {
      if (!signal.aborted) this.recordFailure(error);
    } finally {
      this.running = false;
    }
  }

  private async *read(fetchPage: FetchPage): AsyncGenerator<ListPage<T>, void, undefined> {
    const { intervalMs } = this;
    const wanted = groupBy(this.members, ({ name }) => name);
    const expected = wanted.size;
    const tokens = new Set<string>();
    let emptyPages = 0;
    for (let token = '', pages = 1; ; pages += 1) {
      const { operations, nextPageToken } = await fetchPage(token);
      const found = operations.flatMap((answer) => {
        const waiting = wanted.get(answer.name) ?? [];
        wanted.delete(answer.name);
        return waiting.map((operation) => ({ operation, answer }));
      });
      emptyPages = found.length === 0 ? emptyPages + 1 : 0;
      const isRepeated = tokens.has(nextPageToken);
      const isLast =
        nextPageToken === '' || wanted.size === 0 || emptyPages >= maxEmptyPages(wanted.size) || pages >= MAX_PAGES;
      const missing = isLast && !isRepeated && wanted.size < expected ? [...wanted.values()].flat() : [];
      yield { found, missing, coveredUntil: this.now() + 2 * intervalMs };
      if (isRepeated) throw new Error(`The list of the operations of ${this.parent} repeats a page token`);
      if (isLast) {
        this.recordList(pages, expected - wanted.size);
        return;
      }
      tokens.add(nextPageToken);
      token = nextPageToken;
    }
  }

  /** Learns from a whole list: whether it pays, and how many pages it has. */
  private recordList(pages: number, found: number): void {
    this.pageCount = pages;
    this.failures = 0;
    if (this.paysFor(found)) {
      this.poorLists = 0;
      this.breaker.recordSuccess();
      return;
    }
    this.poorLists += 1;
    if (this.poorLists < MAX_POOR_LISTS) return;
    this.poorLists = 0;
    this.pageCount = 1;
    this.breaker.recordFailure(this.now());
  }

  private recordFailure(error: unknown): void {
    if (isUnimplemented(error) || !isPassing(error)) this.breaker.recordFailure(this.now());
    this.failures += 1;
    this.dueAt = this.now() + backoff(this.failures, FAILURE_PAUSES);
  }
}

/**
 * How many pages in a row may lack all operations that are still wanted. These can be behind operations of other
 * workers or ended ones, and the list still pays; or they can be gone from the list.
 */
function maxEmptyPages(wanted: number): number {
  return Math.min(MAX_EMPTY_PAGES, Math.max(MIN_EMPTY_PAGES, wanted / MIN_SAVED_PER_PAGE));
}
