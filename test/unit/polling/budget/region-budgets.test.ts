import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../../src/google/api-error';
import { budgetedVertex, submissionsOf } from '../../../../src/polling/budget/budgeted-vertex';
import type { BudgetLimits } from '../../../../src/polling/budget/region-budgets';
import { RegionBudgets } from '../../../../src/polling/budget/region-budgets';
import { Timers } from '../../../../src/polling/time/timers';
import { VirtualClock } from '../../../support/virtual-clock';
import { MINUTE_MS, mostInAMinute, NO_METRICS } from '../../../support/virtual-poller';
import type { Manner } from '../../../support/virtual-sends';
import { PLAIN, VirtualSends } from '../../../support/virtual-sends';

const BODY = { outputConfig: { exportFormatId: 'tflite' } };
const MODEL = 'projects/alpha/locations/us-central1/models/1';
/** The same project, by its number. */
const BY_NUMBER = MODEL.replace('alpha', '1');
const { signal } = new AbortController();

function scene(limits: BudgetLimits = {}, manner: (request: number) => Partial<Manner> = () => ({})) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  let requests = 0;
  const service = new VirtualSends(clock, () => ({ ...PLAIN, ...manner((requests += 1)) }));
  const budgets = new RegionBudgets(new Timers(clock), NO_METRICS, limits);
  const vertex = budgetedVertex(service, budgets);
  const times = (kind?: 'start'): number[] =>
    service.sent.filter((sent) => kind === undefined || sent.kind === kind).map(({ at }) => at);
  return { clock, service, budgets, vertex, submission: submissionsOf(service, budgets), times };
}

const repeat = <T>(count: number, action: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => action(index)));

suite('RegionBudgets count requests when they are sent, so that', () => {
  test('requests whose credentials come late do not pile up and exceed the next minute', async () => {
    // The token server answers no request for 55 seconds, and then all at once.
    const { clock, vertex, times } = scene({ maxRequestsPerMinute: 20 }, (request) => ({
      credentialsMs: request <= 20 ? 55_000 : 0,
    }));
    await clock.runUntil(repeat(100, () => vertex.getOperation(`${MODEL}/operations/1`)));
    assert.equal(times().length, 100);
    assert.ok(mostInAMinute(times()) <= 20, `${mostInAMinute(times())} in a minute`);
  });

  test('a request that is sent again after a refused token waits for the budget again', async () => {
    const { clock, vertex, times } = scene({ maxRequestsPerMinute: 10 }, () => ({ end: 'token refused' }));
    await clock.runUntil(repeat(15, () => vertex.getOperation(`${MODEL}/operations/1`)));
    assert.equal(times().length, 30);
    assert.ok(mostInAMinute(times()) <= 10);
  });

  test('a start that is sent again after a refused token counts as two starts', async () => {
    const { clock, vertex, times } = scene({ maxSubmissionsPerMinute: 4 }, () => ({ end: 'token refused' }));
    await clock.runUntil(repeat(6, () => vertex.exportModel(MODEL, BODY)));
    assert.equal(times('start').length, 12);
    assert.ok(mostInAMinute(times('start')) <= 4);
  });

  test('a request without credentials is not sent and does not count', async () => {
    const { clock, vertex } = scene({ maxRequestsPerMinute: 1 }, (request) => ({
      end: request <= 5 ? 'no credentials' : 'ok',
    }));
    const startedAt = clock.now();
    for (let failed = 0; failed < 5; failed += 1)
      await assert.rejects(clock.runUntil(vertex.getModel(MODEL)), /no credentials/);
    await clock.runUntil(vertex.getModel(MODEL));
    assert.ok(clock.now() - startedAt <= 1_000);
  });

  test('a long poll counts once, however long it is held', async () => {
    const { clock, vertex, times } = scene({ maxRequestsPerMinute: 10 }, () => ({ latencyMs: 5 * MINUTE_MS }));
    await clock.runUntil(repeat(20, () => vertex.waitOperation(`${MODEL}/operations/1`, 300_000)));
    assert.equal(times().length, 20);
    assert.ok((times().at(-1) ?? 0) - (times()[0] ?? 0) <= 2 * MINUTE_MS);
  });
});

suite('the ID and the number of one project', () => {
  test('share one budget from the start, since the number may belong to the ID', async () => {
    const { clock, vertex, times } = scene({ maxRequestsPerMinute: 20 }, () => ({ namesNumber: false }));
    await clock.runUntil(
      repeat(60, (index) => vertex.getOperation(`${index % 2 === 0 ? MODEL : BY_NUMBER}/operations/1`)),
    );
    assert.ok(mostInAMinute(times()) <= 20);
  });

  test('keep what both have sent when they are related, and all waiting requests are served', async () => {
    const { clock, budgets } = scene({ maxRequestsPerMinute: 20 });
    const sent: number[] = [];
    const use = async (name: string): Promise<void> => {
      (await budgets.acquire(name, 'calls')).use();
      sent.push(clock.now());
    };
    const all = Promise.all([...Array<string>(30).fill(MODEL), ...Array<string>(30).fill(BY_NUMBER)].map(use));
    await clock.runUntil(clock.sleep(MINUTE_MS / 2));
    budgets.relate(MODEL, BY_NUMBER);
    await clock.runUntil(all);
    assert.equal(sent.length, 60);
    assert.ok(mostInAMinute(sent) <= 20);
  });

  test('do not slow down another project once they are related', async () => {
    const { clock, budgets } = scene({ maxRequestsPerMinute: 10 });
    const other = MODEL.replace('alpha', '2');
    for (const name of [MODEL, BY_NUMBER, other]) budgets.of(name);
    assert.equal(budgets.of(other), budgets.of(MODEL), 'any number may belong to the ID');
    budgets.relate(MODEL, BY_NUMBER);
    assert.equal(budgets.of(BY_NUMBER), budgets.of(MODEL));
    assert.notEqual(budgets.of(other), budgets.of(MODEL));
    const startedAt = clock.now();
    const use = async (name: string): Promise<void> => {
      (await budgets.acquire(name, 'calls')).use();
    };
    await clock.runUntil(Promise.all([...Array<string>(9).fill(MODEL), ...Array<string>(9).fill(other)].map(use)));
    assert.ok(clock.now() - startedAt <= MINUTE_MS);
  });

  test('do not share a budget with another ID or another number', () => {
    const { budgets } = scene();
    assert.notEqual(budgets.of(MODEL), budgets.of(MODEL.replace('alpha', 'beta')));
    const numbers = scene().budgets;
    assert.notEqual(numbers.of(BY_NUMBER), numbers.of(MODEL.replace('alpha', '2')));
  });

  test('keep their first relation when a later answer names another number', () => {
    const { budgets } = scene();
    budgets.relate(MODEL, BY_NUMBER);
    budgets.relate(MODEL, MODEL.replace('alpha', '2'));
    assert.equal(budgets.keyOf(MODEL), 'projects/1/locations/us-central1');
  });

  test('keep a pause that the service asked one of them for', async () => {
    const { clock, budgets } = scene();
    const get = { call: 'operations.get', resource: BY_NUMBER, lane: 'calls' } as const;
    const refusal = new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual', 30_000);
    await assert.rejects(clock.runUntil(budgets.send(get, () => Promise.reject(refusal))));
    const refusedAt = clock.now();
    budgets.of(MODEL);
    budgets.relate(MODEL, BY_NUMBER);
    await clock.runUntil(budgets.acquire(MODEL, 'calls'));
    assert.equal(clock.now() - refusedAt, 30_000);
  });
});

suite('a granted start', () => {
  test('occupies the quota until it is released', async () => {
    const { clock, submission } = scene({ maxSubmissionsPerMinute: 1 });
    const first = await clock.runUntil(submission(MODEL, signal));
    const second = submission(MODEL, signal);
    const startedAt = clock.now();
    clock.after(20_000, () => {
      first.release();
    });
    await clock.runUntil(second);
    assert.equal(clock.now() - startedAt, 20_000);
  });

  test('expires after a minute, and its export waits for another grant', async () => {
    const { clock, submission, times } = scene({ maxSubmissionsPerMinute: 1 });
    const forgotten = await clock.runUntil(submission(MODEL, signal));
    const next = await clock.runUntil(submission(MODEL, signal));
    const late = forgotten.vertex.exportModel(MODEL, BODY);
    await clock.runUntil(next.vertex.exportModel(MODEL, BODY));
    await clock.runUntil(late);
    assert.equal(times('start').length, 2);
    assert.ok(mostInAMinute(times('start')) <= 1);
  });

  test('is checked after all grants, directly before the request is sent', async () => {
    const { clock, vertex, budgets, times } = scene({ maxRequestsPerMinute: 1 });
    (await clock.runUntil(budgets.acquire(MODEL, 'calls'))).use();
    const checkedAt: number[] = [];
    const beforeSend = (): void => {
      checkedAt.push(clock.now());
    };
    await clock.runUntil(vertex.exportModel(MODEL, BODY, { beforeSend }));
    assert.deepEqual(checkedAt, times('start'));
  });

  test('is checked again before it is sent again', async () => {
    const { clock, vertex, times } = scene({ maxSubmissionsPerMinute: 1 }, () => ({ end: 'token refused' }));
    let checks = 0;
    const beforeSend = (): void => {
      checks += 1;
      if (checks === 2) throw new Error('past the deadline');
    };
    const exported = vertex.exportModel(MODEL, BODY, { beforeSend });
    await assert.rejects(clock.runUntil(exported), /past the deadline/);
    assert.equal(times('start').length, 1);
  });

  test('is not sent if its check fails, and frees its grants', async () => {
    const { clock, vertex, times } = scene({ maxSubmissionsPerMinute: 2, maxRequestsPerMinute: 2 });
    const startedAt = clock.now();
    const beforeSend = (): void => {
      throw new Error('past the deadline');
    };
    for (let failed = 0; failed < 10; failed += 1)
      await assert.rejects(clock.runUntil(vertex.exportModel(MODEL, BODY, { beforeSend })), /past the deadline/);
    assert.equal(times().length, 0);
    await clock.runUntil(repeat(2, () => vertex.exportModel(MODEL, BODY)));
    assert.ok(clock.now() - startedAt <= MINUTE_MS, 'the only delay is the distance between two starts per minute');
  });

  test('is not sent after an abort', async () => {
    const { clock, vertex, times } = scene({ maxSubmissionsPerMinute: 1 });
    await clock.runUntil(vertex.exportModel(MODEL, BODY));
    const controller = new AbortController();
    const waiting = repeat(40, () => vertex.exportModel(MODEL, BODY, { signal: controller.signal }).catch(String));
    clock.after(1_000, () => {
      controller.abort(new Error('terminated'));
    });
    assert.deepEqual(new Set(await clock.runUntil(waiting)), new Set(['Error: terminated']));
    await clock.runUntil(clock.sleep(10 * MINUTE_MS));
    assert.equal(times('start').length, 1);
  });

  test('goes before a long queue of other calls', async () => {
    const { clock, vertex, submission } = scene();
    const queue = repeat(2_000, () => vertex.getModel(MODEL));
    await clock.runUntil(clock.sleep(1_000));
    const granted = await clock.runUntil(submission(MODEL, signal));
    const grantedAt = clock.now();
    await clock.runUntil(granted.vertex.listOperations(MODEL, ''));
    await clock.runUntil(granted.vertex.exportModel(MODEL, BODY));
    assert.ok(clock.now() - grantedAt <= 3_000, `${clock.now() - grantedAt} ms`);
    await clock.runUntil(queue);
  });

  test('does not block other calls and polls, even with many starts', async () => {
    const { clock, vertex, budgets, submission } = scene({ maxRequestsPerMinute: 20, maxSubmissionsPerMinute: 60 });
    const starts = repeat(200, async () => {
      const granted = await submission(MODEL, signal);
      await granted.vertex.listOperations(MODEL, '');
      await granted.vertex.exportModel(MODEL, BODY);
    });
    await clock.runUntil(clock.sleep(MINUTE_MS));
    const startedAt = clock.now();
    const poll = budgets.acquire(MODEL, 'polls').then((grant) => {
      grant.use();
    });
    await clock.runUntil(Promise.all([vertex.getModel(MODEL), poll]));
    assert.ok(clock.now() - startedAt <= MINUTE_MS);
    await clock.runUntil(starts);
  });
});
