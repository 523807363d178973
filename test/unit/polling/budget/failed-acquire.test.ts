import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PollMetrics } from '../../../../src/polling/types';
import { RegionBudgets } from '../../../../src/polling/budget/region-budgets';
import { Timers } from '../../../../src/polling/time/timers';
import { GoogleApiError } from '../../../../src/google/api-error';
import { VirtualClock } from '../../../support/virtual-clock';
import { MINUTE_MS, NO_METRICS } from '../../../support/virtual-poller';

const REGION = 'projects/alpha/locations/us-central1';
const MODEL = `${REGION}/models/1`;

function scene(limits: { maxRequestsPerMinute?: number; maxSubmissionsPerMinute?: number }, metrics = NO_METRICS) {
  const clock = new VirtualClock(0);
  return { clock, budgets: new RegionBudgets(new Timers(clock), metrics, limits) };
}

suite('RegionBudgets', () => {
  test('free the room of a start whose wait for a request was aborted', async () => {
    const { clock, budgets } = scene({ maxRequestsPerMinute: 1, maxSubmissionsPerMinute: 1 });
    const held = await clock.runUntil(budgets.acquire(REGION, 'polls'));
    const controller = new AbortController();
    const reason = new Error('shutdown');
    let sends = 0;
    const start = (signal?: AbortSignal): Promise<void> =>
      budgets.send({ call: 'models.export', resource: MODEL, lane: 'starts', signal }, async (beforeSend) => {
        await beforeSend();
        sends += 1;
      });
    const aborted = start(controller.signal).catch((error: unknown) => error);
    await clock.runUntil(clock.sleep(10));
    controller.abort(reason);
    assert.equal(await clock.runUntil(aborted), reason);
    const startedAt = clock.now();
    held.release();
    await clock.runUntil(start());
    assert.deepEqual([sends, clock.now() - startedAt], [1, 0]);
  });

  test('free the room of a granted start that is not used for a minute, and not before', async () => {
    const { clock, budgets } = scene({ maxSubmissionsPerMinute: 1 });
    const grant = await clock.runUntil(budgets.acquireSubmission(MODEL));
    const startedAt = clock.now();
    await clock.runUntil(budgets.acquireSubmission(MODEL));
    assert.deepEqual([grant.isHeld, clock.now() - startedAt], [false, MINUTE_MS]);
  });

  test('name a region by the number of its project as soon as it is known', () => {
    const { budgets } = scene({});
    assert.equal(budgets.keyOf(MODEL), REGION);
    budgets.relate(MODEL, 'projects/123/locations/us-central1/models/1');
    assert.equal(budgets.keyOf(MODEL), 'projects/123/locations/us-central1');
    assert.equal(budgets.of(MODEL), budgets.of('projects/123/locations/us-central1'));
    assert.notEqual(budgets.of(MODEL), budgets.of('projects/alpha/locations/europe-west4'));
  });

  test('count a refusal of a start for starts, and one of another call for requests', async () => {
    const recorded: unknown[] = [];
    const metrics: PollMetrics = {
      ...NO_METRICS,
      recordRequest: (call, location, error) => recorded.push([call, location, error === undefined]),
    };
    const { clock, budgets } = scene({}, metrics);
    const refusal = new GoogleApiError('too many', 'RESOURCE_EXHAUSTED', 429, 'POST');
    const send = (call: 'models.export' | 'models.get'): Promise<unknown> =>
      clock.runUntil(
        budgets
          .send({ call, resource: MODEL, lane: 'calls' }, async (beforeSend) => {
            await beforeSend();
            throw refusal;
          })
          .catch((error: unknown) => error),
      );
    const rates = (): number[] => [budgets.of(MODEL).requests.perMinute, budgets.of(MODEL).submissions.perMinute];
    assert.deepEqual(rates(), [300, 60]);
    assert.equal(await send('models.export'), refusal);
    assert.deepEqual(rates(), [300, 42]);
    assert.equal(await send('models.get'), refusal);
    assert.equal(rates()[0], 210);
    assert.deepEqual(recorded, [
      ['models.export', 'us-central1', false],
      ['models.get', 'us-central1', false],
    ]);
  });
});
