import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { RegionBudgets } from '../../../src/polling/budget/region-budgets';
import { SharedOperationPoller } from '../../../src/polling/operation-poller';
import { Timers } from '../../../src/polling/time/timers';
import { OperationStillRunning } from '../../../src/polling/types';
import { VirtualClock } from '../../support/virtual-clock';
import { gapsOf, HOUR_MS, MINUTE_MS, NO_METRICS, scene, SCHEDULE } from '../../support/virtual-poller';
import { VirtualVertex } from '../../support/virtual-vertex';

const LATENCY_MS = 100;
const HOLD_MS = 30_000;
const down = new GoogleApiError('down', 'UNAVAILABLE', 503, 'virtual');
const unimplemented = new GoogleApiError('no such call', 'UNIMPLEMENTED', 501, 'virtual');

suite('RegionPoller with long polls', () => {
  test('sends the next long poll when the service ends one, without a pause', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured' });
    await clock.runUntil(poll('1', 3 * MINUTE_MS));
    const gaps = gapsOf(vertex.requests.map(({ at }) => at));
    assert.deepEqual(new Set(gaps), new Set([HOLD_MS + LATENCY_MS]));
  });

  test('continues with them after one that failed, which is followed by a GET after a second', async () => {
    let failures = 0;
    const { clock, vertex, poll } = scene({
      wait: 'honoured',
      failure: (call) => (call === 'wait' && (failures += 1) === 1 ? down : undefined),
    });
    const reported: (number | string)[][] = [];
    await clock.runUntil(
      poll('1', 2 * MINUTE_MS, { onPoll: (progress) => reported.push([progress.strategy, progress.failures]) }),
    );
    assert.deepEqual(
      vertex.requests.slice(0, 3).map(({ call }) => call),
      ['wait', 'get', 'wait'],
    );
    // A request fails after half of the time that an answer takes.
    assert.equal(gapsOf(vertex.requests.map(({ at }) => at))[0], LATENCY_MS / 2 + 1_000);
    assert.deepEqual(reported.slice(0, 4), [
      ['wait', 0],
      ['wait', 1],
      ['get', 1],
      ['wait', 0],
    ]);
  });

  test('holds a long poll at most until the operation is to be parked', async () => {
    const { clock, poll } = scene({ wait: 'honoured' });
    const startedAt = clock.now();
    const parked = poll('1', HOUR_MS, { parkAt: clock.wallNow() + 10_000 });
    await assert.rejects(clock.runUntil(parked), OperationStillRunning);
    assert.equal(clock.now() - startedAt, 10_000 + LATENCY_MS);
  });

  test('blocks them if the service returns early, also after hours', async () => {
    const { clock, vertex, poll } = scene({ wait: 'returns-early' });
    await clock.runUntil(clock.sleep(5 * HOUR_MS));
    await clock.runUntil(poll('1', 10 * MINUTE_MS));
    assert.equal(vertex.requests.filter(({ call }) => call === 'wait').length, 1);
  });

  test('polls by GET, with pauses, while it has more operations than long polls are affordable', async () => {
    // A long poll each second is 60 requests a minute, and a third of 300 allows one of them.
    const { clock, vertex, poll } = scene({ wait: 'honoured' }, {}, { longPollMs: 1_000 });
    await clock.runUntil(Promise.all([poll('1', 2 * MINUTE_MS), poll('2', MINUTE_MS)]));
    const secondEndsAt = vertex.operations[1]?.endsAt ?? NaN;
    const calls = (isLater: boolean) =>
      new Set(
        vertex.requests.filter(({ at }) => at > secondEndsAt + MINUTE_MS / 2 === isLater).map(({ call }) => call),
      );
    assert.deepEqual([...calls(true)], ['wait']);
    for (const { polls } of vertex.operations) {
      const gaps = gapsOf(polls.filter((at) => at <= secondEndsAt));
      assert.ok(gaps.length >= 3 && Math.min(...gaps) >= SCHEDULE.initialDelayMs, gaps.join());
    }
  });

  test('probes with one of several operations that are due at the same time', async () => {
    let honouredFrom = Infinity;
    const { clock, vertex, poll } = scene({
      wait: 'honoured',
      failure: (call, _, at) => (call === 'wait' && at < honouredFrom ? unimplemented : undefined),
    });
    honouredFrom = clock.now() + MINUTE_MS;
    await clock.runUntil(Promise.all(['1', '2', '3'].map((model) => poll(model, HOUR_MS))));
    const waits = vertex.requests.filter(({ call, at }) => call === 'wait' && at > honouredFrom).map(({ at }) => at);
    const [probedAt = NaN] = waits;
    assert.equal(waits.filter((at) => at < probedAt + HOLD_MS).length, 1);
    assert.ok(waits.filter((at) => at >= probedAt + HOLD_MS).length >= 3);
  });
});

suite('RegionPoller after the end of a wait', () => {
  for (const [title, failure] of [
    ['an answer', undefined],
    ['a failure', () => down],
  ] as const) {
    test(`ignores ${title} of a request that was under way`, async () => {
      const { clock, vertex, poll } = scene(failure === undefined ? {} : { failure });
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error('shutdown');
      let reports = 0;
      const waiting = poll('1', HOUR_MS, { signal, resumed: true, onPoll: () => (reports += 1) });
      const ended = waiting.catch((error: unknown) => error);
      await clock.runUntil(clock.sleep(LATENCY_MS / 4));
      controller.abort(reason);
      assert.equal(await clock.runUntil(ended), reason);
      const before = [vertex.requests.length, reports];
      assert.deepEqual(before, [1, 1]);
      await clock.runUntil(clock.sleep(HOUR_MS));
      assert.deepEqual([vertex.requests.length, reports], before);
      assert.equal(clock.pending, 0);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });
  }

  test('does not listen to the signal of the wait any more', async () => {
    const { clock, poll } = scene();
    const { signal } = new AbortController();
    await clock.runUntil(poll('1', MINUTE_MS, { signal }));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('sends no further request after polls failed for too long', async () => {
    const { clock, vertex, poll } = scene({ failure: () => down });
    await assert.rejects(clock.runUntil(poll('1', HOUR_MS)), down);
    const { length } = vertex.requests;
    await clock.runUntil(clock.sleep(HOUR_MS));
    assert.deepEqual([vertex.requests.length, clock.pending], [length, 0]);
  });

  test('frees the budget that it waited for', async () => {
    const { clock, vertex, budgets, poll } = scene({}, { maxRequestsPerMinute: 1 });
    const region = 'projects/123/locations/us-central1';
    (await clock.runUntil(budgets.acquire(region, 'calls'))).use();
    const controller = new AbortController();
    const ended = poll('1', HOUR_MS, { signal: controller.signal, resumed: true }).catch((error: unknown) => error);
    await clock.runUntil(clock.sleep(1_000));
    controller.abort(new Error('shutdown'));
    await clock.runUntil(ended);
    await clock.runUntil(clock.sleep(2 * MINUTE_MS));
    const before = clock.now();
    await clock.runUntil(budgets.acquire(region, 'calls'));
    assert.deepEqual([clock.now() - before, vertex.requests.length], [0, 0]);
  });
});

suite('RegionPoller', () => {
  test('counts a GET that is refused as unimplemented as a failure of the operation', async () => {
    const { clock, poll } = scene({ failure: () => unimplemented });
    await assert.rejects(clock.runUntil(poll('1', HOUR_MS)), unimplemented);
  });

  test('records the calls, the polls and the number of operations with their region', async () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const recorded: unknown[][] = [];
    const metrics = {
      ...NO_METRICS,
      recordRequest: (call: string, location: string) => recorded.push(['request', call, location]),
      recordPoll: (strategy: string, location: string) => recorded.push(['poll', strategy, location]),
      recordEnd: (strategy: string, location: string) => recorded.push(['end', strategy, location]),
      recordOperations: (location: string, count: number) => recorded.push(['operations', count, location]),
    };
    const vertex = new VirtualVertex(clock);
    const poller = new SharedOperationPoller(vertex, new RegionBudgets(new Timers(clock), metrics), {
      random: () => 0.5,
    });
    const { name } = vertex.start('1', 1_000);
    const { signal } = new AbortController();
    const { polls } = await clock.runUntil(poller.waitForEnd(name, { ...SCHEDULE, signal }));
    const location = 'us-central1';
    assert.deepEqual(recorded, [
      ['operations', 1, location],
      ['request', 'operations.wait', location],
      ['request', 'operations.get', location],
      ['poll', 'get', location],
      ['end', 'get', location],
      ['operations', 0, location],
    ]);
    assert.equal(polls, 2);
  });
});
