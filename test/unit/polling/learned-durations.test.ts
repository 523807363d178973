import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExportOperation, VertexApi } from '../../../src/google/vertex';
import { RegionBudgets } from '../../../src/polling/budget/region-budgets';
import { Durations } from '../../../src/polling/durations';
import { RegionPoller } from '../../../src/polling/region-poller';
import { Timers } from '../../../src/polling/time/timers';
import type { PollMetrics } from '../../../src/polling/types';
import { VirtualClock } from '../../support/virtual-clock';
import { MINUTE_MS, NO_METRICS, SCHEDULE } from '../../support/virtual-poller';

const REGION = 'projects/123/locations/us-central1';
const NAME = `${REGION}/models/1/operations/1`;

/** Waits for operations that have ended, each with the given changes. */
async function learned(changes: Partial<ExportOperation>, formatId?: string, lasted = MINUTE_MS) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const ends: unknown[] = [];
  const metrics: PollMetrics = { ...NO_METRICS, recordEnd: (...end) => ends.push(end) };
  const durations = new Durations();
  const answer: ExportOperation = {
    name: NAME,
    done: true,
    metadata: {
      genericMetadata: {
        createTime: new Date(Date.UTC(2026, 0, 1) - lasted).toISOString(),
        updateTime: new Date(Date.UTC(2026, 0, 1)).toISOString(),
      },
      outputInfo: {},
    },
    ...changes,
  };
  const get: VertexApi['getOperation'] = async (_name, _signal, beforeSend) => {
    await beforeSend?.();
    return answer;
  };
  const vertex: Partial<VertexApi> = {
    getOperation: get,
    waitOperation: (name, _ms, signal, send) => get(name, signal, send),
  };
  const budgets = new RegionBudgets(new Timers(clock), metrics);
  const limits = {
    longPollMs: 30_000,
    random: () => 0.5,
    outageMs: MINUTE_MS,
    notFoundMs: MINUTE_MS,
    refusedMs: MINUTE_MS,
  };
  const poller = new RegionPoller(REGION, vertex as VertexApi, budgets, durations, limits);
  const { signal } = new AbortController();
  for (let count = 0; count < 5; count += 1) {
    await clock.runUntil(poller.waitForEnd(NAME, { ...SCHEDULE, signal, ...(formatId !== undefined && { formatId }) }));
  }
  return { expected: durations.expectedEnd('tflite'), ends };
}

suite('RegionPoller learns how long exports take', () => {
  test('from those that succeeded, by their format', async () => {
    const { expected, ends } = await learned({}, 'tflite');
    assert.deepEqual(expected, { earliestMs: 57_000, latestMs: 63_000 });
    assert.equal(ends.length, 5);
  });

  test('not from those that failed, that have no format, or whose times are not possible', async () => {
    assert.equal((await learned({ error: { code: 13, message: 'internal' } }, 'tflite')).expected, undefined);
    assert.equal((await learned({})).expected, undefined);
    assert.equal((await learned({}, 'tflite', 0)).expected, undefined);
    assert.equal((await learned({}, 'tflite', -MINUTE_MS)).expected, undefined);
  });
});
