import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../../src/polling/time/clock';
import { Timers } from '../../../src/polling/time/timers';
import { OperationStillRunning } from '../../../src/polling/types';
import { VirtualClock } from '../../support/virtual-clock';
import { gapsOf, HOUR_MS, MINUTE_MS, mostInAMinute, scene, SCHEDULE } from '../../support/virtual-poller';

const LONGEST_PAUSE_MS = SCHEDULE.maxDelayMs * 1.2;
const MODEL = 'projects/demo-project/locations/us-central1/models/1';

suite('after the clock of the machine is set', () => {
  for (const [title, ms] of [
    ['back by an hour', -HOUR_MS],
    ['forward by an hour', HOUR_MS],
    ['back by a day', -24 * HOUR_MS],
  ] as const) {
    test(`${title}, an operation is polled as often as before, and its end is noticed as early`, async () => {
      const { clock, vertex, poll } = scene();
      const lag = poll('1', 30 * MINUTE_MS);
      clock.after(5 * MINUTE_MS, () => {
        clock.setWallClock(ms);
      });
      assert.ok((await clock.runUntil(lag)) <= LONGEST_PAUSE_MS);
      const longest = Math.max(...gapsOf(vertex.requests.map(({ at }) => at)));
      assert.ok(longest <= LONGEST_PAUSE_MS, `${longest} ms without a request`);
      assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 15, 'no burst follows');
    });

    test(`${title}, many operations are listed as often as before`, async () => {
      const { clock, vertex, poll } = scene({ list: 'with-nested' });
      const lags = Promise.all(Array.from({ length: 40 }, (_, model) => poll(String(model), 20 * MINUTE_MS)));
      clock.after(5 * MINUTE_MS, () => {
        clock.setWallClock(ms);
      });
      assert.ok(Math.max(...(await clock.runUntil(lags))) <= LONGEST_PAUSE_MS);
      assert.ok(Math.max(...gapsOf(vertex.requests.map(({ at }) => at))) <= LONGEST_PAUSE_MS);
    });

    test(`${title}, a long-polled operation is parked at the intended time`, async () => {
      const { clock, poll } = scene({ wait: 'honoured' });
      const startedAt = clock.now();
      const parked = poll('1', 5 * HOUR_MS, { parkAt: clock.wallNow() + 10 * MINUTE_MS });
      clock.after(5 * MINUTE_MS, () => {
        clock.setWallClock(ms);
      });
      await assert.rejects(clock.runUntil(parked), OperationStillRunning);
      const afterMs = clock.now() - startedAt;
      assert.ok(afterMs >= 10 * MINUTE_MS && afterMs <= 11 * MINUTE_MS, `parked after ${afterMs} ms`);
    });

    test(`${title}, the budget lets requests wait as long as before`, async () => {
      const { clock, budgets } = scene({}, { maxRequestsPerMinute: 2 });
      const sent: number[] = [];
      const all = Promise.all(
        Array.from({ length: 12 }, async () => {
          (await budgets.acquire(MODEL, 'calls')).use();
          sent.push(clock.now());
        }),
      );
      clock.after(2 * MINUTE_MS, () => {
        clock.setWallClock(ms);
      });
      await clock.runUntil(all);
      assert.ok(mostInAMinute(sent) <= 2);
      assert.ok(Math.max(...gapsOf(sent)) <= 62_000);
    });

    test(`${title}, timers call back when they are due`, async () => {
      const clock = new VirtualClock(Date.UTC(2026, 0, 1));
      const timers = new Timers(clock);
      const startedAt = clock.now();
      const beats: number[] = [];
      const beat = (): void => {
        beats.push(clock.now() - startedAt);
        if (beats.length < 5) timers.at(clock.now() + 10_000, beat);
      };
      timers.at(clock.now() + 10_000, beat);
      clock.after(15_000, () => {
        clock.setWallClock(ms);
      });
      await clock.runUntil(clock.sleep(MINUTE_MS));
      assert.deepEqual(beats, [10_000, 20_000, 30_000, 40_000, 50_000]);
    });
  }
});

test('the monotonic clock does not follow the time of day', (t) => {
  const before = systemClock.now();
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  assert.equal(systemClock.wallNow(), 0);
  t.mock.timers.setTime(HOUR_MS);
  assert.equal(systemClock.wallNow(), HOUR_MS);
  const passedMs = systemClock.now() - before;
  assert.ok(passedMs >= 0 && passedMs < HOUR_MS / 2, `${passedMs} ms`);
});
