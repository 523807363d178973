import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { temporalMetrics } from '../../../src/telemetry/metrics';
import { recordingMeter } from '../../support/recording-meter';

const location = 'us-central1';

const done = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite('temporalMetrics', () => {
  test('records requests by result, polls by strategy, the lag in whole milliseconds, and operations', async () => {
    const { meter, recorded } = recordingMeter();
    const metrics = temporalMetrics(() => Promise.resolve(meter));
    metrics.recordRequest('operations.get', location);
    metrics.recordRequest('operations.get', location, new GoogleApiError('slow', 'RESOURCE_EXHAUSTED', 429, ''));
    metrics.recordRequest('operations.get', location, new Error('connection lost'));
    metrics.recordPoll('list', location);
    metrics.recordEnd('wait', location, 1_234.5);
    metrics.recordOperations(location, 7);
    await done();
    assert.deepEqual(recorded, [
      ['vertex_export_requests', 1, { call: 'operations.get', location, result: 'ok' }],
      ['vertex_export_requests', 1, { call: 'operations.get', location, result: 'throttled' }],
      ['vertex_export_requests', 1, { call: 'operations.get', location, result: 'failed' }],
      ['vertex_export_polls', 1, { strategy: 'list', location }],
      ['vertex_export_lag', 1_235, { strategy: 'wait', location }],
      ['vertex_export_operations', 7, { location }],
    ]);
  });

  test('asks for the meter once, with the first record', async () => {
    const { meter } = recordingMeter();
    let requests = 0;
    const metrics = temporalMetrics(() => {
      requests += 1;
      return Promise.resolve(meter);
    });
    assert.equal(requests, 0);
    metrics.recordPoll('get', location);
    metrics.recordPoll('get', location);
    await done();
    assert.equal(requests, 1);
  });

  test('ignores records if there is no meter', async () => {
    const metrics = temporalMetrics(() => Promise.reject(new Error('no runtime')));
    metrics.recordPoll('get', location);
    await done();
  });
});
