import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { backoff } from '../../../src/internal/backoff';

suite('backoff', () => {
  test('doubles the pause with each failure, up to the maximum', () => {
    const pauses = [1, 2, 3, 4, 5, 2_000].map((failures) => backoff(failures, { firstMs: 100, maxMs: 1_000 }));
    assert.deepEqual(pauses, [100, 200, 400, 800, 1_000, 1_000]);
  });

  test('is the first pause if no failure was counted', () => {
    assert.equal(backoff(0, { firstMs: 100, maxMs: 1_000 }), 100);
  });
});
