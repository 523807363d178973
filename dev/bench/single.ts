import { temporalMetrics } from '../../src/telemetry/metrics';
import { SharedOperationPoller } from '../../src/polling/operation-poller';
import { RegionBudgets } from '../../src/polling/budget/region-budgets';
import { Timers } from '../../src/polling/time/timers';
import { noopMetricMeter } from '@temporalio/common';
import { VirtualClock } from '../../test/support/virtual-clock';
import type { VirtualService } from '../../test/support/virtual-vertex';
import { VirtualVertex } from '../../test/support/virtual-vertex';
import type { Benchmark, Figures } from './benchmark';
import { defaultSchedule } from './default-schedule';
import { rounded } from './figures';

/** Exports that are measured one after the other; their durations are spread evenly around ten minutes. */
const RUNS = 1_000;
const TEN_MINUTES_MS = 600_000;
const SPREAD = 0.1;
/** Earlier exports of the same format, from which the worker has learned the usual duration. */
const SEEN_BEFORE = 16;
/** No two start shortly after each other. */
const PAUSE_MS = 300_000;

/** One 10-minute export at a time, on a virtual clock, by the code that workers run. */
export const single: Benchmark = {
  summary: 'one 10-minute export on a virtual clock: calls, and delay of detecting its end, in seconds',
  run: async (log) => {
    const waitHonoured = await measure({ wait: 'honoured' });
    log(`where :wait is honoured: ${JSON.stringify(waitHonoured)}`);
    const getOnly = await measure({ wait: 'unimplemented' });
    log(`where it is not: ${JSON.stringify(getOnly)}`);
    const learned = await measure({ wait: 'unimplemented' }, SEEN_BEFORE);
    log(`where it is not, and the worker has seen ${SEEN_BEFORE} exports of the format: ${JSON.stringify(learned)}`);
    return { waitHonoured, getOnly, learned };
  },
};

async function measure(service: VirtualService, seenBefore = 0): Promise<Figures> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const vertex = new VirtualVertex(clock, service);
  const poller = new SharedOperationPoller(
    vertex,
    new RegionBudgets(
      new Timers(clock),
      temporalMetrics(() => Promise.resolve(noopMetricMeter)),
    ),
  );
  const { signal } = new AbortController();
  const format = seenBefore > 0 ? { formatId: 'tf-saved-model' } : {};
  const lags: number[] = [];
  let calls = 0;
  for (let run = -seenBefore; run < RUNS; run += 1) {
    // Two thirds of the golden ratio: neighbours differ, and all together lie evenly.
    const share = (run * 0.618_033_988_75) % 1;
    const operation = vertex.start('1', TEN_MINUTES_MS * (1 + SPREAD * (2 * Math.abs(share) - 1)));
    const before = vertex.requests.length;
    await clock.runUntil(poller.waitForEnd(operation.name, { ...defaultSchedule(), ...format, signal }));
    if (run >= 0) {
      lags.push(clock.now() - operation.endsAt);
      calls += vertex.requests.length - before;
    }
    await clock.runUntil(clock.sleep(PAUSE_MS));
  }
  return {
    calls: rounded(calls / RUNS),
    lagMean: rounded(lags.reduce((sum, lag) => sum + lag, 0) / RUNS / 1_000),
    lagMax: rounded(Math.max(...lags) / 1_000),
  };
}
