import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { OperationStillRunning } from '../../../src/polling/types';
import { gapsOf, HOUR_MS, MINUTE_MS, mostInAMinute, scene, SCHEDULE } from '../../support/virtual-poller';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

suite('RegionPoller with one operation', () => {
  test('uses long polls if the service honours them', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured' });
    const lag = await clock.runUntil(poll('1', 10 * MINUTE_MS));
    assert.ok(lag <= 1_000, `${lag} ms`);
    assert.ok(vertex.requests.length <= 25, `${vertex.requests.length} requests`);
  });

  for (const wait of ['unimplemented', 'returns-early'] as const) {
    test(`polls at most 45 times in ten minutes if :wait is ${wait}`, async () => {
      const { clock, vertex, poll } = scene({ wait });
      const lag = await clock.runUntil(poll('1', 10 * MINUTE_MS));
      assert.ok(lag <= 15_000, `${lag} ms`);
      assert.ok(vertex.requests.length <= 45, `${vertex.requests.length} requests`);
      assert.ok(vertex.requests.filter(({ call }) => call === 'wait').length <= 2, ':wait is blocked');
    });
  }

  test('notices the end sooner, with fewer requests, after earlier exports of the same format', async () => {
    const { clock, vertex, poll } = scene();
    const durations = [600, 580, 620, 610, 590, 605, 595].map((seconds) => seconds * 1_000);
    const runs: { lag: number; requests: number }[] = [];
    for (const durationMs of durations) {
      const before = vertex.requests.length;
      const lag = await clock.runUntil(poll('1', durationMs, { formatId: 'tflite' }));
      runs.push({ lag, requests: vertex.requests.length - before });
    }
    const [first, last] = [runs[0], runs.at(-1)];
    assert.ok(first && last);
    assert.ok(last.requests < first.requests * 0.7, JSON.stringify(runs));
    assert.ok(last.lag <= 4_000, JSON.stringify(runs));
  });

  test('notices an unusually early or late end within the longest pauses', async () => {
    const { clock, poll } = scene();
    for (let run = 0; run < 6; run += 1) await clock.runUntil(poll('1', 10 * MINUTE_MS, { formatId: 'tflite' }));
    const early = await clock.runUntil(poll('1', 2 * MINUTE_MS, { formatId: 'tflite' }));
    assert.ok(early <= 4 * SCHEDULE.maxDelayMs * 1.1, `${early} ms`);
    const late = await clock.runUntil(poll('1', 30 * MINUTE_MS, { formatId: 'tflite' }));
    assert.ok(late <= SCHEDULE.maxDelayMs * 1.1, `${late} ms`);
  });

  test('polls an operation that is to be parked once, and leaves it running', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured' });
    const parkAt = clock.wallNow();
    const parked = poll('1', HOUR_MS, { parkAt });
    await assert.rejects(clock.runUntil(parked), OperationStillRunning);
    assert.deepEqual(
      vertex.requests.map(({ call }) => call),
      ['get'],
    );
    const ended = await clock.runUntil(poll('1', 0, { parkAt }));
    assert.ok(ended < 1_000);
  });

  test('parks an operation at its time, not a long pause later', async () => {
    const { clock, poll } = scene();
    const startedAt = clock.now();
    const slow = { initialDelayMs: HOUR_MS, maxDelayMs: HOUR_MS, parkAt: clock.wallNow() + 10 * MINUTE_MS };
    await assert.rejects(clock.runUntil(poll('1', 5 * HOUR_MS, slow)), OperationStillRunning);
    assert.ok(clock.now() - startedAt <= 10 * MINUTE_MS + 1_000);
  });

  test('leaves no timer after the end', async () => {
    const { clock, poll } = scene();
    await clock.runUntil(poll('1', MINUTE_MS));
    assert.equal(clock.pending, 0);
  });
});

suite('RegionPoller, at the start of a wait,', () => {
  const firstPollOf = async (options: { resumed?: boolean; parkAt?: number }): Promise<number | undefined> => {
    const { clock, vertex, poll } = scene();
    // A first operation shows that the service has no long polls.
    await clock.runUntil(poll('1', 0));
    const startedAt = clock.now();
    const before = vertex.requests.length;
    await clock.runUntil(poll('1', MINUTE_MS, options).catch(() => undefined));
    const first = vertex.requests[before];
    return first && first.at - startedAt;
  };

  test('polls after the initial delay', async () => {
    assert.equal(await firstPollOf({}), SCHEDULE.initialDelayMs);
  });

  test('polls at once if the operation may be old, or is to be parked already', async () => {
    assert.deepEqual([await firstPollOf({ resumed: true }), await firstPollOf({ parkAt: 0 })], [0, 0]);
  });

  test('does not block long polls because a first one returns early with the end', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured' });
    for (let run = 0; run < 3; run += 1) await clock.runUntil(poll('1', 0));
    assert.ok(vertex.requests.every(({ call }) => call === 'wait'));
  });
});

suite('RegionPoller with a thousand operations', () => {
  const inFlight = 1_000;
  const durationOf = (index: number): number => 60_000 + ((index * 7_919) % 120_000);

  test('stays within the budget and notices ends within seconds if the location lists all operations', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured', list: 'with-nested' });
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index), durationOf(index)))),
    );
    assert.ok(percentile(lags, 0.95) <= 5_000, `p95 ${percentile(lags, 0.95)} ms`);
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
    assert.ok(vertex.requests.filter(({ call }) => call !== 'list').length < inFlight, 'most polls are by lists');
  });

  test('lists each Model if the location does not list all operations', async () => {
    const { clock, vertex, poll } = scene({ list: 'by-model' });
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index % 10), durationOf(index)))),
    );
    assert.ok(percentile(lags, 0.95) <= 15_000, `p95 ${percentile(lags, 0.95)} ms`);
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
  });

  test('polls all operations equally often if there are no lists', async () => {
    const { clock, vertex, poll } = scene();
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index), 15 * MINUTE_MS + durationOf(index)))),
    );
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
    const gaps = vertex.operations.flatMap(({ polls }) => gapsOf(polls));
    assert.ok(Math.max(...gaps) <= 2 * mean(gaps), `${Math.max(...gaps)} ms, on average ${mean(gaps)} ms`);
    const arithmetic = (inFlight / 300) * MINUTE_MS;
    assert.ok(percentile(lags, 0.95) <= 1.5 * arithmetic, `p95 ${percentile(lags, 0.95)} ms of ${arithmetic} ms`);
  });

  test('leaves no timer after the last end', async () => {
    const { clock, poll } = scene({ list: 'with-nested' });
    await clock.runUntil(Promise.all(numbers(inFlight).map((index) => poll(String(index), durationOf(index)))));
    await clock.runUntil(clock.sleep(HOUR_MS));
    assert.equal(clock.pending, 0);
  });
});

suite('RegionPoller after long polls were unimplemented', () => {
  const STARTED_AT = 5_000;
  const unimplemented = new GoogleApiError('no wait', 'UNIMPLEMENTED', 501, 'virtual');
  const withoutWaitFor =
    (ms: number) =>
    (call: string, _resource: string, at: number): Error | undefined =>
      call === 'wait' && at < STARTED_AT + ms ? unimplemented : undefined;

  test('probes one long poll after 20 minutes, and uses long polls for all operations if it is honoured', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured', failure: withoutWaitFor(10 * MINUTE_MS) });
    await clock.runUntil(Promise.all(numbers(3).map((model) => poll(String(model), HOUR_MS))));
    const waits = vertex.requests.filter(({ call }) => call === 'wait').map(({ at }) => at - STARTED_AT);
    assert.ok(
      waits.slice(0, 3).every((at) => at < 1_000),
      'at first, all are long-polled',
    );
    const [probe = NaN, next = NaN] = waits.slice(3);
    assert.ok(probe >= 20 * MINUTE_MS && probe <= 21 * MINUTE_MS, `probed after ${probe} ms`);
    assert.ok(next - probe >= 29_000, `the next long poll was sent ${next - probe} ms after the probe`);
    const late = vertex.requests.filter(({ at }) => at >= STARTED_AT + 30 * MINUTE_MS);
    assert.ok(late.length > 0 && late.every(({ call }) => call === 'wait'));
  });

  test('probes again after 40 minutes if the probe fails, too', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured', failure: withoutWaitFor(30 * MINUTE_MS) });
    await clock.runUntil(poll('1', 2 * HOUR_MS));
    const waits = vertex.requests.filter(({ call }) => call === 'wait').map(({ at }) => (at - STARTED_AT) / MINUTE_MS);
    const [first = NaN, second = NaN, third = NaN] = waits;
    assert.ok(second - first >= 20 && second - first <= 21, waits.slice(0, 3).join());
    assert.ok(third - second >= 40 && third - second <= 41, waits.slice(0, 3).join());
  });

  test('lists operations until the probe is honoured, and no longer', async () => {
    const { clock, vertex, poll } = scene({
      wait: 'honoured',
      list: 'with-nested',
      failure: withoutWaitFor(10 * MINUTE_MS),
    });
    // An operation that starts later is polled by name first, so that it can be the probe.
    const later = clock.sleep(25 * MINUTE_MS).then(() => poll('later', 30 * MINUTE_MS));
    await clock.runUntil(Promise.all([later, ...numbers(20).map((model) => poll(String(model), HOUR_MS))]));
    const probe = vertex.requests.find(({ call, at }) => call === 'wait' && at >= STARTED_AT + MINUTE_MS)?.at ?? NaN;
    const lists = vertex.requests.filter(({ call }) => call === 'list').map(({ at }) => at - probe);
    assert.ok(
      lists.some((ms) => ms >= 3_000 && ms <= 25_000),
      'lists continue during the probe',
    );
    assert.ok(
      lists.every((ms) => ms <= MINUTE_MS),
      'long polls replace lists after the probe',
    );
  });
});
