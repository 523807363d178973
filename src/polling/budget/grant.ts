import type { Timer, Timers } from '../time/timers';

/** The budget that a grant belongs to. */
export interface GrantOwner {
  /** Called when the request is sent. */
  use(grant: Grant): void;
  /** Called when the request will not be sent. */
  release(grant: Grant): void;
}

/**
 * Room for one request in a budget. The room is occupied from the grant on. The request is counted when the grant is
 * used, which is when the request is sent. Only the first call of `use` or `release` has an effect.
 */
export class Grant {
  private held = true;
  private expiry: Timer | undefined;

  /**
   * @param project the project that the request belongs to
   * @param grantedAt in milliseconds of the monotonic clock
   */
  constructor(
    private owner: GrantOwner,
    readonly project: string,
    readonly grantedAt: number,
    private readonly timers: Timers,
  ) {}

  /** Whether the grant is neither used nor released. */
  get isHeld(): boolean {
    return this.held;
  }

  /** Counts the request as sent at this moment. */
  use(): void {
    if (this.close()) this.owner.use(this);
  }

  /** Frees the room without a request. */
  release(): void {
    if (this.close()) this.owner.release(this);
  }

  /** Releases the grant after `ms` milliseconds, unless it is used or kept before. */
  expireAfter(ms: number): this {
    this.expiry = this.timers.at(this.timers.clock.now() + ms, () => {
      this.release();
    });
    return this;
  }

  /** Cancels the expiry. The caller then has to use or release the grant. */
  keep(): this {
    this.timers.cancel(this.expiry);
    this.expiry = undefined;
    return this;
  }

  /** Moves the grant to another budget. */
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
