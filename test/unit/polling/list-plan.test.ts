import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RegionBudgets } from '../../../src/polling/budget/region-budgets';
import { ListScheduler } from '../../../src/polling/list-scheduler';
import type { ListableOperation } from '../../../src/polling/operation-list';
import { Timers } from '../../../src/polling/time/timers';
import { VirtualClock } from '../../support/virtual-clock';
import { NO_METRICS } from '../../support/virtual-poller';
import { VirtualVertex } from '../../support/virtual-vertex';

const REGION = 'projects/123/locations/us-central1';

/** A scheduler of lists, which is asked at times that the test chooses. */
function scheduler(maxRequestsPerMinute = 300) {
  const clock = new VirtualClock(0);
  const budgets = new RegionBudgets(new Timers(clock), NO_METRICS, { maxRequestsPerMinute });
  return { at: clock.now(), lists: new ListScheduler(REGION, new VirtualVertex(clock), budgets) };
}

function operations(count: number, pauseMs: number, models = 1, isListed = true): Set<ListableOperation> {
  return new Set(
    Array.from({ length: count }, (_, index) => {
      const model = `${REGION}/models/${index % models}`;
      return { name: `${model}/operations/${index}`, model, pause: () => pauseMs, isListed: () => isListed };
    }),
  );
}

suite('ListScheduler', () => {
  test('plans no list for three operations, and one for four', () => {
    const { at, lists } = scheduler();
    assert.deepEqual(lists.due(at, operations(3, 10_000)), { lists: [], nextAt: Infinity });
    assert.deepEqual(lists.due(at, operations(4, 10_000)), { lists: [], nextAt: at + 1_000 });
    const { lists: due } = lists.due(at + 3_000, operations(4, 10_000));
    assert.deepEqual(
      due.map(({ parent }) => parent),
      [`${REGION}/models/0`],
    );
  });

  test('lists the location if the operations are of several Models', () => {
    const { at, lists } = scheduler();
    lists.due(at, operations(8, 10_000, 2));
    assert.deepEqual(
      lists.due(at + 3_000, operations(8, 10_000, 2)).lists.map(({ parent }) => parent),
      [REGION],
    );
  });

  test('plans again every second, and forgets its plan with too few operations', () => {
    const { at, lists } = scheduler();
    lists.due(at, operations(4, 10_000));
    assert.equal(lists.due(at + 999, operations(4, 10_000)).nextAt, at + 1_000);
    assert.equal(lists.due(at + 1_000, operations(4, 10_000)).nextAt, at + 2_000);
    lists.due(at + 1_500, operations(3, 10_000));
    assert.equal(lists.due(at + 1_600, operations(4, 10_000)).nextAt, at + 2_600);
  });

  test('lists at most every three seconds, and only operations that are polled at most that often', () => {
    const { at, lists } = scheduler();
    lists.due(at, operations(4, 3_000));
    assert.equal(lists.due(at + 2_999, operations(4, 3_000)).lists.length, 0);
    assert.equal(lists.due(at + 3_000, operations(4, 3_000)).lists.length, 1);
    const fast = scheduler();
    fast.lists.due(fast.at, operations(4, 2_999));
    assert.equal(fast.lists.due(fast.at + 10_000, operations(4, 2_999)).lists.length, 0);
  });

  test('lists fast operations, too, if the budget does not allow their single requests', () => {
    const { at, lists } = scheduler(60);
    // 100 operations once a second are 6,000 requests a minute.
    lists.due(at, operations(100, 1_000));
    assert.equal(lists.due(at + 10_000, operations(100, 1_000)).lists.length, 1);
  });

  test('plans no list of operations that lists do not return', () => {
    const { at, lists } = scheduler();
    lists.due(at, operations(20, 10_000, 1, false));
    assert.deepEqual(lists.due(at + 10_000, operations(20, 10_000, 1, false)).lists, []);
  });

  test('lists less often than the single requests that a list replaces', () => {
    const { at, lists } = scheduler();
    // Four operations every 40 s are one request every 10 s.
    lists.due(at, operations(4, 40_000));
    assert.equal(lists.due(at + 9_999, operations(4, 40_000)).lists.length, 0);
    assert.equal(lists.due(at + 10_000, operations(4, 40_000)).lists.length, 1);
  });
});
