import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { OperationStillRunning } from '../../../src/polling/types';
import { gapsOf, HOUR_MS, MINUTE_MS, mostInAMinute, scene, SCHEDULE } from '../../support/virtual-poller';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

suite('one operation', () => {
  test('is held by long polls where they are honoured', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured' });
    const lag = await clock.runUntil(poll('1', 10 * MINUTE_MS));
    assert.ok(lag <= 1_000, `${lag} ms`);
    assert.ok(vertex.requests.length <= 25, `${vertex.requests.length} requests`);
  });

  for (const wait of ['unimplemented', 'returns-early'] as const) {
    test(`is asked after at most 45 times in ten minutes where :wait ${wait}`, async () => {
      const { clock, vertex, poll } = scene({ wait });
      const lag = await clock.runUntil(poll('1', 10 * MINUTE_MS));
      assert.ok(lag <= 15_000, `${lag} ms`);
      assert.ok(vertex.requests.length <= 45, `${vertex.requests.length} requests`);
      assert.ok(vertex.requests.filter(({ call }) => call === 'wait').length <= 2, ':wait is left alone');
    });
  }

  test('is noticed sooner with fewer requests by a worker that has seen exports of its format', async () => {
    const { clock, vertex, poll } = scene();
    const durations = [600, 580, 620, 610, 590, 605, 595].map((seconds) => seconds * 1_000);
    const seen: { lag: number; requests: number }[] = [];
    for (const durationMs of durations) {
      const before = vertex.requests.length;
      const lag = await clock.runUntil(poll('1', durationMs, { formatId: 'tflite' }));
      seen.push({ lag, requests: vertex.requests.length - before });
    }
    const [first, last] = [seen[0], seen.at(-1)];
    assert.ok(first && last);
    assert.ok(last.requests < first.requests * 0.7, JSON.stringify(seen));
    assert.ok(last.lag <= 4_000, JSON.stringify(seen));
  });

  test('that ends sooner or later than all before is still noticed within the longest pauses', async () => {
    const { clock, poll } = scene();
    for (let seen = 0; seen < 6; seen += 1) await clock.runUntil(poll('1', 10 * MINUTE_MS, { formatId: 'tflite' }));
    const early = await clock.runUntil(poll('1', 2 * MINUTE_MS, { formatId: 'tflite' }));
    assert.ok(early <= 4 * SCHEDULE.maxDelayMs * 1.1, `${early} ms`);
    const late = await clock.runUntil(poll('1', 30 * MINUTE_MS, { formatId: 'tflite' }));
    assert.ok(late <= SCHEDULE.maxDelayMs * 1.1, `${late} ms`);
  });

  test('that is to be parked is looked at once and left running', async () => {
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

  test('is parked when its time comes, not a long pause later', async () => {
    const { clock, poll } = scene();
    const startedAt = clock.now();
    const slow = { initialDelayMs: HOUR_MS, maxDelayMs: HOUR_MS, parkAt: clock.wallNow() + 10 * MINUTE_MS };
    await assert.rejects(clock.runUntil(poll('1', 5 * HOUR_MS, slow)), OperationStillRunning);
    assert.ok(clock.now() - startedAt <= 10 * MINUTE_MS + 1_000);
  });

  test('leaves no timer behind', async () => {
    const { clock, poll } = scene();
    await clock.runUntil(poll('1', MINUTE_MS));
    assert.equal(clock.pending, 0);
  });
});

suite('a thousand operations', () => {
  const inFlight = 1_000;
  const durationOf = (index: number): number => 60_000 + ((index * 7_919) % 120_000);

  test('stay within the budget and are noticed within seconds where a location lists them', async () => {
    const { clock, vertex, poll } = scene({ wait: 'honoured', list: 'with-nested' });
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index), durationOf(index)))),
    );
    assert.ok(percentile(lags, 0.95) <= 5_000, `p95 ${percentile(lags, 0.95)} ms`);
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
    assert.ok(vertex.requests.filter(({ call }) => call !== 'list').length < inFlight, 'most looks are by lists');
  });

  test('are listed by Model where a location does not list them', async () => {
    const { clock, vertex, poll } = scene({ list: 'by-model' });
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index % 10), durationOf(index)))),
    );
    assert.ok(percentile(lags, 0.95) <= 15_000, `p95 ${percentile(lags, 0.95)} ms`);
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
  });

  test('are each looked at in turn where nothing is listed: none waits more than twice the average', async () => {
    const { clock, vertex, poll } = scene();
    const lags = await clock.runUntil(
      Promise.all(numbers(inFlight).map((index) => poll(String(index), 30 * MINUTE_MS + durationOf(index)))),
    );
    assert.ok(mostInAMinute(vertex.requests.map(({ at }) => at)) <= 300);
    const gaps = vertex.operations.flatMap(({ looks }) => gapsOf(looks));
    assert.ok(Math.max(...gaps) <= 2 * mean(gaps), `${Math.max(...gaps)} ms, on average ${mean(gaps)} ms`);
    const arithmetic = (inFlight / 300) * MINUTE_MS;
    assert.ok(percentile(lags, 0.95) <= 1.5 * arithmetic, `p95 ${percentile(lags, 0.95)} ms of ${arithmetic} ms`);
  });

  test('leave nothing behind', async () => {
    const { clock, poll } = scene({ list: 'with-nested' });
    await clock.runUntil(Promise.all(numbers(inFlight).map((index) => poll(String(index), durationOf(index)))));
    await clock.runUntil(clock.sleep(HOUR_MS));
    assert.equal(clock.pending, 0);
  });
});

suite('a list', () => {
  test('that never holds the operations is dropped, and they are fetched by name', async () => {
    const { clock, vertex, poll } = scene({ list: 'by-model' });
    await clock.runUntil(Promise.all(numbers(20).map((index) => poll(String(index), 9 * MINUTE_MS))));
    assert.equal(vertex.requests.filter(({ call }) => call === 'list').length, 2);
    for (const { looks, createdAt, endsAt } of vertex.operations) {
      const longest = Math.max(...gapsOf([createdAt, ...looks]));
      assert.ok(longest <= 16_000, `${longest} ms without a look`);
      assert.ok((looks.at(-1) ?? 0) >= endsAt);
    }
  });

  test('is not asked again where the service has none', async () => {
    const { clock, vertex, poll } = scene();
    await clock.runUntil(Promise.all(numbers(20).map((index) => poll(String(index), 9 * MINUTE_MS))));
    assert.equal(vertex.requests.filter(({ call }) => call === 'list').length, 1);
  });

  test('is read past the operations of others where enough is wanted behind them', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested' });
    const startedAt = clock.now();
    let models = 0;
    const nextModel = (): string => String((models += 1));
    const own = (count: number): Promise<number>[] => numbers(count).map(() => poll(nextModel(), 2 * MINUTE_MS));
    const old = own(200);
    for (let other = 0; other < 800; other += 1) vertex.start(nextModel(), HOUR_MS);
    const lags = await clock.runUntil(Promise.all([...old, ...own(40)]));
    assert.ok(Math.max(...lags) <= 5_000, `${Math.max(...lags)} ms`);
    // Before, the first list was under way.
    const later = vertex.requests.filter(({ at }) => at >= startedAt + MINUTE_MS / 4);
    assert.ok(later.length > 0 && later.every(({ call }) => call === 'list'));
  });

  test('lacks an operation that is behind thousands of newer ones: it is fetched by name', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested' });
    const old = poll('1', 20 * MINUTE_MS);
    for (let newer = 0; newer < 3_000; newer += 1) vertex.start('2', 0);
    const others = numbers(10).map((index) => poll(String(3 + index), 20 * MINUTE_MS));
    assert.ok((await clock.runUntil(old)) <= 16_000);
    for (const lag of await clock.runUntil(Promise.all(others))) assert.ok(lag <= 16_000);
    const requests = (call: string): number => vertex.requests.filter((request) => request.call === call).length;
    // One page every three seconds, and two more now and then to see whether the old one is listed after all.
    assert.ok(requests('list') <= 480, `${requests('list')} pages`);
    assert.ok(requests('get') <= 150, `${requests('get')} single requests: the other ten are still listed`);
  });
});

suite('the budget', () => {
  const refusal = (retryDelayMs?: number): GoogleApiError =>
    new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual', retryDelayMs);
  const MODEL = 'projects/demo-project/locations/us-central1/models/1';
  const GET = { call: 'models.get', resource: MODEL, lane: 'calls' } as const;

  test('holds every minute, whoever asks, and lets calls and polls alternate', async () => {
    const { clock, budgets } = scene();
    const { requests } = budgets.of(MODEL);
    const sent: { lane: string; at: number }[] = [];
    const take = async (lane: 'calls' | 'polls'): Promise<void> => {
      (await requests.acquire({ lane })).use();
      sent.push({ lane, at: clock.now() });
    };
    await clock.runUntil(Promise.all(numbers(1_000).flatMap(() => [take('calls'), take('polls')])));
    assert.ok(mostInAMinute(sent.map(({ at }) => at)) <= 300);
    const half = sent.slice(0, 1_000).filter(({ lane }) => lane === 'calls').length;
    assert.ok(Math.abs(half - 500) <= 1, `${half} of the first thousand`);
    // Seven minutes are enough for two thousand requests: the budget is spent, not only kept.
    assert.ok((sent.at(-1)?.at ?? 0) - (sent[0]?.at ?? 0) <= 7 * MINUTE_MS);
  });

  test('holds submissions apart', async () => {
    const { clock, budgets } = scene();
    const sent: number[] = [];
    const turns = numbers(150).map(async () => {
      (await budgets.acquireSubmission(MODEL)).use();
      sent.push(clock.now());
    });
    await clock.runUntil(Promise.all(turns));
    assert.ok(mostInAMinute(sent) <= 60);
  });

  test('is one for a project and its number, once they are known to be one', () => {
    const { budgets } = scene();
    const operation = 'projects/123/locations/us-central1/models/1/operations/1';
    budgets.relate(MODEL, operation);
    assert.equal(budgets.of(MODEL), budgets.of(operation));
    assert.notEqual(budgets.of(MODEL), budgets.of(operation.replace('123', '456')));
    assert.notEqual(budgets.of(MODEL), budgets.of(MODEL.replace('us-central1', 'europe-west4')));
  });

  for (const retryDelayMs of [undefined, 30_000]) {
    test(`slows all requests after one 429 ${retryDelayMs === undefined ? 'without advice' : 'with RetryInfo'}`, async () => {
      const { clock, budgets } = scene();
      const { requests } = budgets.of(MODEL);
      const before = requests.perMinute;
      const refused = budgets.send(GET, () => Promise.reject(refusal(retryDelayMs)));
      await assert.rejects(clock.runUntil(refused), /slow down/);
      const refusedAt = clock.now();
      const sent: number[] = [];
      const takes = numbers(10).map(async () => {
        (await requests.acquire({ lane: 'polls' })).use();
        sent.push(clock.now());
      });
      await clock.runUntil(Promise.all(takes));
      assert.ok(Math.min(...sent) >= refusedAt + (retryDelayMs ?? 1_000));
      assert.ok(requests.perMinute < before);
      await clock.runUntil(clock.sleep(10 * MINUTE_MS));
      assert.equal(requests.perMinute, before, 'it grows back');
    });
  }

  test('leaves other regions and submissions alone when requests are refused', async () => {
    const { clock, budgets } = scene();
    await assert.rejects(clock.runUntil(budgets.send(GET, () => Promise.reject(refusal(HOUR_MS)))), /slow down/);
    const refusedAt = clock.now();
    await clock.runUntil(budgets.acquireSubmission(MODEL));
    await clock.runUntil(budgets.acquire(MODEL.replace('us-central1', 'europe-west4'), 'calls'));
    assert.equal(clock.now(), refusedAt);
  });

  test('slows the starts of exports after one was refused, and nothing else', async () => {
    const { clock, budgets } = scene();
    const start = { call: 'models.export', resource: MODEL, lane: 'starts' } as const;
    const refused = budgets.send(start, () => Promise.reject(refusal(MINUTE_MS)));
    await assert.rejects(clock.runUntil(refused), /slow down/);
    const refusedAt = clock.now();
    await clock.runUntil(budgets.acquire(MODEL, 'calls'));
    assert.equal(clock.now(), refusedAt);
    await clock.runUntil(budgets.acquireSubmission(MODEL));
    assert.ok(clock.now() >= refusedAt + MINUTE_MS);
  });

  test('gives nothing to who no longer waits', async () => {
    const { clock, budgets } = scene({}, { maxRequestsPerMinute: 1 });
    const { requests } = budgets.of(MODEL);
    (await clock.runUntil(requests.acquire({ lane: 'calls' }))).use();
    const controller = new AbortController();
    const given = requests.acquire({ lane: 'calls', signal: controller.signal });
    const next = requests.acquire({ lane: 'calls' });
    controller.abort(new Error('no longer'));
    await assert.rejects(given, /no longer/);
    const before = clock.now();
    await clock.runUntil(next);
    assert.ok(clock.now() - before <= 61_000, 'the next minute is for the next in line');
  });
});
