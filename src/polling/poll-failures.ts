import { cut } from '../internal/text';
import { advisedDelayMs, GoogleApiError, isPassing } from '../google/api-error';
import { backoff } from '../internal/backoff';
import { defined } from '../internal/defined';
import { redact } from '../internal/redact';
import type { PollFailure } from './types';

/** How long polls of one operation may fail before the wait fails. */
export interface FailureLimits {
  /** After this long without a successful poll, the wait fails with the latest transient error; in milliseconds. */
  readonly outageMs: number;
  /** After this long of 404, the wait fails; in milliseconds. */
  readonly notFoundMs: number;
  /** After this long of the same other refusal (400, 403, 409, 412, …), the wait fails; in milliseconds. */
  readonly refusedMs: number;
}

/** What follows a failed poll: the wait fails with `error`, or another poll follows after `pauseMs` milliseconds. */
export type AfterFailure = { readonly error: unknown } | { readonly pauseMs: number };

/** A refusal ends the wait only after at least this many equal answers in a row. */
const MIN_REFUSALS = 4;
/** Pauses after failed polls if the service advises none. */
const PAUSES = { firstMs: 1_000, maxMs: 60_000 };
/** The longest pause that the service may ask for, in milliseconds. */
const MAX_ADVISED_MS = 600_000;
/** The longest reported message, in characters. */
const MAX_MESSAGE = 300;
/** Only this much of a message is searched for credentials, and reported; in characters. */
const MAX_SEARCHED = 4_096;

/**
 * The failed polls of one operation since the last successful one. A refusal is not final at once: proxies answer 400
 * and 403, permissions are granted late, and the service can answer 404 for an operation that is running. The operation
 * continues to run meanwhile, so the wait fails only after several equal refusals over minutes.
 */
export class PollFailures {
  private failures = 0;
  private failingSince: number | undefined;
  private latest: PollFailure | undefined;
  private latestTransient: unknown;
  private refused = false;
  private refusal: { readonly kind: string; readonly since: number; count: number } | undefined;

  constructor(private readonly limits: FailureLimits) {}

  /** Failed polls since the last successful one. */
  get count(): number {
    return this.failures;
  }

  /** The latest failure; `undefined` after a successful poll. */
  get last(): PollFailure | undefined {
    return this.latest;
  }

  /** Whether the latest poll was refused, which is final if it lasts. */
  get isRefused(): boolean {
    return this.refused;
  }

  /** Forgets all failures. Called after a successful poll. */
  reset(): void {
    this.failures = 0;
    this.failingSince = undefined;
    this.latest = undefined;
    this.latestTransient = undefined;
    this.refused = false;
    this.refusal = undefined;
  }

  /**
   * Adds a failed poll. Returns what follows it.
   *
   * @param now milliseconds of the monotonic clock
   * @param wallNow milliseconds since 1970
   */
  add(error: unknown, now: number, wallNow: number): AfterFailure {
    this.failures += 1;
    this.failingSince ??= now;
    this.latest = describe(error, wallNow);
    const failingMs = now - this.failingSince;
    this.refused = !isPassing(error);
    if (!this.refused) {
      this.latestTransient = error;
      return failingMs >= this.limits.outageMs ? { error } : this.pauseAfter(error);
    }
    if (this.isFinal(error, now)) return { error };
    // If the refusals keep changing, none of them is final. An outage is reported as its latest transient error.
    const isOutage = failingMs >= Math.max(this.limits.outageMs, this.limits.refusedMs);
    return isOutage ? { error: this.latestTransient ?? error } : this.pauseAfter(error);
  }

  private isFinal(error: unknown, now: number): boolean {
    const kind = error instanceof GoogleApiError ? error.status : 'UNKNOWN';
    if (this.refusal?.kind !== kind) this.refusal = { kind, since: now, count: 0 };
    this.refusal.count += 1;
    const lastsMs = kind === 'NOT_FOUND' ? this.limits.notFoundMs : this.limits.refusedMs;
    return this.refusal.count >= MIN_REFUSALS && now - this.refusal.since >= lastsMs;
  }

  private pauseAfter(error: unknown): AfterFailure {
    return { pauseMs: Math.max(Math.min(advisedDelayMs(error), MAX_ADVISED_MS), backoff(this.failures, PAUSES)) };
  }
}

function describe(error: unknown, wallNow: number): PollFailure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: cut(redact(cut(message, MAX_SEARCHED)), MAX_MESSAGE),
    ...defined({ status: error instanceof GoogleApiError ? error.status : undefined }),
    at: new Date(wallNow).toISOString(),
  };
}
