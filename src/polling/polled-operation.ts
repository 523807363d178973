import { defined } from '../internal/defined';
import type { ExportOperation } from '../google/vertex';
import type { Durations } from './durations';
import type { ListableOperation } from './operation-list';
import type { FailureLimits } from './poll-failures';
import { PollFailures } from './poll-failures';
import { pauseAt } from './poll-schedule';
import type { Clock } from './time/clock';
import type { Due } from './time/due-heap';
import type { Outcome, PollOptions, Strategy } from './types';

/**
 * No request for the operation alone is under way, and its latest poll did not fail. It is polled by name when it is
 * due. Every operation starts in this state.
 */
interface Scheduled {
  readonly kind: 'scheduled';
}

/** A GET or a long poll for the operation alone is under way. A list may return the operation meanwhile. */
interface Polling {
  readonly kind: 'polling';
  readonly strategy: 'get' | 'wait';
}

/**
 * The latest poll failed, and no request for the operation alone is under way. When it is due, it is polled by a GET,
 * never by a long poll. The pause grows with each failure. A list that returns the operation ends this state, too.
 */
interface BackingOff {
  readonly kind: 'backing-off';
  readonly pauseMs: number;
}

/** The wait is over. This state is final: answers that arrive later are ignored. */
interface Ended {
  readonly kind: 'ended';
  readonly outcome: Outcome;
}

/** The state of a polled operation. */
export type PollState = Scheduled | Polling | BackingOff | Ended;

/** What a successful poll learned about the end of an operation. */
export interface NoticedEnd {
  /** At most this long after the end it was noticed, in milliseconds. */
  readonly lagMs: number;
  /** How long the operation ran, in milliseconds, by the times of the service. `NaN` if it gave none. */
  readonly durationMs: number;
}

/**
 * One operation that an activity waits for. Only its region poller calls the methods that change it; the due heap of
 * that poller writes `dueAt` and `position`.
 */
export class PolledOperation implements Due, ListableOperation {
  dueAt = 0;
  position = -1;
  /** When the wait is to be parked, in milliseconds of the monotonic clock. `Infinity` for never. */
  readonly parkedFrom: number;
  /** Resolves when the wait is over. */
  readonly outcome: Promise<Outcome>;
  private current: PollState = { kind: 'scheduled' };
  private resolve: (outcome: Outcome) => void = () => undefined;
  private polls = 0;
  private readonly addedAt: number;
  private readonly failures: PollFailures;
  private createdAt: number;
  /** When a poll last found the operation, or when it was added. */
  private polledAt: number;
  private unlistedUntil = -Infinity;

  constructor(
    readonly name: string,
    readonly options: PollOptions,
    private readonly clock: Clock,
    private readonly durations: Durations,
    limits: FailureLimits,
  ) {
    this.outcome = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.addedAt = clock.now();
    this.createdAt = this.addedAt;
    this.polledAt = this.addedAt;
    this.failures = new PollFailures(limits);
    // Converted once, so that a later change of the machine's clock does not move it.
    this.parkedFrom = this.addedAt + (options.parkAt ?? Infinity) - clock.wallNow();
  }

  get state(): PollState {
    return this.current;
  }

  /** Whether the wait is over. */
  hasEnded(): boolean {
    return this.current.kind === 'ended';
  }

  /** The Model of the operation, which is the parent of the shortest list that may have it. */
  get model(): string {
    return this.name.replace(/\/operations\/[^/]*$/, '');
  }

  /** The scheduled pause before the next poll by name, in milliseconds, without jitter. */
  pause(now: number): number {
    // Until the first answer, the age of the wait is all that is known.
    const ageMs = Math.max(now - this.createdAt, now - this.addedAt);
    return pauseAt(ageMs, this.options, this.durations.expectedEnd(this.options.formatId));
  }

  /** Milliseconds since a poll last found the operation. */
  sincePoll(now: number): number {
    return now - this.polledAt;
  }

  /** Whether the next poll that finds the operation running parks the wait. */
  isParkedAt(now: number): boolean {
    return now >= this.parkedFrom;
  }

  /** Whether lists are expected to return the operation. True also while polls of the operation alone fail. */
  isListed(now: number): boolean {
    return now >= this.unlistedUntil;
  }

  /** Records that a list lacks the operation. Lists are expected to return it again from `time` on. */
  expectInListsFrom(time: number): void {
    this.unlistedUntil = time;
  }

  /** Records that a GET or long poll for the operation is sent. */
  beginPoll(strategy: 'get' | 'wait'): void {
    this.current = { kind: 'polling', strategy };
    this.countPoll(strategy);
  }

  /** Applies the answer to the request under way. Returns what is known of the end, if the operation has ended. */
  applyAnswer(answer: ExportOperation): NoticedEnd | undefined {
    this.current = { kind: 'scheduled' };
    return this.apply(answer);
  }

  /** Applies the operation as a list returned it. A request under way for the operation alone continues. */
  applyListed(answer: ExportOperation): NoticedEnd | undefined {
    this.countPoll('list');
    if (this.current.kind === 'backing-off') this.current = { kind: 'scheduled' };
    return this.apply(answer);
  }

  /** Schedules the operation again. The request under way gave no information about it. */
  cancelPoll(): void {
    this.current = { kind: 'scheduled' };
  }

  /** Applies the failure of the request under way. Returns the next state. */
  applyFailure(error: unknown, strategy: 'get' | 'wait'): BackingOff | Ended {
    const now = this.clock.now();
    const after = this.failures.add(error, now, this.clock.wallNow());
    if ('error' in after) return this.end({ kind: 'failed', error: after.error });
    // An outage does not keep a wait from being parked. A refusal does, until it is known whether it lasts.
    if (!this.failures.isRefused && this.isParkedAt(now)) return this.end({ kind: 'parked' });
    const backingOff: BackingOff = { kind: 'backing-off', pauseMs: after.pauseMs };
    this.current = backingOff;
    this.report(strategy);
    return backingOff;
  }

  /** Ends the wait. */
  end(outcome: Outcome): Ended {
    const ended: Ended = { kind: 'ended', outcome };
    this.current = ended;
    this.resolve(outcome);
    return ended;
  }

  private apply(answer: ExportOperation): NoticedEnd | undefined {
    const now = this.clock.now();
    const wallNow = this.clock.wallNow();
    const { createTime = '', updateTime = '' } = answer.metadata.genericMetadata;
    const created = Date.parse(createTime);
    const ended = Date.parse(updateTime);
    if (!Number.isNaN(created)) this.createdAt = now - (wallNow - created);
    this.failures.reset();
    // Clocks differ. The operation can't have ended before the poll that last found it running.
    const lagMs = Math.min(Math.max(0, wallNow - (Number.isNaN(ended) ? wallNow : ended)), this.sincePoll(now));
    this.polledAt = now;
    if (answer.done) this.end({ kind: 'done', ended: { operation: answer, polls: this.polls } });
    else if (this.isParkedAt(now)) this.end({ kind: 'parked' });
    return answer.done ? { lagMs, durationMs: ended - created } : undefined;
  }

  private countPoll(strategy: Strategy): void {
    this.polls += 1;
    this.report(strategy);
  }

  private report(strategy: Strategy): void {
    const { count: failures, last: lastFailure } = this.failures;
    this.options.onPoll?.({ polls: this.polls, failures, strategy, ...defined({ lastFailure }) });
  }
}
