import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError, GoogleTransportError } from '../../../../src/google/api-error';
import type { GrantOwner } from '../../../../src/polling/budget/grant';
import { Grant } from '../../../../src/polling/budget/grant';
import { MeteredRequest } from '../../../../src/polling/budget/metered-request';
import { RequestBudget } from '../../../../src/polling/budget/request-budget';
import { Timers } from '../../../../src/polling/time/timers';
import { VirtualClock } from '../../../support/virtual-clock';
import { HOUR_MS, MINUTE_MS } from '../../../support/virtual-poller';

const throttled = (retryDelayMs?: number): GoogleApiError =>
  new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual', retryDelayMs);

function budgetOf(maxPerMinute = 300) {
  const clock = new VirtualClock();
  const timers = new Timers(clock);
  const budget = new RequestBudget(timers, maxPerMinute);
  /** The time until a request is granted, in milliseconds. The grant is released. */
  const delay = async (): Promise<number> => {
    const from = clock.now();
    (await clock.runUntil(budget.acquire({ lane: 'calls' }))).release();
    return clock.now() - from;
  };
  return { clock, timers, budget, delay };
}

suite('RequestBudget after 429s', () => {
  test('pauses for 1 s, and for twice as long after each further 429, up to a minute', async () => {
    const { clock, budget, delay } = budgetOf();
    const delays: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      budget.recordAnswer(clock.now(), throttled());
      delays.push((await delay()) / 1_000);
    }
    assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('restarts the pauses from 1 s after a successful request', async () => {
    const { clock, budget, delay } = budgetOf();
    for (let count = 0; count < 5; count += 1) {
      budget.recordAnswer(clock.now(), throttled());
      await delay();
    }
    budget.recordAnswer(clock.now());
    budget.recordAnswer(clock.now(), throttled());
    assert.equal(await delay(), 1_000);
  });

  test('counts 429s for requests that were sent before the first 429 once', async () => {
    const { clock, budget, delay } = budgetOf();
    const sentAt = clock.now();
    await clock.runUntil(clock.sleep(100));
    for (let count = 0; count < 10; count += 1) budget.recordAnswer(sentAt, throttled());
    assert.equal(budget.perMinute, 210);
    assert.equal(await delay(), 1_000);
  });

  test('follows advice of the service for at most two minutes', async () => {
    const { clock, budget, delay } = budgetOf();
    budget.recordAnswer(clock.now(), throttled(10 * MINUTE_MS));
    assert.equal(await delay(), 2 * MINUTE_MS);
  });

  test('never reduces the rate below a tenth, and regains a tenth of it per minute', async () => {
    const { clock, budget } = budgetOf();
    for (let count = 0; count < 20; count += 1) budget.recordAnswer(clock.now(), throttled());
    assert.equal(budget.perMinute, 30);
    await clock.runUntil(clock.sleep(MINUTE_MS));
    assert.equal(budget.perMinute, 60);
    await clock.runUntil(clock.sleep(HOUR_MS));
    assert.equal(budget.perMinute, 300);
  });

  test('takes the lower rate, the pause and the number of 429s from a budget that it is merged with', async () => {
    const { clock, timers, budget, delay } = budgetOf();
    const other = new RequestBudget(timers, 300);
    for (let count = 0; count < 3; count += 1) other.recordAnswer(clock.now(), throttled());
    budget.mergeUsage(other);
    assert.equal(budget.perMinute, other.perMinute);
    assert.equal(await delay(), 4_000);
    budget.recordAnswer(clock.now(), throttled());
    assert.equal(await delay(), 8_000);
  });
});

suite('RequestBudget', () => {
  test('counts a request for 61 seconds, since requests take different times to reach the service', async () => {
    const { clock, budget, delay } = budgetOf(1);
    (await clock.runUntil(budget.acquire({ lane: 'calls' }))).use();
    assert.equal(await delay(), 61_000);
  });

  test('counts the requests of a budget that it is merged with', async () => {
    const { clock, timers, budget, delay } = budgetOf(1);
    const other = new RequestBudget(timers, 1);
    (await clock.runUntil(other.acquire({ lane: 'calls' }))).use();
    budget.mergeUsage(other);
    assert.equal(await delay(), 61_000);
  });

  test('is not delayed by a grant that was released', async () => {
    const { clock, budget, delay } = budgetOf(10);
    (await clock.runUntil(budget.acquire({ lane: 'calls' }))).use();
    assert.deepEqual([await delay(), await delay()], [6_000, 0]);
  });

  test('frees the room of a request that is aborted directly after its grant', async () => {
    const { clock, budget, delay } = budgetOf(1);
    const controller = new AbortController();
    const granted = budget.acquire({ lane: 'calls', signal: controller.signal });
    controller.abort(new Error('shutdown'));
    await assert.rejects(granted, /shutdown/);
    assert.equal(await clock.runUntil(delay()), 0);
  });
});

suite('Grant', () => {
  test('leaves no timer after it is used before it expires', () => {
    const clock = new VirtualClock();
    const owner: GrantOwner = { use: () => undefined, release: () => assert.fail('it was used') };
    const grant = new Grant(owner, '1', clock.now(), new Timers(clock)).expireAfter(MINUTE_MS);
    grant.use();
    grant.release();
    assert.deepEqual([clock.pending, grant.isHeld], [0, false]);
  });
});

suite('MeteredRequest', () => {
  function metered(check?: () => void) {
    const clock = new VirtualClock();
    const log: string[] = [];
    const owner: GrantOwner = { use: () => void log.push('used'), release: () => void log.push('released') };
    const acquire = (): Promise<readonly Grant[]> =>
      Promise.resolve([new Grant(owner, '1', clock.now(), new Timers(clock))]);
    return { clock, log, request: new MeteredRequest(acquire, () => clock.now(), check) };
  }

  test('counts a request that was answered although the client did not call beforeSend', async () => {
    for (const error of [undefined, throttled()]) {
      const { log, request } = metered();
      await request.prepare();
      request.finish(error);
      assert.deepEqual(log, ['used']);
    }
  });

  test('does not count a request that was never sent', async () => {
    const { log, request } = metered();
    await request.prepare();
    request.finish(new GoogleTransportError('no credentials', 'virtual'));
    assert.deepEqual(log, ['released']);
  });

  test('knows when it was last sent', async () => {
    const { clock, request } = metered();
    await request.prepare();
    for (let sends = 1; sends <= 2; sends += 1) {
      await clock.runUntil(clock.sleep(1_000));
      await request.beforeSend();
      assert.equal(request.sentAt, clock.now());
    }
  });

  test('is marked as prevented if its check throws, and frees its grants', async () => {
    const { log, request } = metered(() => {
      throw new Error('past the deadline');
    });
    await request.prepare();
    assert.equal(request.isPrevented, false);
    await assert.rejects(request.beforeSend(), /past the deadline/);
    assert.deepEqual([request.isPrevented, log], [true, ['released']]);
  });
});
