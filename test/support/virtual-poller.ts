import type { PollerOptions } from '../../src/polling/operation-poller';
import { SharedOperationPoller } from '../../src/polling/operation-poller';
import type { PollMetrics, PollOptions } from '../../src/polling/types';
import type { BudgetLimits } from '../../src/polling/budget/region-budgets';
import { RegionBudgets } from '../../src/polling/budget/region-budgets';
import { Timers } from '../../src/polling/time/timers';
import { VirtualClock } from './virtual-clock';
import type { VirtualService } from './virtual-vertex';
import { VirtualVertex } from './virtual-vertex';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const SCHEDULE = { initialDelayMs: 5_000, multiplier: 2, maxDelayMs: 14_000 };

export const NO_METRICS: PollMetrics = {
  recordRequest: () => undefined,
  recordPoll: () => undefined,
  recordEnd: () => undefined,
  recordOperations: () => undefined,
};

/** A poller and its surroundings on virtual time. */
export interface Scene {
  readonly clock: VirtualClock;
  readonly vertex: VirtualVertex;
  readonly budgets: RegionBudgets;
  readonly poller: SharedOperationPoller;
  /**
   * Starts an operation and waits for its end. Resolves with the time from the end until it was noticed, in
   * milliseconds.
   */
  readonly poll: (model: string, durationMs: number, options?: Partial<PollOptions>) => Promise<number>;
}

/** The poller of a worker process, with a virtual clock and a virtual service. */
export function scene(service: VirtualService = {}, limits: BudgetLimits = {}, settings: PollerOptions = {}): Scene {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const vertex = new VirtualVertex(clock, service);
  const budgets = new RegionBudgets(new Timers(clock), NO_METRICS, limits);
  const poller = new SharedOperationPoller(vertex, budgets, { random: () => 0.5, ...settings });
  return {
    clock,
    vertex,
    budgets,
    poller,
    poll: async (model, durationMs, options) => {
      const operation = vertex.start(model, durationMs);
      const { signal } = new AbortController();
      await poller.waitForEnd(operation.name, { ...SCHEDULE, signal, ...options });
      return clock.now() - operation.endsAt;
    },
  };
}

/** The highest number of events in any sliding minute. The times are in order. */
export function mostInAMinute(times: readonly number[]): number {
  let from = 0;
  return times.reduce((most, at, index) => {
    while ((times[from] ?? at) <= at - MINUTE_MS) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

/** The differences between consecutive times. */
export function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? at));
}
