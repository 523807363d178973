import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isWellFormed } from '../../../src/internal/text';
import type { GoogleStatus } from '../../../src/google/api-error';
import { GoogleApiError, GoogleTransportError } from '../../../src/google/api-error';
import { PollFailures } from '../../../src/polling/poll-failures';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LIMITS = { outageMs: 10 * MINUTE_MS, notFoundMs: 2 * MINUTE_MS, refusedMs: 5 * MINUTE_MS };

const answer = (httpStatus: number, status: GoogleStatus, retryDelayMs?: number): GoogleApiError =>
  new GoogleApiError(`answer ${status}`, status, httpStatus, 'GET operation', retryDelayMs);

/** Refusals by Google or by a proxy. None of them is final at once. */
const REFUSALS: Readonly<Record<string, { readonly error: unknown; readonly finalAfterMs: number }>> = {
  'a 404': { error: answer(404, 'NOT_FOUND'), finalAfterMs: LIMITS.notFoundMs },
  'a 400': { error: answer(400, 'INVALID_ARGUMENT'), finalAfterMs: LIMITS.refusedMs },
  'a 400 of a failed precondition': { error: answer(400, 'FAILED_PRECONDITION'), finalAfterMs: LIMITS.refusedMs },
  'a 403': { error: answer(403, 'PERMISSION_DENIED'), finalAfterMs: LIMITS.refusedMs },
  'a 405': { error: answer(405, 'UNKNOWN'), finalAfterMs: LIMITS.refusedMs },
  'a 409': { error: answer(409, 'ABORTED'), finalAfterMs: LIMITS.refusedMs },
  'a 410': { error: answer(410, 'UNKNOWN'), finalAfterMs: LIMITS.refusedMs },
  'a 412': { error: answer(412, 'FAILED_PRECONDITION'), finalAfterMs: LIMITS.refusedMs },
  'a 499': { error: answer(499, 'CANCELLED'), finalAfterMs: LIMITS.refusedMs },
  'an error of the client itself': { error: new TypeError('fault'), finalAfterMs: LIMITS.refusedMs },
};

const PASSING: Readonly<Record<string, Error>> = {
  'a 401': answer(401, 'UNAUTHENTICATED'),
  'a 408': answer(408, 'DEADLINE_EXCEEDED'),
  'a 429': answer(429, 'RESOURCE_EXHAUSTED'),
  'a 500': answer(500, 'INTERNAL'),
  'a 503': answer(503, 'UNAVAILABLE'),
  'a lost connection': new GoogleTransportError('connection lost', 'GET operation'),
};

/** Lets polls fail with one error until it is final. Returns how long this took, and the number of polls. */
function untilFinal(failures: PollFailures, error: unknown, from = 0): { afterMs: number; polls: number } {
  for (let now = from, polls = 1; polls < 1_000; polls += 1) {
    const after = failures.add(error, now, now);
    if ('error' in after) return { afterMs: now - from, polls };
    now += after.pauseMs;
  }
  return { afterMs: Infinity, polls: Infinity };
}

suite('PollFailures', () => {
  for (const [title, { error, finalAfterMs }] of Object.entries(REFUSALS)) {
    test(`make ${title} final only after ${finalAfterMs / MINUTE_MS} minutes of the same answer`, () => {
      const { afterMs, polls } = untilFinal(new PollFailures(LIMITS), error);
      assert.ok(afterMs >= finalAfterMs && afterMs <= finalAfterMs + MINUTE_MS, `final after ${afterMs} ms`);
      assert.ok(polls >= 4, `final after ${polls} polls`);
    });
  }

  for (const [title, error] of Object.entries(PASSING)) {
    test(`make ${title} final only after an outage of ten minutes`, () => {
      const { afterMs } = untilFinal(new PollFailures(LIMITS), error);
      assert.ok(afterMs >= LIMITS.outageMs && afterMs <= LIMITS.outageMs + MINUTE_MS, `final after ${afterMs} ms`);
    });
  }

  test('make no refusal final after two or three answers, even if hours lie between them', () => {
    const failures = new PollFailures(LIMITS);
    for (const now of [0, 3 * MINUTE_MS, 6 * MINUTE_MS])
      assert.ok('pauseMs' in failures.add(answer(404, 'NOT_FOUND'), now, now));
    assert.ok('error' in failures.add(answer(404, 'NOT_FOUND'), 6 * MINUTE_MS + SECOND_MS, 0));
  });

  test('report the outage if one refusal follows a long outage', () => {
    const failures = new PollFailures(LIMITS);
    const outage = answer(503, 'UNAVAILABLE');
    failures.add(outage, 0, 0);
    failures.add(outage, 9 * MINUTE_MS, 0);
    assert.deepEqual(failures.add(answer(404, 'NOT_FOUND'), 11 * MINUTE_MS, 0), { error: outage });
  });

  test('end the wait after ten minutes of changing refusals', () => {
    const failures = new PollFailures(LIMITS);
    const errors = [answer(404, 'NOT_FOUND'), answer(403, 'PERMISSION_DENIED')] as const;
    let now = 0;
    let ended = false;
    for (; !ended && now < 60 * MINUTE_MS; now += 10 * SECOND_MS)
      ended = 'error' in failures.add(errors[(now / 10_000) % 2], now, now);
    assert.ok(now > LIMITS.outageMs && now < LIMITS.outageMs + MINUTE_MS, `final after ${now} ms`);
  });

  test('follow advice of the service for at most ten minutes', () => {
    const failures = new PollFailures(LIMITS);
    const after = failures.add(answer(503, 'UNAVAILABLE', DAY_MS), 0, 0);
    assert.deepEqual(after, { pauseMs: 10 * MINUTE_MS });
  });

  test('double the pause up to a minute', () => {
    const failures = new PollFailures(LIMITS);
    const pauses = Array.from({ length: 8 }, () => failures.add(answer(503, 'UNAVAILABLE'), 0, 0));
    const seconds = pauses.map((after) => ('pauseMs' in after ? after.pauseMs / SECOND_MS : NaN));
    assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('keep the last failure, without credentials and with at most 300 characters', () => {
    const failures = new PollFailures(LIMITS);
    failures.add(new Error(`Bearer ya29.secret ${'\u{1f600}'.repeat(400)}`), 0, Date.UTC(2026, 0, 1));
    const { message = '', at, status } = failures.last ?? {};
    assert.ok(message.length <= 300 && isWellFormed(message), message);
    assert.ok(!message.includes('secret'));
    assert.deepEqual([at, status], ['2026-01-01T00:00:00.000Z', undefined]);
    failures.add(answer(503, 'UNAVAILABLE'), 0, 0);
    assert.deepEqual([failures.last?.message, failures.last?.status], ['answer UNAVAILABLE', 'UNAVAILABLE']);
  });
});

suite('PollFailures.reset', () => {
  test('forgets the count, the last failure, and that it was a refusal', () => {
    const failures = new PollFailures(LIMITS);
    failures.add(answer(403, 'PERMISSION_DENIED'), 0, 0);
    assert.deepEqual([failures.count, failures.isRefused], [1, true]);
    failures.reset();
    assert.deepEqual([failures.count, failures.isRefused, failures.last], [0, false, undefined]);
  });

  test('restarts the pauses from the shortest', () => {
    const failures = new PollFailures(LIMITS);
    for (let failed = 0; failed < 5; failed += 1) failures.add(answer(503, 'UNAVAILABLE'), 0, 0);
    failures.reset();
    assert.deepEqual(failures.add(answer(503, 'UNAVAILABLE'), 0, 0), { pauseMs: SECOND_MS });
  });

  for (const [title, { error, finalAfterMs }] of Object.entries(REFUSALS)) {
    test(`restarts the count and the time of ${title}`, () => {
      const failures = new PollFailures(LIMITS);
      for (const now of [0, 1, 2]) failures.add(error, now, now);
      failures.reset();
      const { afterMs, polls } = untilFinal(failures, error, finalAfterMs);
      assert.ok(afterMs >= finalAfterMs, `final after ${afterMs} ms`);
      assert.ok(polls >= 4, `final after ${polls} polls`);
    });
  }

  test('restarts the time of an outage, and forgets its error', () => {
    const failures = new PollFailures(LIMITS);
    failures.add(answer(503, 'UNAVAILABLE'), 0, 0);
    failures.reset();
    const from = LIMITS.outageMs;
    assert.ok('pauseMs' in failures.add(answer(500, 'INTERNAL'), from, 0));
    failures.reset();
    const refusal = answer(403, 'PERMISSION_DENIED');
    for (let poll = 0; poll < 3; poll += 1) failures.add(refusal, from, 0);
    assert.deepEqual(failures.add(refusal, from + LIMITS.refusedMs, 0), { error: refusal });
  });
});
