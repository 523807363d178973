import { GoogleApiError } from '../../google/api-error';
import type { BeforeSend } from '../../google/rest';
import type { Grant } from './grant';

/**
 * One request and its grants. The client that sends it calls `beforeSend` directly before each time it is sent: the
 * first time uses the grants that are held, and each further one (after a refused token, or a retry) needs its own.
 */
export class MeteredRequest {
  private grants: readonly Grant[] = [];
  private sends = 0;
  private checkFailed = false;
  private latestAt: number;

  /**
   * @param acquire waits for room in every budget that the request counts in
   * @param check called when everything is granted, directly before the request is sent; what it throws ends the request
   */
  constructor(
    private readonly acquire: () => Promise<readonly Grant[]>,
    private readonly now: () => number,
    private readonly check?: BeforeSend,
  ) {
    this.latestAt = now();
  }

  /** When it was sent last; before that, when it was made. */
  get sentAt(): number {
    return this.latestAt;
  }

  /** Whether the check let it through each time. */
  get passed(): boolean {
    return !this.checkFailed;
  }

  /** Waits for the first grants. */
  async prepare(): Promise<void> {
    this.grants = await this.acquire();
    this.latestAt = this.now();
  }

  readonly beforeSend = async (): Promise<void> => {
    if (!this.holdsAll()) {
      this.release();
      this.grants = await this.acquire();
    }
    try {
      await this.check?.();
    } catch (error) {
      this.checkFailed = true;
      this.release();
      throw error;
    }
    this.spend();
  };

  /**
   * Ends it. A client that never called `beforeSend` and has an answer of the service sent the request all the same;
   * without an answer the request was not sent.
   */
  finish(error?: unknown): void {
    const isAnswered = error === undefined || error instanceof GoogleApiError;
    if (this.sends === 0 && isAnswered) this.spend();
    else this.release();
  }

  private holdsAll(): boolean {
    return this.grants.length > 0 && this.grants.every(({ isHeld }) => isHeld);
  }

  private spend(): void {
    for (const grant of this.grants) grant.use();
    this.sends += 1;
    this.latestAt = this.now();
  }

  private release(): void {
    for (const grant of this.grants) grant.release();
  }
}
