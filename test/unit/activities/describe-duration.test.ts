import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeDuration } from '../../../src/activities/describe-duration';

suite('a described duration', () => {
  for (const [ms, text] of [
    [0, '0 s'],
    [999, '0 s'],
    [1_000, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [61_500, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_661_000, '1 h 1 min'],
    [3_605_000, '1 h'],
    [86_400_000, '1 d'],
    [190_800_000, '2 d 5 h'],
  ] as const) {
    test(`of ${ms} ms is ${text}`, () => {
      assert.equal(describeDuration(ms), text);
    });
  }
});
