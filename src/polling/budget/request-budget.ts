import { GoogleApiError, isThrottled } from '../../google/api-error';
import type { GrantOwner } from './grant';
import { Grant } from './grant';
import { SentLog } from './sent-log';
import type { Timer, Timers } from '../time/timers';

/**
 * Who wants to send a request: an activity that starts an export which the quota has granted, an activity's other
 * calls, or the poller. A lane is a queue; the lanes alternate.
 */
export type Lane = 'starts' | 'calls' | 'polls';

/** In this order lanes are served; empty ones are passed over. A granted start occupies quota, so it goes more often. */
const ORDER: readonly Lane[] = ['starts', 'calls', 'starts', 'polls'];

const MINUTE_MS = 60_000;
/** A request counts one second longer than a minute: the way to the service takes one longer than the other. */
const WINDOW_MS = MINUTE_MS + 1_000;
/** This share of a minute's budget may be sent at once; the rest is spread evenly. */
const BURST_SHARE = 0.1;
/** Pause after a 429 without advice, in milliseconds; doubles with each further one, up to the longest. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/**
 * No advice of the service holds the whole region back for longer, in milliseconds. Google's quotas are counted by the
 * minute, so two minutes are enough for any of them; a longer advice comes from a broken or hostile answer to one
 * request, and must not stop the others.
 */
const LONGEST_ADVICE_MS = 120_000;
/** A 429 means that others spend of the same quota: this share of the rate is kept; it grows back in ten minutes. */
const KEPT_SHARE = 0.7;
const LEAST_SHARE = 0.1;
const GROWTH_PER_MS = 0.1 / MINUTE_MS;

/** A wish to send one request. */
export interface Wish {
  readonly lane: Lane;
  /** Whose request it is; needed where several projects share a budget. */
  readonly project?: string;
  /** Ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly project: string;
  /** Where it waits; another budget may take it over. */
  queue: Set<Waiter>;
  readonly resolve: (grant: Grant | undefined) => void;
}

/** Limits the requests of one kind, of one project and region, to a number in any minute. */
export class RequestBudget implements GrantOwner {
  private readonly sent = new SentLog(WINDOW_MS);
  /** Granted and not yet sent: each occupies room as if it was sent now. */
  private readonly held = new Set<Grant>();
  private readonly lanes: Readonly<Record<Lane, Set<Waiter>>> = {
    starts: new Set(),
    calls: new Set(),
    polls: new Set(),
  };
  private cursor = 0;
  private grantedAt = -Infinity;
  private pausedUntil = -Infinity;
  private refusals = 0;
  private refusedAt = -Infinity;
  /** The share of the rate that was kept at `shareAt`. */
  private share = 1;
  private shareAt = 0;
  private wake: Timer | undefined;

  constructor(
    private readonly timers: Timers,
    readonly maxPerMinute: number,
  ) {}

  /** Requests a minute that may be sent at present: fewer than the most after a 429. */
  get perMinute(): number {
    return Math.max(1, Math.floor(this.maxPerMinute * this.shareNow()));
  }

  /** Resolves when a request may be sent. The caller uses or releases the grant. */
  async acquire({ lane, project = '', signal }: Wish): Promise<Grant> {
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
    // Between the grant and here the caller may have stopped waiting, too.
    if (signal?.aborted) grant?.release();
    signal?.throwIfAborted();
    if (grant === undefined) throw new Error('A request waited for its budget and got no grant: report this as a bug.');
    return grant;
  }

  /** Called by a grant. */
  use(grant: Grant): void {
    if (!this.held.delete(grant)) return;
    this.sent.add(this.timers.clock.now());
    this.serve();
  }

  /** Called by a grant. What is not sent leaves no pause behind, either. */
  release(grant: Grant): void {
    if (!this.held.delete(grant)) return;
    if (grant.grantedAt === this.grantedAt) {
      this.grantedAt = [...this.held].reduce((latest, other) => Math.max(latest, other.grantedAt), this.sent.latest);
    }
    this.serve();
  }

  /** Learns from an answer: a 429 slows down every request that follows. */
  answered(sentAt: number, error?: unknown): void {
    if (error === undefined) this.refusals = 0;
    else if (error instanceof GoogleApiError && isThrottled(error)) this.slowDown(sentAt, error.retryDelayMs);
  }

  /** Takes over what another budget has counted and learned: the requests of both are of one project. */
  learnFrom(other: RequestBudget): void {
    this.share = Math.min(this.shareNow(), other.shareNow());
    this.shareAt = this.timers.clock.now();
    this.sent.merge(other.sent);
    this.grantedAt = Math.max(this.grantedAt, other.grantedAt);
    this.pausedUntil = Math.max(this.pausedUntil, other.pausedUntil);
    this.refusals = Math.max(this.refusals, other.refusals);
    this.refusedAt = Math.max(this.refusedAt, other.refusedAt);
  }

  /** Takes over the waiters and the grants of some projects. */
  takeOver(from: RequestBudget, isMoved: (project: string) => boolean): void {
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

  /** One request's 429 counts for all that follow; those that were under way together count once. */
  private slowDown(sentAt: number, advisedMs = 0): void {
    const now = this.timers.clock.now();
    if (sentAt >= this.refusedAt) {
      this.share = Math.max(LEAST_SHARE, (this.perMinute / this.maxPerMinute) * KEPT_SHARE);
      this.shareAt = now;
      this.refusedAt = now;
      this.refusals += 1;
    }
    const pause = Math.min(PAUSE_MS * 2 ** (this.refusals - 1), LONGEST_PAUSE_MS);
    const advised = Math.min(advisedMs, LONGEST_ADVICE_MS);
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.max(advised, pause));
    this.serve();
  }

  private serve(): void {
    this.timers.cancel(this.wake);
    this.wake = undefined;
    for (let next = this.nextWaiter(); next !== undefined; next = this.nextWaiter()) {
      const now = this.timers.clock.now();
      const at = this.freeAt(now);
      if (at > now) {
        // Without an end of the waiting, a grant that is used or released continues it.
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

  /** The first waiter of the lane that is served next, and where the order continues after it. */
  private nextWaiter(): { readonly lane: Lane; readonly waiter: Waiter; readonly cursor: number } | undefined {
    for (let step = 0; step < ORDER.length; step += 1) {
      const index = (this.cursor + step) % ORDER.length;
      const lane = ORDER[index];
      const [waiter] = lane === undefined ? [] : this.lanes[lane];
      if (lane !== undefined && waiter !== undefined) return { lane, waiter, cursor: index + 1 };
    }
    return undefined;
  }

  /** When the next request may be granted; `Infinity` while grants that are held occupy all room. */
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
