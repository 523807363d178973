import { isUnimplemented } from '../google/api-error';
import type { ExportOperation, VertexApi } from '../google/vertex';
import { DueHeap } from './time/due-heap';
import type { Durations } from './durations';
import type { Strategy } from '../telemetry/metrics';
import { Offer } from './circuit-breaker';
import type { Grant } from './budget/grant';
import type { EndedOperation, WatchOptions, WatchSettings } from './operation-poller';
import { jittered, pauseAt } from './poll-schedule';
import type { RegionBudgets } from './budget/region-budgets';
import { Sweeps } from './list-scheduler';
import type { Timer } from './time/timers';
import type { Outcome } from './polled-operation';
import { WatchedOperation } from './polled-operation';

/** Long polls may spend so much of the budget, and there are never more than so many. */
const LONG_POLL_SHARE = 1 / 3;
const MAX_LONG_POLLS = 50;

type Settings = { readonly [Name in keyof WatchSettings]-?: NonNullable<WatchSettings[Name]> };

/** Watches every operation of one project and region that somebody in this process waits for. */
export class RegionWatch {
  private readonly all = new Set<WatchedOperation>();
  /** Those that no request is under way for. */
  private readonly due = new DueHeap<WatchedOperation>();
  private readonly wait = new Offer();
  private readonly sweeps: Sweeps;
  private readonly location: string;
  private longPolls = 0;
  private isLooking = false;
  private wake: Timer | undefined;

  /** @param place `projects/P/locations/L` */
  constructor(
    private readonly place: string,
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
    private readonly durations: Durations,
    private readonly settings: Settings,
  ) {
    this.location = place.split('/').at(-1) ?? '';
    this.sweeps = new Sweeps(place, vertex, budgets, {
      operations: this.all,
      pauseOf: (operation, now) => this.pauseOf(operation, now),
      saw: (operation, answer, nextAt) => {
        // The pause after a failed poll can be long, and what it waits for is over.
        const dueAt = operation.failures > 0 ? 0 : operation.dueAt;
        operation.looking('list');
        this.saw(operation, answer, 'list');
        if (operation.position >= 0) this.due.put(operation, this.soonest(operation, Math.max(dueAt, nextAt)));
      },
      turn: () => {
        this.turn();
      },
    });
  }

  async watch(name: string, options: WatchOptions): Promise<EndedOperation> {
    const { signal, resumed = false, initialDelayMs } = options;
    signal.throwIfAborted();
    const outcome = await new Promise<Outcome>((resolve) => {
      const { clock } = this.budgets.timers;
      const now = clock.now();
      const abort = (): void => {
        operation.settle({ error: signal.reason });
      };
      const operation = new WatchedOperation(name, options, clock, this.settings, (settled) => {
        signal.removeEventListener('abort', abort);
        this.all.delete(operation);
        this.due.remove(operation);
        this.changed();
        resolve(settled);
      });
      signal.addEventListener('abort', abort, { once: true });
      this.all.add(operation);
      const atOnce = resumed || operation.isParkedAt(now) || this.mayWait(operation, now);
      this.due.put(operation, this.soonest(operation, atOnce ? now : now + initialDelayMs));
      this.changed();
    });
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  private changed(): void {
    this.budgets.metrics.watching(this.location, this.all.size);
    if (this.all.size === 0) this.sweeps.stop();
    this.turn();
  }

  /** Does what is due, and sleeps until the next is. */
  private turn(): void {
    const now = this.now();
    this.budgets.timers.cancel(this.wake);
    this.wake = undefined;
    const nextSweepAt = this.sweeps.turn(now, !this.looksByWaiting(now));
    const dueAt = this.due.first?.dueAt ?? Infinity;
    if (dueAt <= now) void this.look();
    const nextAt = Math.min(dueAt <= now ? Infinity : dueAt, nextSweepAt);
    if (nextAt === Infinity) return;
    this.wake = this.budgets.timers.at(nextAt, () => {
      this.turn();
    });
  }

  /** Looks at everything that is due, what has waited longest first, as fast as the budget allows. */
  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.isDue()) {
      const grant = await this.budgets.acquire(this.place, 'polls');
      // Meanwhile another one may have waited longer, or nothing may be left to poll.
      const operation = this.takeDue();
      if (operation) void this.lookAt(operation, grant);
      else grant.release();
    }
    this.isLooking = false;
    this.turn();
  }

  private isDue(): boolean {
    return (this.due.first?.dueAt ?? Infinity) <= this.now();
  }

  private takeDue(): WatchedOperation | undefined {
    const { first } = this.due;
    if (first === undefined || first.dueAt > this.now()) return undefined;
    this.due.remove(first);
    return first;
  }

  private async lookAt(operation: WatchedOperation, grant: Grant): Promise<void> {
    const strategy = this.mayWait(operation, this.now()) ? 'wait' : 'get';
    operation.looking(strategy);
    try {
      const answer = await (strategy === 'wait' ? this.longPoll(operation, grant) : this.get(operation, grant));
      this.saw(operation, answer, strategy);
    } catch (error) {
      this.failed(operation, error, strategy);
    }
    this.turn();
  }

  private get({ name, options: { signal } }: WatchedOperation, grant: Grant): Promise<ExportOperation> {
    return this.budgets.send({ call: 'operations.get', resource: name, lane: 'polls', signal, grant }, (beforeSend) =>
      this.vertex.getOperation(name, signal, beforeSend),
    );
  }

  private async longPoll(operation: WatchedOperation, grant: Grant): Promise<ExportOperation> {
    const { name, parkedFrom, options } = operation;
    const { signal } = options;
    const askedAt = this.now();
    const holdMs = Math.min(this.settings.longPollMs, Math.max(1_000, parkedFrom - askedAt));
    this.longPolls += 1;
    try {
      const answer = await this.budgets.send(
        { call: 'operations.wait', resource: name, lane: 'polls', signal, grant },
        (beforeSend) => this.vertex.waitOperation(name, holdMs, signal, beforeSend),
      );
      // The API may come back at once; to ask again without a pause would be a loop.
      if (this.now() - askedAt >= holdMs / 2) this.wait.prove();
      else if (!answer.done) this.wait.refuse(this.now());
      return answer;
    } catch (error) {
      if (isUnimplemented(error)) this.wait.refuse(this.now());
      throw error;
    } finally {
      this.longPolls -= 1;
    }
  }

  private saw(operation: WatchedOperation, answer: ExportOperation, strategy: Strategy): void {
    if (operation.isOver()) return;
    const now = this.now();
    this.budgets.metrics.looked(strategy, this.location);
    const end = operation.saw(answer);
    if (end) {
      this.budgets.metrics.noticed(strategy, this.location, end.lagMs);
      const { formatId } = operation.options;
      if (formatId !== undefined && answer.error === undefined && end.durationMs > 0)
        this.durations.add(formatId, end.durationMs);
    }
    if (operation.isOver() || strategy === 'list') return;
    const held = strategy === 'wait' && this.wait.isOpen(now);
    const pause = held ? 0 : jittered(this.pauseOf(operation, now), this.settings.random);
    this.due.put(operation, this.soonest(operation, now + pause));
  }

  private failed(operation: WatchedOperation, error: unknown, strategy: Strategy): void {
    if (operation.isOver()) return;
    const now = this.now();
    // That there is no `:wait` says nothing of the operation.
    if (strategy === 'wait' && isUnimplemented(error)) {
      const pause = this.pauseOf(operation, now) - operation.sinceLook(now);
      this.due.put(operation, this.soonest(operation, now + Math.max(0, pause)));
      return;
    }
    const pause = operation.failed(error, strategy);
    if (pause !== undefined) this.due.put(operation, now + jittered(pause, this.settings.random));
  }

  /** What is to be parked is polled at that time, and not a long pause later. */
  private soonest({ parkedFrom }: WatchedOperation, at: number): number {
    return at <= parkedFrom ? at : Math.max(this.now(), parkedFrom);
  }

  private pauseOf(operation: WatchedOperation, now: number): number {
    return pauseAt(operation.age(now), operation.options, this.durations.expected(operation.options.formatId));
  }

  /** Whether so few are in flight, and `:wait` works so well, that nothing else is needed. */
  private looksByWaiting(now: number): boolean {
    return this.all.size <= this.maxLongPolls && this.wait.isOpen(now) && !this.wait.isDoubtful;
  }

  private mayWait(operation: WatchedOperation, now: number): boolean {
    if (operation.failures > 0 || operation.isParkedAt(now) || !this.wait.isOpen(now)) return false;
    if (this.wait.isDoubtful) return this.longPolls === 0;
    return this.all.size <= this.maxLongPolls;
  }

  private get maxLongPolls(): number {
    const { perMinute } = this.budgets.of(this.place).requests;
    const affordable = Math.floor((perMinute * LONG_POLL_SHARE * this.settings.longPollMs) / 60_000);
    return Math.min(MAX_LONG_POLLS, Math.max(1, affordable));
  }

  private now(): number {
    return this.budgets.timers.clock.now();
  }
}
