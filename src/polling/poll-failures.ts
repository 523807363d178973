import { cut } from '../internal/text';
import type { GoogleStatus } from '../google/api-error';
import { GoogleApiError, isPassing } from '../google/api-error';
import { redact } from '../internal/redact';

/** How long polls of one operation may fail. All times are on the clock that never goes back. */
export interface FailureLimits {
  /** Without a good answer for this long, the last passing error ends the wait, in milliseconds. */
  readonly outageMs: number;
  /** A 404 ends the wait when it lasts this long, in milliseconds. */
  readonly notFoundMs: number;
  /** Any other refusal (400, 403, 409, 412, …) ends the wait when it lasts this long, in milliseconds. */
  readonly refusedMs: number;
}

/** The failure of the latest poll. */
export interface PollFailure {
  /** At most 300 characters, without credentials. */
  readonly message: string;
  /** Google's name of the status, where Google answered: `UNAVAILABLE`. */
  readonly status?: GoogleStatus;
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
}

/** What follows a failed poll: the end of the wait with an error, or another poll after a pause in milliseconds. */
export type AfterFailure = { readonly error: unknown } | { readonly pauseMs: number };

/** A refusal ends the wait only when it was answered at least this many times in a row. */
const LEAST_REFUSALS = 4;
/** Pause after a failed poll without advice from the service, in milliseconds; doubles up to the longest. */
const FAILURE_DELAY_MS = 1_000;
const MAX_FAILURE_DELAY_MS = 60_000;
/** No advice of the service holds a poll back for longer, in milliseconds. */
const MAX_ADVISED_MS = 600_000;
const MAX_MESSAGE = 300;
/** More of a message is not searched for credentials. */
const MAX_SEARCHED = 4_096;

/**
 * The failed polls of one operation since the last good answer. A refusal is not believed at once: proxies answer 400
 * and 403, rights are granted late, and a 404 of an operation that runs has been seen. The operation runs on all the
 * while, so the wait ends only after the same refusal came several times over minutes.
 */
export class PollFailures {
  private failures = 0;
  private failingSince: number | undefined;
  private latest: PollFailure | undefined;
  private latestPassing: unknown;
  private refused = false;
  private refusal: { readonly kind: string; readonly since: number; count: number } | undefined;

  constructor(private readonly limits: FailureLimits) {}

  /** Failed polls since the last good answer. */
  get count(): number {
    return this.failures;
  }

  /** The latest failure; `undefined` after a good answer. */
  get last(): PollFailure | undefined {
    return this.latest;
  }

  /** Whether the latest answer is a refusal: it ends the wait when it lasts. */
  get isRefused(): boolean {
    return this.refused;
  }

  /** A good answer: everything that failed before it is forgotten. */
  reset(): void {
    this.failures = 0;
    this.failingSince = undefined;
    this.latest = undefined;
    this.latestPassing = undefined;
    this.refused = false;
    this.refusal = undefined;
  }

  /**
   * A failed poll.
   *
   * @param now milliseconds of the clock that never goes back
   * @param wallNow milliseconds since 1970
   */
  add(error: unknown, now: number, wallNow: number): AfterFailure {
    this.failures += 1;
    this.failingSince ??= now;
    this.latest = describe(error, wallNow);
    const failingMs = now - this.failingSince;
    this.refused = !isPassing(error);
    if (!this.refused) {
      this.latestPassing = error;
      return failingMs >= this.limits.outageMs ? { error } : this.pauseAfter(error);
    }
    if (this.isFinal(error, now)) return { error };
    // Refusals that change all the time are none of them final; an outage ends with the error that may pass.
    const isOutage = failingMs >= Math.max(this.limits.outageMs, this.limits.refusedMs);
    return isOutage ? { error: this.latestPassing ?? error } : this.pauseAfter(error);
  }

  private isFinal(error: unknown, now: number): boolean {
    const kind = error instanceof GoogleApiError ? error.status : 'UNKNOWN';
    if (this.refusal?.kind !== kind) this.refusal = { kind, since: now, count: 0 };
    this.refusal.count += 1;
    const lastsMs = kind === 'NOT_FOUND' ? this.limits.notFoundMs : this.limits.refusedMs;
    return this.refusal.count >= LEAST_REFUSALS && now - this.refusal.since >= lastsMs;
  }

  private pauseAfter(error: unknown): AfterFailure {
    const advisedMs = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
    const backoffMs = Math.min(FAILURE_DELAY_MS * 2 ** (this.failures - 1), MAX_FAILURE_DELAY_MS);
    return { pauseMs: Math.max(Math.min(advisedMs, MAX_ADVISED_MS), backoffMs) };
  }
}

function describe(error: unknown, wallNow: number): PollFailure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: cut(redact(cut(message, MAX_SEARCHED)), MAX_MESSAGE),
    ...(error instanceof GoogleApiError && { status: error.status }),
    at: new Date(wallNow).toISOString(),
  };
}
