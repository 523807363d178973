import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { jittered, pauseAt } from '../../../src/polling/poll-schedule';

const SCHEDULE = { initialDelayMs: 5_000, multiplier: 2, maxDelayMs: 14_000 };
const MINUTE_MS = 60_000;

suite('pauseAt', () => {
  test('grows from the initial delay by the factor, up to the longest pause', () => {
    // 5 s, then twice as long each time: polls at the age of 5, 15, 29, … seconds.
    assert.deepEqual(
      [0, 5_000, 15_000, 3_600_000].map((age) => pauseAt(age, SCHEDULE)),
      [5_000, 10_000, 14_000, 14_000],
    );
  });

  test('is at least 50 ms, whatever the schedule is', () => {
    assert.equal(pauseAt(0, { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0 }), 50);
  });

  const expected = { earliestMs: 10 * MINUTE_MS, latestMs: 10 * MINUTE_MS + 64_000 };

  test('spreads 32 polls over the window in which the end is expected', () => {
    for (const age of [expected.earliestMs, expected.latestMs]) assert.equal(pauseAt(age, SCHEDULE, expected), 2_000);
  });

  test('is never below a second in a short window, or above the regular pause in a long one', () => {
    const short = { earliestMs: 60_000, latestMs: 61_000 };
    assert.equal(pauseAt(60_000, SCHEDULE, short), 1_000);
    const long = { earliestMs: 60_000, latestMs: 100 * MINUTE_MS };
    assert.equal(pauseAt(60_000, SCHEDULE, long), SCHEDULE.maxDelayMs);
  });

  test('is four times longer before the window, but ends where the window begins', () => {
    assert.equal(pauseAt(MINUTE_MS, SCHEDULE, expected), 4 * SCHEDULE.maxDelayMs);
    assert.equal(pauseAt(expected.earliestMs - 20_000, SCHEDULE, expected), 20_000);
    assert.equal(pauseAt(expected.earliestMs - 2_000, SCHEDULE, expected), 2_000);
  });

  test('is the regular pause after the window', () => {
    assert.equal(pauseAt(expected.latestMs + 1, SCHEDULE, expected), SCHEDULE.maxDelayMs);
  });
});

suite('jittered', () => {
  test('varies a pause by up to 10 % in both directions', () => {
    assert.deepEqual(
      [0, 0.5, 1].map((value) => Math.round(jittered(1_000, () => value))),
      [900, 1_000, 1_100],
    );
  });
});
