import type { WatchMetrics } from '../../src/telemetry/metrics';
import type { WatchOptions, WatchSettings } from '../../src/polling/operation-poller';
import { SharedOperationWatch } from '../../src/polling/operation-poller';
import type { BudgetLimits } from '../../src/polling/budget/region-budgets';
import { RegionBudgets } from '../../src/polling/budget/region-budgets';
import { Timers } from '../../src/polling/time/timers';
import { VirtualClock } from './virtual-clock';
import type { VirtualService } from './virtual-vertex';
import { VirtualVertex } from './virtual-vertex';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const SCHEDULE = { initialDelayMs: 5_000, multiplier: 2, maxDelayMs: 14_000 };

export const NO_METRICS: WatchMetrics = {
  called: () => undefined,
  looked: () => undefined,
  noticed: () => undefined,
  watching: () => undefined,
};

export interface Scene {
  readonly clock: VirtualClock;
  readonly vertex: VirtualVertex;
  readonly budgets: RegionBudgets;
  /** Starts an operation and waits for its end; resolves with how late that was noticed, in milliseconds. */
  readonly watched: (model: string, durationMs: number, options?: Partial<WatchOptions>) => Promise<number>;
}

/** The poller as workers have it, on a virtual clock and before a virtual service. */
export function scene(service: VirtualService = {}, limits: BudgetLimits = {}, settings: WatchSettings = {}): Scene {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const vertex = new VirtualVertex(clock, service);
  const budgets = new RegionBudgets(new Timers(clock), NO_METRICS, limits);
  const watch = new SharedOperationWatch(vertex, budgets, { random: () => 0.5, ...settings });
  return {
    clock,
    vertex,
    budgets,
    watched: async (model, durationMs, options) => {
      const operation = vertex.start(model, durationMs);
      const { signal } = new AbortController();
      await watch.untilDone(operation.name, { ...SCHEDULE, signal, ...options });
      return clock.now() - operation.endsAt;
    },
  };
}

/** The most events in any sliding minute; the times are in order. */
export function mostInAMinute(times: readonly number[]): number {
  let from = 0;
  return times.reduce((most, at, index) => {
    while ((times[from] ?? at) <= at - MINUTE_MS) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

export function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? at));
}
