import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../../src/google/api-error';
import { HOUR_MS, MINUTE_MS, mostInAMinute, scene } from '../../../support/virtual-poller';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

suite('RequestBudget', () => {
  const refusal = (retryDelayMs?: number): GoogleApiError =>
    new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual', retryDelayMs);
  const MODEL = 'projects/demo-project/locations/us-central1/models/1';
  const GET = { call: 'models.get', resource: MODEL, lane: 'calls' } as const;

  test('keeps the limit in any minute, and lets calls and polls alternate', async () => {
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
    // Two thousand requests take at most seven minutes: the budget is used, not only kept.
    assert.ok((sent.at(-1)?.at ?? 0) - (sent[0]?.at ?? 0) <= 7 * MINUTE_MS);
  });

  test('limits starts of exports separately', async () => {
    const { clock, budgets } = scene();
    const sent: number[] = [];
    const starts = numbers(150).map(async () => {
      (await budgets.acquireSubmission(MODEL)).use();
      sent.push(clock.now());
    });
    await clock.runUntil(Promise.all(starts));
    assert.ok(mostInAMinute(sent) <= 60);
  });

  test('is one for the ID and the number of a project once they are related', () => {
    const { budgets } = scene();
    const operation = 'projects/123/locations/us-central1/models/1/operations/1';
    budgets.relate(MODEL, operation);
    assert.equal(budgets.of(MODEL), budgets.of(operation));
    assert.notEqual(budgets.of(MODEL), budgets.of(operation.replace('123', '456')));
    assert.notEqual(budgets.of(MODEL), budgets.of(MODEL.replace('us-central1', 'europe-west4')));
  });

  for (const retryDelayMs of [undefined, 30_000]) {
    test(`slows down all requests after one 429 ${retryDelayMs === undefined ? 'without advice' : 'with RetryInfo'}`, async () => {
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
      assert.equal(requests.perMinute, before, 'the rate recovers');
    });
  }

  test('does not slow down other regions, or starts of exports, after a 429', async () => {
    const { clock, budgets } = scene();
    await assert.rejects(clock.runUntil(budgets.send(GET, () => Promise.reject(refusal(HOUR_MS)))), /slow down/);
    const refusedAt = clock.now();
    await clock.runUntil(budgets.acquireSubmission(MODEL));
    await clock.runUntil(budgets.acquire(MODEL.replace('us-central1', 'europe-west4'), 'calls'));
    assert.equal(clock.now(), refusedAt);
  });

  test('slows down only starts of exports after a start was throttled', async () => {
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

  test('grants nothing to an aborted request', async () => {
    const { clock, budgets } = scene({}, { maxRequestsPerMinute: 1 });
    const { requests } = budgets.of(MODEL);
    (await clock.runUntil(requests.acquire({ lane: 'calls' }))).use();
    const controller = new AbortController();
    const aborted = requests.acquire({ lane: 'calls', signal: controller.signal });
    const next = requests.acquire({ lane: 'calls' });
    controller.abort(new Error('no longer'));
    await assert.rejects(aborted, /no longer/);
    const before = clock.now();
    await clock.runUntil(next);
    assert.ok(clock.now() - before <= 61_000, 'the next minute is for the next request');
  });
});
