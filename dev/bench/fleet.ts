import { noopMetricMeter } from '@temporalio/common';
import { temporalMetrics } from '../../src/telemetry/metrics';
import { SharedOperationPoller } from '../../src/polling/operation-poller';
import { RegionBudgets } from '../../src/polling/budget/region-budgets';
import { Timers } from '../../src/polling/time/timers';
import { VirtualClock } from '../../test/support/virtual-clock';
import type { VirtualService } from '../../test/support/virtual-vertex';
import { VirtualVertex } from '../../test/support/virtual-vertex';
import type { Benchmark, Figures } from './benchmark';
import { defaultSchedule } from './default-schedule';
import { measureWorker } from './fleet-worker';
import { mostInAMinute, percentile, rounded } from './figures';

const SIZES = [1_000, 3_000];
const MODELS = 50;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 180_000;

const WAYS: Readonly<Record<string, VirtualService>> = {
  waitAndList: { wait: 'honoured', list: 'with-nested' },
  listOnly: { list: 'with-nested' },
  getOnly: {},
};

/** Thousands of exports that one worker waits for at the same time. */
export const fleet: Benchmark = {
  summary: '1,000 and 3,000 exports in flight: requests, delay of detecting ends, memory and CPU of the worker',
  run: async (log) => {
    const onVirtualClock: Figures[] = [];
    for (const inFlight of SIZES) {
      for (const [way, service] of Object.entries(WAYS)) {
        const figures = { way, ...(await pollFleet(inFlight, service)) };
        log(JSON.stringify(figures));
        onVirtualClock.push(figures);
      }
    }
    return { onVirtualClock, worker: await measureWorker(SIZES[0] ?? 0, log) };
  },
};

/** The code that workers run, on a clock that does not wait: the GETs of 3,000 exports would take too long. */
async function pollFleet(inFlight: number, service: VirtualService): Promise<Figures> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const vertex = new VirtualVertex(clock, service);
  const metrics = temporalMetrics(() => Promise.resolve(noopMetricMeter));
  const poller = new SharedOperationPoller(vertex, new RegionBudgets(new Timers(clock), metrics));
  const lagsToCome = Array.from({ length: inFlight }, async (_, index) => {
    const share = (index * 0.618_033_988_75) % 1;
    const operation = vertex.start(String(index % MODELS), SHORTEST_MS + share * (LONGEST_MS - SHORTEST_MS));
    await poller.waitForEnd(operation.name, { ...defaultSchedule(), signal: new AbortController().signal });
    return clock.now() - operation.endsAt;
  });
  const lags = await clock.runUntil(Promise.all(lagsToCome));
  const times = vertex.requests.map(({ at }) => at);
  return {
    inFlight,
    requestsPerMinute: mostInAMinute(times),
    requestsPerExport: rounded(times.length / inFlight),
    lagP50: rounded(percentile(lags, 0.5) / 1_000),
    lagP95: rounded(percentile(lags, 0.95) / 1_000),
  };
}
