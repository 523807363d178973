import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GoogleStatus } from '../../../src/google/api-error';
import { GoogleApiError, GoogleTransportError } from '../../../src/google/api-error';
import type { PollProgress } from '../../../src/polling/types';
import { OperationStillRunning } from '../../../src/polling/types';
import { HOUR_MS, MINUTE_MS, scene } from '../../support/virtual-poller';

const answer = (httpStatus: number, status: GoogleStatus, retryDelayMs?: number): GoogleApiError =>
  new GoogleApiError(`answer ${status}`, status, httpStatus, 'GET operation', retryDelayMs);

const REFUSALS = [
  answer(400, 'INVALID_ARGUMENT'),
  answer(403, 'PERMISSION_DENIED'),
  answer(404, 'NOT_FOUND'),
  answer(412, 'FAILED_PRECONDITION'),
];

/** Fails every request for `ms` milliseconds, from the end of the first minute on. */
const failingFor =
  (ms: number, error: Error) =>
  (startedAt: number): ((call: string, resource: string, at: number) => Error | undefined) =>
  (_call, _resource, at) =>
    at >= startedAt + MINUTE_MS && at < startedAt + MINUTE_MS + ms ? error : undefined;

/** The time of the virtual clock at its start. */
const STARTED_AT = 5_000;

suite('RegionPoller with a running operation', () => {
  for (const error of REFUSALS) {
    test(`continues when polls are refused with ${error.httpStatus} for a minute and a half`, async () => {
      const { clock, poll } = scene({ failure: failingFor(1.5 * MINUTE_MS, error)(STARTED_AT) });
      const lag = await clock.runUntil(poll('1', 10 * MINUTE_MS));
      assert.ok(lag <= MINUTE_MS, `${lag} ms`);
    });

    test(`fails with the error of the polls when they are refused with ${error.httpStatus} for minutes`, async () => {
      const { clock, vertex, poll } = scene({ failure: failingFor(HOUR_MS, error)(STARTED_AT) });
      const failed = clock.runUntil(poll('1', 2 * HOUR_MS));
      await assert.rejects(failed, (thrown) => thrown === error);
      const lasted = clock.now() - STARTED_AT - MINUTE_MS;
      const limit = error.status === 'NOT_FOUND' ? 2 * MINUTE_MS : 5 * MINUTE_MS;
      assert.ok(lasted >= limit && lasted <= limit + 2 * MINUTE_MS, `${lasted} ms`);
      assert.ok(vertex.requests.filter(({ at }) => at >= STARTED_AT + MINUTE_MS).length >= 4);
    });

    test(`parks the operation only when it is known whether a ${error.httpStatus} lasts`, async () => {
      let failures = 0;
      const failure = (): Error | undefined => ((failures += 1) === 1 ? error : undefined);
      const once = scene({ failure });
      const parked = once.poll('1', HOUR_MS, { parkAt: once.clock.wallNow() });
      await assert.rejects(once.clock.runUntil(parked), OperationStillRunning);
      assert.equal(once.vertex.requests.length, 2);

      const lasting = scene({ failure: () => error });
      const refused = lasting.poll('1', HOUR_MS, { parkAt: lasting.clock.wallNow() });
      await assert.rejects(lasting.clock.runUntil(refused), (thrown) => thrown === error);
    });
  }

  test('survives an outage of nine minutes', async () => {
    const error = new GoogleTransportError('connection lost', 'GET operation');
    const { clock, poll } = scene({ failure: failingFor(9 * MINUTE_MS, error)(STARTED_AT) });
    const lag = await clock.runUntil(poll('1', 20 * MINUTE_MS));
    assert.ok(lag <= MINUTE_MS, `${lag} ms`);
  });

  test('polls again within eleven minutes when the service asks for a pause of a day', async () => {
    let failures = 0;
    const failure = (): Error | undefined =>
      (failures += 1) === 1 ? answer(503, 'UNAVAILABLE', 24 * HOUR_MS) : undefined;
    const { clock, vertex, poll } = scene({ failure });
    await clock.runUntil(poll('1', MINUTE_MS));
    const [first, second] = vertex.requests;
    assert.ok(first && second && second.at - first.at <= 11 * MINUTE_MS);
  });

  test('polls again within three minutes when one request is throttled for a day', async () => {
    let failures = 0;
    const refusal = answer(429, 'RESOURCE_EXHAUSTED', 24 * HOUR_MS);
    const failure = (): Error | undefined => ((failures += 1) === 1 ? refusal : undefined);
    const { clock, poll } = scene({ failure });
    const lags = await clock.runUntil(Promise.all([poll('1', MINUTE_MS), poll('2', MINUTE_MS)]));
    assert.ok(Math.min(...lags) <= 3 * MINUTE_MS, lags.join());
    assert.ok(Math.max(...lags) <= 11 * MINUTE_MS, lags.join());
  });

  test('finds the end by a list while polls of the operation alone are refused', async () => {
    const refused = 'projects/123/locations/us-central1/models/1/operations/1';
    const { clock, poll } = scene({
      list: 'with-nested',
      failure: (call, resource, at) => {
        // Nothing is answered in the first minute, so that polls have failed before the first list succeeds.
        if (at < STARTED_AT + MINUTE_MS) return answer(503, 'UNAVAILABLE');
        return call === 'get' && resource === refused ? answer(403, 'PERMISSION_DENIED') : undefined;
      },
    });
    const lags = Promise.all(Array.from({ length: 20 }, (_, model) => poll(String(model + 1), 30 * MINUTE_MS)));
    assert.ok(Math.max(...(await clock.runUntil(lags))) <= MINUTE_MS);
  });
});

suite('PollProgress', () => {
  test('has the last failure while polls fail, and none after a successful poll', async () => {
    const reported: PollProgress[] = [];
    const { clock, poll } = scene({ failure: failingFor(2 * MINUTE_MS, answer(503, 'UNAVAILABLE'))(STARTED_AT) });
    await clock.runUntil(poll('1', 10 * MINUTE_MS, { onPoll: (progress) => reported.push(progress) }));
    const failing = reported.filter(({ failures }) => failures > 0);
    assert.ok(failing.length >= 4);
    for (const { lastFailure } of failing)
      assert.deepEqual([lastFailure?.message, lastFailure?.status], ['answer UNAVAILABLE', 'UNAVAILABLE']);
    const [first] = failing;
    const at = Date.parse(first?.lastFailure?.at ?? '');
    assert.ok(at >= Date.UTC(2026, 0, 1) + MINUTE_MS && at <= Date.UTC(2026, 0, 1) + 2 * MINUTE_MS);
    for (const progress of reported.filter(({ failures }) => failures === 0)) assert.ok(!('lastFailure' in progress));
  });
});
