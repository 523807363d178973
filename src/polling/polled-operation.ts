import type { ExportOperation } from '../google/vertex';
import type { FailureLimits } from './poll-failures';
import { PollFailures } from './poll-failures';
import type { Clock } from './time/clock';
import type { Due } from './time/due-heap';
import type { Strategy } from '../telemetry/metrics';
import type { EndedOperation, WatchOptions } from './operation-poller';

/** What became of the watching: the operation's end, or what is thrown. */
export type Outcome = EndedOperation | { readonly error: unknown };

/** An operation ran on when the watching was to end. */
export class OperationStillRunning extends Error {
  override readonly name = 'OperationStillRunning';
}

/** One operation that somebody waits for. */
export class WatchedOperation implements Due {
  dueAt = 0;
  position = -1;
  polls = 0;
  /** Until then no LIST is expected to hold it. */
  unlistedUntil = -Infinity;
  /** When it is to be parked, by the clock that never goes back; `Infinity` for never. */
  readonly parkedFrom: number;
  private readonly addedAt: number;
  private readonly failing: PollFailures;
  private createdAt: number;
  private lookedAt: number;
  private over = false;

  constructor(
    readonly name: string,
    readonly options: WatchOptions,
    private readonly clock: Clock,
    limits: FailureLimits,
    private readonly end: (outcome: Outcome) => void,
  ) {
    this.addedAt = clock.now();
    this.createdAt = this.addedAt;
    this.lookedAt = this.addedAt;
    this.failing = new PollFailures(limits);
    // Converted once: a machine's clock that is set later does not move it.
    this.parkedFrom = this.addedAt + (options.parkAt ?? Infinity) - clock.wallNow();
  }

  /** Failed polls since the last good answer. */
  get failures(): number {
    return this.failing.count;
  }

  /** The Model that has the operation: the parent of a LIST. */
  get model(): string {
    return this.name.replace(/\/operations\/[^/]*$/, '');
  }

  isOver(): boolean {
    return this.over;
  }

  /** How long the operation has run, as far as is known, in milliseconds. */
  age(now: number): number {
    return Math.max(now - this.createdAt, now - this.addedAt);
  }

  sinceLook(now: number): number {
    return now - this.lookedAt;
  }

  /** Whether it is only to be looked at once more. */
  isParkedAt(now: number): boolean {
    return now >= this.parkedFrom;
  }

  /** Whether a list is expected to hold it, also while polls of it alone fail: a list's good answer counts. */
  isListed(now: number): boolean {
    return now >= this.unlistedUntil;
  }

  looking(strategy: Strategy): void {
    this.polls += 1;
    this.report(strategy);
  }

  /** Takes a good answer, which ends any failing; returns what is known of the end, where it was one. */
  saw(answer: ExportOperation): { readonly lagMs: number; readonly durationMs: number } | undefined {
    const now = this.clock.now();
    const wallNow = this.clock.wallNow();
    const { createTime = '', updateTime = '' } = answer.metadata.genericMetadata;
    const created = Date.parse(createTime);
    const ended = Date.parse(updateTime);
    if (!Number.isNaN(created)) this.createdAt = now - (wallNow - created);
    this.failing.reset();
    // Clocks differ: it can't have ended before it was last seen running.
    const lagMs = Math.min(Math.max(0, wallNow - (Number.isNaN(ended) ? wallNow : ended)), this.sinceLook(now));
    this.lookedAt = now;
    if (answer.done) this.settle({ operation: answer, polls: this.polls });
    else if (this.isParkedAt(now)) this.settle({ error: new OperationStillRunning() });
    return answer.done ? { lagMs, durationMs: ended - created } : undefined;
  }

  /** Takes a failed poll; returns the pause after it, in milliseconds, unless the failure ended the wait. */
  failed(error: unknown, strategy: Strategy): number | undefined {
    const now = this.clock.now();
    const after = this.failing.add(error, now, this.clock.wallNow());
    if ('error' in after) this.settle(after);
    // What is parked gives its slot back during an outage, too; whether a refusal lasts is found out before.
    else if (!this.failing.isRefused && this.isParkedAt(now)) this.settle({ error: new OperationStillRunning() });
    if (this.isOver() || 'error' in after) return undefined;
    this.report(strategy);
    return after.pauseMs;
  }

  settle(outcome: Outcome): void {
    if (this.over) return;
    this.over = true;
    this.end(outcome);
  }

  private report(strategy: Strategy): void {
    const { count: failures, last: lastFailure } = this.failing;
    this.options.onPoll?.({ polls: this.polls, failures, strategy, ...(lastFailure && { lastFailure }) });
  }
}
