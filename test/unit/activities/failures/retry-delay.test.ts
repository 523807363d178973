import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { timeLeft, withRetryInTime } from '../../../../src/activities/failures/retry-delay';
import { ExportFailureType } from '../../../../src/contract/failures';

const NOW = 1_000_000;

function delayWith(
  minutesLeft: number | undefined,
  advised: number | undefined,
  type = 'ExportError.Unavailable',
): unknown {
  const failure = ApplicationFailure.create({
    message: 'm',
    type,
    details: [1],
    ...(advised !== undefined && { nextRetryDelay: advised }),
  });
  const scheduleToCloseTimeoutMs = minutesLeft === undefined ? 0 : minutesLeft * 60_000;
  const bounded = withRetryInTime(failure, { scheduledTimestampMs: NOW, scheduleToCloseTimeoutMs }, NOW);
  assert.deepEqual([bounded.message, bounded.type, bounded.details], ['m', type, [1]]);
  return bounded.nextRetryDelay ?? undefined;
}

suite('the pause before another attempt of an activity', () => {
  test('follows the advice of the service if there is time left', () => {
    assert.equal(delayWith(60, 30_000), 30_000);
    assert.equal(delayWith(undefined, 30_000), 30_000);
  });

  test('is at most half of the time until the deadline', () => {
    assert.equal(delayWith(2, 90_000), 60_000);
    assert.equal(delayWith(0.01, 90_000), 1_000);
  });

  test('is at most ten minutes', () => {
    assert.equal(delayWith(undefined, 86_400_000), 600_000);
    assert.equal(delayWith(10_000, 86_400_000), 600_000);
  });

  test('follows the retry policy if the service gives no advice', () => {
    assert.equal(delayWith(1, undefined), undefined);
  });

  test('has a separate length for a parked export', () => {
    assert.equal(delayWith(600, 3_600_000, ExportFailureType.StillRunning), 3_600_000);
  });

  test('is computed from the remaining time', () => {
    assert.equal(timeLeft({ scheduledTimestampMs: NOW, scheduleToCloseTimeoutMs: 5_000 }, NOW + 2_000), 3_000);
    assert.equal(timeLeft({ scheduledTimestampMs: NOW, scheduleToCloseTimeoutMs: 0 }, NOW), Infinity);
  });
});
