import { isUnimplemented } from '../google/api-error';
import type { ExportOperation, VertexApi } from '../google/vertex';
import type { Grant } from './budget/grant';
import type { RegionBudgets } from './budget/region-budgets';
import { CircuitBreaker } from './circuit-breaker';
import type { Durations } from './durations';
import { ListScheduler } from './list-scheduler';
import type { ListPage, OperationList } from './operation-list';
import { jittered } from './poll-schedule';
import type { FailureLimits } from './poll-failures';
import type { NoticedEnd } from './polled-operation';
import { PolledOperation } from './polled-operation';
import { DueHeap } from './time/due-heap';
import type { Timer } from './time/timers';
import type { EndedOperation, Outcome, PollOptions, Strategy } from './types';
import { OperationStillRunning } from './types';

/** Long polls may spend this share of the budget. */
const LONG_POLL_SHARE = 1 / 3;
/** The most long polls at the same time, whatever the budget is. */
const MAX_LONG_POLLS = 50;
/** The service is asked to hold a long poll for at least this long, in milliseconds. */
const MIN_HOLD_MS = 1_000;
/** An operation that is missing from a list is polled by name for this long, in milliseconds. */
const UNLISTED_MS = 120_000;

const NO_OPERATIONS: ReadonlySet<PolledOperation> = new Set();

/** Settings of a {@link RegionPoller}. */
export interface PollerSettings extends FailureLimits {
  /** How long the service is asked to hold a long poll (`:wait`), in milliseconds. */
  readonly longPollMs: number;
  /** Returns numbers from 0 to 1, which vary the pauses. */
  readonly random: () => number;
}

/**
 * Polls the operations of one project and region that this process waits for. It owns their state: it alone sends polls
 * by name, applies answers, pages of lists and failures to operations, and schedules the next poll.
 */
export class RegionPoller {
  private readonly operations = new Set<PolledOperation>();
  /** The operations without a request under way: those in the states `scheduled` and `backing-off`. */
  private readonly queue = new DueHeap<PolledOperation>();
  /** Blocks long polls while the service does not honour them. */
  private readonly longPolling = new CircuitBreaker();
  private readonly lists: ListScheduler<PolledOperation>;
  private readonly location: string;
  private longPolls = 0;
  private isPollingDue = false;
  private wakeUp: Timer | undefined;

  /** @param region `projects/P/locations/L` */
  constructor(
    private readonly region: string,
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
    private readonly durations: Durations,
    private readonly settings: PollerSettings,
  ) {
    this.location = region.split('/').at(-1) ?? '';
    this.lists = new ListScheduler(region, vertex, budgets);
  }

  /** See `OperationPoller.waitForEnd`. */
  async waitForEnd(name: string, options: PollOptions): Promise<EndedOperation> {
    const { signal } = options;
    signal.throwIfAborted();
    const operation = new PolledOperation(name, options, this.budgets.timers.clock, this.durations, this.settings);
    const abort = (): void => {
      this.finish(operation, { kind: 'aborted', reason: signal.reason });
    };
    signal.addEventListener('abort', abort, { once: true });
    this.add(operation);
    const outcome = await operation.outcome;
    signal.removeEventListener('abort', abort);
    switch (outcome.kind) {
      case 'done':
        return outcome.ended;
      case 'parked':
        throw new OperationStillRunning(name);
      case 'failed':
        throw outcome.error;
      case 'aborted':
        throw outcome.reason;
    }
  }

  private add(operation: PolledOperation): void {
    const now = this.now();
    const { resumed = false, initialDelayMs } = operation.options;
    this.operations.add(operation);
    const isDueNow = resumed || operation.isParkedAt(now) || this.mayLongPoll(operation, now);
    this.enqueue(operation, isDueNow ? now : now + initialDelayMs);
    this.operationsChanged();
  }

  private finish(operation: PolledOperation, outcome: Outcome): void {
    if (operation.hasEnded()) return;
    operation.end(outcome);
    this.remove(operation);
  }

  private remove(operation: PolledOperation): void {
    this.operations.delete(operation);
    this.queue.remove(operation);
    this.operationsChanged();
  }

  private operationsChanged(): void {
    this.budgets.metrics.recordOperations(this.location, this.operations.size);
    if (this.operations.size === 0) this.lists.stop();
    this.run();
  }

  /** Starts all polls and lists that are due, and sets a timer for the next one. */
  private run(): void {
    const now = this.now();
    this.budgets.timers.cancel(this.wakeUp);
    this.wakeUp = undefined;
    const { lists, nextAt } = this.lists.due(now, this.longPollsSuffice(now) ? NO_OPERATIONS : this.operations);
    for (const list of lists) void this.pollByList(list);
    const dueAt = this.queue.first?.dueAt ?? Infinity;
    if (dueAt <= now) void this.pollDue();
    const wakeAt = dueAt <= now ? nextAt : Math.min(dueAt, nextAt);
    if (wakeAt === Infinity) return;
    this.wakeUp = this.budgets.timers.at(wakeAt, () => {
      this.run();
    });
  }

  /** Polls all due operations by name, as fast as the budget allows. The operation that waits longest goes first. */
  private async pollDue(): Promise<void> {
    if (this.isPollingDue) return;
    this.isPollingDue = true;
    while (this.isDue(this.queue.first)) {
      const grant = await this.budgets.acquire(this.region, 'polls');
      // During the wait for the grant, the queue may have changed.
      const { first } = this.queue;
      if (this.isDue(first)) void this.poll(first, grant);
      else grant.release();
    }
    this.isPollingDue = false;
    this.run();
  }

  private isDue(operation: PolledOperation | undefined): operation is PolledOperation {
    return operation !== undefined && operation.dueAt <= this.now();
  }

  private async poll(operation: PolledOperation, grant: Grant): Promise<void> {
    const strategy = this.mayLongPoll(operation, this.now()) ? 'wait' : 'get';
    this.queue.remove(operation);
    operation.beginPoll(strategy);
    try {
      const answer = await (strategy === 'wait' ? this.longPoll(operation, grant) : this.get(operation, grant));
      this.applyAnswer(operation, answer, strategy);
    } catch (error) {
      this.applyFailure(operation, error, strategy);
    }
    this.run();
  }

  private get({ name, options: { signal } }: PolledOperation, grant: Grant): Promise<ExportOperation> {
    return this.budgets.send({ call: 'operations.get', resource: name, lane: 'polls', signal, grant }, (beforeSend) =>
      this.vertex.getOperation(name, signal, beforeSend),
    );
  }

  private async longPoll(operation: PolledOperation, grant: Grant): Promise<ExportOperation> {
    const { name, parkedFrom, options } = operation;
    const { signal } = options;
    const sentAt = this.now();
    const holdMs = Math.min(this.settings.longPollMs, Math.max(MIN_HOLD_MS, parkedFrom - sentAt));
    this.longPolls += 1;
    try {
      const answer = await this.budgets.send(
        { call: 'operations.wait', resource: name, lane: 'polls', signal, grant },
        (beforeSend) => this.vertex.waitOperation(name, holdMs, signal, beforeSend),
      );
      // The service may return early. The next long poll without a pause would make a busy loop.
      if (this.now() - sentAt >= holdMs / 2) this.longPolling.recordSuccess();
      else if (!answer.done) this.longPolling.recordFailure(this.now());
      return answer;
    } catch (error) {
      if (isUnimplemented(error)) this.longPolling.recordFailure(this.now());
      throw error;
    } finally {
      this.longPolls -= 1;
    }
  }

  private applyAnswer(operation: PolledOperation, answer: ExportOperation, strategy: 'get' | 'wait'): void {
    if (operation.hasEnded()) return;
    this.recordPoll(operation, strategy, answer, operation.applyAnswer(answer));
    if (operation.hasEnded()) {
      this.remove(operation);
      return;
    }
    const now = this.now();
    // A long poll that was held is itself a pause.
    const wasHeld = strategy === 'wait' && this.longPolling.allows(now);
    this.enqueue(operation, now + (wasHeld ? 0 : jittered(operation.pause(now), this.settings.random)));
  }

  private applyFailure(operation: PolledOperation, error: unknown, strategy: 'get' | 'wait'): void {
    if (operation.hasEnded()) return;
    const now = this.now();
    if (strategy === 'wait' && isUnimplemented(error)) {
      // The service has no long polls: this is not a failure of the operation.
      operation.cancelPoll();
      this.enqueue(operation, now + Math.max(0, operation.pause(now) - operation.sincePoll(now)));
      return;
    }
    const after = operation.applyFailure(error, strategy);
    if (after.kind === 'ended') this.remove(operation);
    else this.queue.put(operation, now + jittered(after.pauseMs, this.settings.random));
  }

  private async pollByList(list: OperationList<PolledOperation>): Promise<void> {
    for await (const page of this.lists.pages(list)) this.applyPage(page);
    this.run();
  }

  private applyPage({ found, missing, coveredUntil }: ListPage<PolledOperation>): void {
    for (const { operation, answer } of found) this.applyListed(operation, answer, coveredUntil);
    for (const operation of missing) operation.expectInListsFrom(this.now() + UNLISTED_MS);
  }

  private applyListed(operation: PolledOperation, answer: ExportOperation, coveredUntil: number): void {
    if (operation.hasEnded()) return;
    // The pause after a failed poll can be long. It ends here, since the failures are over.
    const dueAt = operation.state.kind === 'backing-off' ? 0 : operation.dueAt;
    this.recordPoll(operation, 'list', answer, operation.applyListed(answer));
    if (operation.hasEnded()) this.remove(operation);
    else if (operation.state.kind === 'scheduled') this.enqueue(operation, Math.max(dueAt, coveredUntil));
  }

  private recordPoll(
    { options: { formatId } }: PolledOperation,
    strategy: Strategy,
    { error }: ExportOperation,
    end: NoticedEnd | undefined,
  ): void {
    this.budgets.metrics.recordPoll(strategy, this.location);
    if (end === undefined) return;
    this.budgets.metrics.recordEnd(strategy, this.location, end.lagMs);
    if (formatId !== undefined && error === undefined && end.durationMs > 0)
      this.durations.add(formatId, end.durationMs);
  }

  /** Schedules the next poll of an operation. If the operation is to be parked before, it is polled at that time. */
  private enqueue(operation: PolledOperation, at: number): void {
    const { parkedFrom } = operation;
    this.queue.put(operation, at <= parkedFrom ? at : Math.max(this.now(), parkedFrom));
  }

  /** Whether long polls alone are enough: they work, and there are few operations. */
  private longPollsSuffice(now: number): boolean {
    const { longPolling } = this;
    return this.operations.size <= this.maxLongPolls && longPolling.allows(now) && !longPolling.needsProbe;
  }

  private mayLongPoll(operation: PolledOperation, now: number): boolean {
    if (operation.state.kind === 'backing-off' || operation.isParkedAt(now)) return false;
    if (!this.longPolling.allows(now)) return false;
    return this.longPolling.needsProbe ? this.longPolls === 0 : this.operations.size <= this.maxLongPolls;
  }

  private get maxLongPolls(): number {
    const { perMinute } = this.budgets.of(this.region).requests;
    const affordable = Math.floor((perMinute * LONG_POLL_SHARE * this.settings.longPollMs) / 60_000);
    return Math.min(MAX_LONG_POLLS, Math.max(1, affordable));
  }

  private now(): number {
    return this.budgets.timers.clock.now();
  }
}
