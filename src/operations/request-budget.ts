import { GoogleApiError } from '../google/api-error';
import type { Timer, Timers } from './timers';

/** Who wants to send a request: an activity's own call, or the watcher's look at operations. They take turns. */
export type Lane = 'calls' | 'looks';

/** A budget is counted in parts of so long, in milliseconds, over the last minute. */
const BUCKET_MS = 1_000;
const BUCKETS = 60;
const MINUTE_MS = BUCKET_MS * BUCKETS;
/** So much of a minute's budget may be spent at once; the rest is spread evenly. */
const BURST_SHARE = 0.1;
/** Pause after a 429 without advice, in milliseconds; doubles with each further one, up to the longest. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A 429 means that others spend of the same quota: so much of the rate is kept, and it grows back in ten minutes. */
const KEPT_SHARE = 0.7;
const LEAST_SHARE = 0.1;
const GROWTH_PER_MS = 0.1 / MINUTE_MS;

interface Waiter {
  readonly go: () => void;
}

/** Holds the requests of one kind, of one project and region, to so many in any minute. */
export class RequestBudget {
  /** Requests by second; the second that each is of. */
  private readonly counts = new Array<number>(BUCKETS + 1).fill(0);
  private bucket = 0;
  private lastAt = -Infinity;
  private pausedUntil = -Infinity;
  private refusals = 0;
  private slowedAt = -Infinity;
  private share = 1;
  private readonly lanes: Readonly<Record<Lane, Set<Waiter>>> = { calls: new Set(), looks: new Set() };
  private turn: Lane = 'calls';
  private wake: Timer | undefined;

  constructor(
    private readonly timers: Timers,
    readonly maxPerMinute: number,
  ) {}

  /** Requests a minute that may be sent at present: fewer than the most after a 429. */
  get perMinute(): number {
    const grown = Math.min(1, this.share + (this.timers.clock.now() - this.slowedAt) * GROWTH_PER_MS);
    return Math.max(1, Math.floor(this.maxPerMinute * grown));
  }

  /** Resolves when a request may be sent; an abort ends the waiting with the signal's reason. */
  async take(lane: Lane, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const abort = (): void => {
        this.lanes[lane].delete(waiter);
        resolve();
      };
      const waiter: Waiter = {
        go: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.lanes[lane].add(waiter);
      this.serve();
    });
    signal?.throwIfAborted();
  }

  /** Sends a request that was granted now, and learns from its answer. */
  async send<T>(request: () => Promise<T>): Promise<T> {
    const sentAt = this.timers.clock.now();
    try {
      const answer = await request();
      this.refusals = 0;
      return answer;
    } catch (error) {
      if (error instanceof GoogleApiError && error.httpStatus === 429) this.slowDown(sentAt, error.retryDelayMs);
      throw error;
    }
  }

  /** One request's 429 counts for all that come; those that were under way together count once. */
  private slowDown(sentAt: number, advisedMs = 0): void {
    const now = this.timers.clock.now();
    if (sentAt >= this.slowedAt) {
      this.share = Math.max(LEAST_SHARE, (this.perMinute / this.maxPerMinute) * KEPT_SHARE);
      this.slowedAt = now;
      this.refusals += 1;
    }
    const pause = Math.min(PAUSE_MS * 2 ** (this.refusals - 1), LONGEST_PAUSE_MS);
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.max(advisedMs, pause));
    this.serve();
  }

  private serve(): void {
    this.timers.cancel(this.wake);
    this.wake = undefined;
    for (let lane = this.nextLane(); lane !== undefined; lane = this.nextLane()) {
      const now = this.timers.clock.now();
      const at = this.freeAt(now);
      if (at > now) {
        this.wake = this.timers.at(at, () => {
          this.serve();
        });
        return;
      }
      const [waiter] = this.lanes[lane];
      if (waiter === undefined) return;
      this.lanes[lane].delete(waiter);
      this.turn = lane === 'calls' ? 'looks' : 'calls';
      this.count(now);
      waiter.go();
    }
  }

  private nextLane(): Lane | undefined {
    const lanes: readonly Lane[] = this.turn === 'calls' ? ['calls', 'looks'] : ['looks', 'calls'];
    return lanes.find((lane) => this.lanes[lane].size > 0);
  }

  /** When the next request may be sent. */
  private freeAt(now: number): number {
    this.forget(now);
    const { perMinute } = this;
    const spent = this.counts.reduce((sum, count) => sum + count, 0);
    const spaced = spent < perMinute * BURST_SHARE ? now : this.lastAt + MINUTE_MS / perMinute;
    return Math.max(now, this.pausedUntil, spaced, spent < perMinute ? now : this.leavesAt(spent - perMinute));
  }

  /** When so many requests and one more have left the last minute. */
  private leavesAt(excess: number): number {
    let left = 0;
    for (let bucket = this.bucket - BUCKETS; bucket <= this.bucket; bucket += 1) {
      left += this.counts[modulo(bucket)] ?? 0;
      if (left > excess) return (bucket + BUCKETS + 1) * BUCKET_MS;
    }
    return (this.bucket + 1) * BUCKET_MS;
  }

  private count(now: number): void {
    this.lastAt = now;
    const index = modulo(this.bucket);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }

  private forget(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket <= this.bucket) return;
    const passed = Math.min(bucket - this.bucket, BUCKETS + 1);
    for (let back = 0; back < passed; back += 1) this.counts[modulo(bucket - back)] = 0;
    this.bucket = bucket;
  }
}

function modulo(bucket: number): number {
  const length = BUCKETS + 1;
  return ((bucket % length) + length) % length;
}
