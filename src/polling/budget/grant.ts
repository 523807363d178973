import type { Timer, Timers } from '../time/timers';

/** What a grant reports to the budget that gave it. */
export interface GrantOwner {
  /** The request is sent now. */
  use(grant: Grant): void;
  /** The request is not sent. */
  release(grant: Grant): void;
}

/**
 * Room for one request in a budget. It is occupied from the grant on; the request is counted at the moment of its use,
 * which is the moment of sending. Exactly one of `use` and `release` has an effect, and only once.
 */
export class Grant {
  private held = true;
  private expiry: Timer | undefined;

  /**
   * @param project whose request it is
   * @param grantedAt by the clock that never goes back, in milliseconds
   */
  constructor(
    private owner: GrantOwner,
    readonly project: string,
    readonly grantedAt: number,
    private readonly timers: Timers,
  ) {}

  /** Whether it was neither used nor released. */
  get isHeld(): boolean {
    return this.held;
  }

  /** Counts the request as sent now. */
  use(): void {
    if (this.close()) this.owner.use(this);
  }

  /** Gives the room back. */
  release(): void {
    if (this.close()) this.owner.release(this);
  }

  /** Releases itself after `ms` milliseconds, unless it was used or kept by then. */
  expireAfter(ms: number): this {
    this.expiry = this.timers.at(this.timers.clock.now() + ms, () => {
      this.release();
    });
    return this;
  }

  /** Cancels the expiry: from now on the caller uses or releases it. */
  keep(): this {
    this.timers.cancel(this.expiry);
    this.expiry = undefined;
    return this;
  }

  /** Another budget counts it from now on. */
  moveTo(owner: GrantOwner): void {
    this.owner = owner;
  }

  private close(): boolean {
    const wasHeld = this.held;
    this.held = false;
    this.keep();
    return wasHeld;
  }
}
