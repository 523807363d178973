import { GoogleApiError } from '../../google/api-error';
import type { BeforeSend } from '../../google/rest';
import type { Grant } from './grant';

/**
 * One request and its grants. The client calls `beforeSend` directly before it sends the request. The first call uses
 * the grants that are held. Each further call (after a refused token, or for a retry) acquires new ones.
 */
export class MeteredRequest {
  private grants: readonly Grant[] = [];
  private sends = 0;
  private checkFailed = false;
  private latestAt: number;

  /**
   * @param acquire waits for room in every budget that counts the request
   * @param check called after all grants, directly before the request is sent; if it throws, the request is not sent
   */
  constructor(
    private readonly acquire: () => Promise<readonly Grant[]>,
    private readonly now: () => number,
    private readonly check?: BeforeSend,
  ) {
    this.latestAt = now();
  }

  /** When the request was last sent. Before that, when this object was created. */
  get sentAt(): number {
    return this.latestAt;
  }

  /** Whether `check` prevented a send. */
  get isPrevented(): boolean {
    return this.checkFailed;
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
   * Uses or releases the remaining grants. If the service answered although the client never called `beforeSend`, the
   * request was sent and counts. Without an answer it was not sent.
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
