import { backoff } from '../internal/backoff';

/** How long a call that did not help stays blocked. */
const BLOCKED = { firstMs: 1_200_000, maxMs: 86_400_000 };

/**
 * Blocks a call that the service may not offer. A call that does not help (unimplemented, returns early, or lists no
 * relevant operation) is blocked for 20 minutes, and for twice as long after each further failure, up to a day. When it
 * is allowed again, its user probes it with one request at a time until a success closes the circuit.
 */
export class CircuitBreaker {
  private blockedUntil = -Infinity;
  private failures = 0;

  /** Whether the call may be used now. */
  allows(now: number): boolean {
    return now >= this.blockedUntil;
  }

  /** Whether the call has failed and not succeeded since. If it is allowed, one request at a time may probe it. */
  get needsProbe(): boolean {
    return this.failures > 0;
  }

  /** Blocks the call. A failure while the call is blocked is ignored: its request was sent before the block. */
  recordFailure(now: number): void {
    if (!this.allows(now)) return;
    this.failures += 1;
    this.blockedUntil = now + backoff(this.failures, BLOCKED);
  }

  /** Closes the circuit: the call is allowed, and the next failure blocks it for the shortest time. */
  recordSuccess(): void {
    this.blockedUntil = -Infinity;
    this.failures = 0;
  }
}
