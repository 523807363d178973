import { GoogleApiError, isThrottled } from '../../google/api-error';
import { backoff } from '../../internal/backoff';
import type { GrantOwner } from './grant';
import { Grant } from './grant';
import { SentLog } from './sent-log';
import type { Timer, Timers } from '../time/timers';

/**
 * The queue of a request: `starts` for an activity that holds a granted start, `calls` for other calls of activities,
 * `polls` for the poller. The lanes alternate.
 */
export type Lane = 'starts' | 'calls' | 'polls';

/** The order in which lanes are served. Empty ones are skipped. A granted start holds quota, so starts come twice. */
const ORDER: readonly Lane[] = ['starts', 'calls', 'starts', 'polls'];

const MINUTE_MS = 60_000;
/** A request counts for one second more than a minute, since requests take different times to reach the service. */
const WINDOW_MS = MINUTE_MS + 1_000;
/** This share of a minute's budget may be sent at once. The rest is spread evenly. */
const BURST_SHARE = 0.1;
/** Pauses after a 429 for which the service advises no pause. */
const PAUSES = { firstMs: 1_000, maxMs: 60_000 };
/**
 * The longest pause that the service may ask for, in milliseconds. Google counts quotas by the minute, so two minutes
 * are enough. A longer pause comes from a broken or hostile answer to one request, and must not stop all others.
 */
const MAX_ADVISED_MS = 120_000;
/** After a 429, the rate is reduced to this share, since other processes use the same quota. */
const KEPT_SHARE = 0.7;
/** The rate is never reduced below this share. */
const MIN_SHARE = 0.1;
/** The share that the rate regains per millisecond: it grows from nothing to the full rate in ten minutes. */
const GROWTH_PER_MS = 0.1 / MINUTE_MS;

/** Who waits for a grant. */
export interface Acquisition {
  readonly lane: Lane;
  /** The project that the request belongs to. Needed if several projects share a budget. */
  readonly project?: string;
  /** An abort ends the wait and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly project: string;
  /** The queue that holds the waiter. It changes if another budget takes the waiter. */
  queue: Set<Waiter>;
  readonly resolve: (grant: Grant | undefined) => void;
}

/** Limits the requests of one kind in one project and region to a number in any sliding minute. */
export class RequestBudget implements GrantOwner {
  private readonly sent = new SentLog(WINDOW_MS);
  /** Grants that are not yet used. Each occupies room as if its request was sent now. */
  private readonly held = new Set<Grant>();
  private readonly lanes: Readonly<Record<Lane, Set<Waiter>>> = {
    starts: new Set(),
    calls: new Set(),
    polls: new Set(),
  };
  private cursor = 0;
  private grantedAt = -Infinity;
  private pausedUntil = -Infinity;
  /** 429s in a row. */
  private throttles = 0;
  private throttledAt = -Infinity;
  /** The share of the rate at the time `shareAt`. */
  private share = 1;
  private shareAt = 0;
  private wake: Timer | undefined;

  constructor(
    private readonly timers: Timers,
    readonly maxPerMinute: number,
  ) {}

  /** Requests per minute that are allowed at present. After a 429, fewer than `maxPerMinute`. */
  get perMinute(): number {
    return Math.max(1, Math.floor(this.maxPerMinute * this.shareNow()));
  }

  /** Waits until a request may be sent. The caller has to use or release the grant. */
  async acquire({ lane, project = '', signal }: Acquisition): Promise<Grant> {
    signal?.throwIfAborted();
    let stopListening = (): void => undefined;
    const grant = await new Promise<Grant | undefined>((resolve) => {
      const waiter: Waiter = { project, queue: this.lanes[lane], resolve };
      const abort = (): void => {
        waiter.queue.delete(waiter);
        resolve(undefined);
      };
      signal?.addEventListener('abort', abort, { once: true });
      stopListening = () => signal?.removeEventListener('abort', abort);
      waiter.queue.add(waiter);
      this.serve();
    });
    stopListening();
    // The caller may have aborted after the grant, too.
    if (signal?.aborted) grant?.release();
    signal?.throwIfAborted();
    if (grant === undefined) throw new Error('A request stopped waiting without a grant. Report this as a bug.');
    return grant;
  }

  /** Counts the request of a grant as sent. Called by the grant. */
  use(grant: Grant): void {
    if (!this.held.delete(grant)) return;
    this.sent.add(this.timers.clock.now());
    this.serve();
  }

  /** Frees the room of a grant. Called by the grant. The next grant need not keep a distance to this one. */
  release(grant: Grant): void {
    if (!this.held.delete(grant)) return;
    if (grant.grantedAt === this.grantedAt) {
      this.grantedAt = [...this.held].reduce((latest, other) => Math.max(latest, other.grantedAt), this.sent.latest);
    }
    this.serve();
  }

  /** Records an answer, or the error of a request. A 429 slows down all requests that follow. */
  recordAnswer(sentAt: number, error?: unknown): void {
    if (error === undefined) this.throttles = 0;
    else if (error instanceof GoogleApiError && isThrottled(error)) this.slowDown(sentAt, error.retryDelayMs);
  }

  /** Adds the requests and pauses of another budget, since both may belong to one project. */
  mergeUsage(other: RequestBudget): void {
    this.share = Math.min(this.shareNow(), other.shareNow());
    this.shareAt = this.timers.clock.now();
    this.sent.merge(other.sent);
    this.grantedAt = Math.max(this.grantedAt, other.grantedAt);
    this.pausedUntil = Math.max(this.pausedUntil, other.pausedUntil);
    this.throttles = Math.max(this.throttles, other.throttles);
    this.throttledAt = Math.max(this.throttledAt, other.throttledAt);
  }

  /** Takes the waiters and the unused grants of some projects from another budget. */
  takeWaiters(from: RequestBudget, isMoved: (project: string) => boolean): void {
    for (const lane of ['starts', 'calls', 'polls'] as const) {
      for (const waiter of from.lanes[lane]) {
        if (!isMoved(waiter.project)) continue;
        from.lanes[lane].delete(waiter);
        waiter.queue = this.lanes[lane];
        waiter.queue.add(waiter);
      }
    }
    for (const grant of from.held) {
      if (!isMoved(grant.project)) continue;
      from.held.delete(grant);
      this.held.add(grant);
      grant.moveTo(this);
    }
    from.serve();
    this.serve();
  }

  private shareNow(): number {
    return Math.min(1, this.share + (this.timers.clock.now() - this.shareAt) * GROWTH_PER_MS);
  }

  /** Reduces the rate. Several 429s for requests that were sent before the first 429 count as one. */
  private slowDown(sentAt: number, advisedMs = 0): void {
    const now = this.timers.clock.now();
    if (sentAt >= this.throttledAt) {
      this.share = Math.max(MIN_SHARE, (this.perMinute / this.maxPerMinute) * KEPT_SHARE);
      this.shareAt = now;
      this.throttledAt = now;
      this.throttles += 1;
    }
    const pauseMs = Math.max(Math.min(advisedMs, MAX_ADVISED_MS), backoff(this.throttles, PAUSES));
    this.pausedUntil = Math.max(this.pausedUntil, now + pauseMs);
    this.serve();
  }

  private serve(): void {
    this.timers.cancel(this.wake);
    this.wake = undefined;
    for (let next = this.nextWaiter(); next !== undefined; next = this.nextWaiter()) {
      const now = this.timers.clock.now();
      const at = this.freeAt(now);
      if (at > now) {
        // At Infinity no timer is needed: this method runs again when a grant is used or released.
        if (at < Infinity)
          this.wake = this.timers.at(at, () => {
            this.serve();
          });
        return;
      }
      this.lanes[next.lane].delete(next.waiter);
      this.cursor = next.cursor;
      this.grantedAt = now;
      const grant = new Grant(this, next.waiter.project, now, this.timers);
      this.held.add(grant);
      next.waiter.resolve(grant);
    }
  }

  /** The waiter to serve next, and the position in {@link ORDER} after it. */
  private nextWaiter(): { readonly lane: Lane; readonly waiter: Waiter; readonly cursor: number } | undefined {
    for (let step = 0; step < ORDER.length; step += 1) {
      const index = (this.cursor + step) % ORDER.length;
      const lane = ORDER[index];
      const [waiter] = lane === undefined ? [] : this.lanes[lane];
      if (lane !== undefined && waiter !== undefined) return { lane, waiter, cursor: index + 1 };
    }
    return undefined;
  }

  /** When the next request may be granted. `Infinity` while unused grants occupy all room. */
  private freeAt(now: number): number {
    const { perMinute } = this;
    const sent = this.sent.count(now);
    const room = perMinute - this.held.size;
    if (room <= 0) return Infinity;
    const isBurst = sent + this.held.size < perMinute * BURST_SHARE;
    const spaced = isBurst ? now : this.grantedAt + MINUTE_MS / perMinute;
    return Math.max(now, this.pausedUntil, spaced, sent < room ? now : this.sent.leavesAt(room));
  }
}
