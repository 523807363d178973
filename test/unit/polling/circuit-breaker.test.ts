import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CircuitBreaker } from '../../../src/polling/circuit-breaker';

const BLOCKED_MS = 20 * 60_000;
const DAY_MS = 86_400_000;

suite('CircuitBreaker', () => {
  test('allows a call that has not failed', () => {
    const breaker = new CircuitBreaker();
    assert.deepEqual([breaker.allows(0), breaker.needsProbe], [true, false]);
  });

  test('blocks a call for 20 minutes after a failure, and then asks for a probe', () => {
    const breaker = new CircuitBreaker();
    breaker.recordFailure(1_000);
    assert.deepEqual([breaker.allows(1_000), breaker.allows(1_000 + BLOCKED_MS - 1)], [false, false]);
    assert.deepEqual([breaker.allows(1_000 + BLOCKED_MS), breaker.needsProbe], [true, true]);
  });

  test('doubles the time with each failed probe, up to a day', () => {
    const breaker = new CircuitBreaker();
    let now = 0;
    const blockedMs = Array.from({ length: 9 }, () => {
      breaker.recordFailure(now);
      const from = now;
      while (!breaker.allows(now)) now += BLOCKED_MS;
      return now - from;
    });
    assert.deepEqual(blockedMs, [...[1, 2, 4, 8, 16, 32, 64].map((factor) => factor * BLOCKED_MS), DAY_MS, DAY_MS]);
  });

  test('counts failures of requests that were sent before the block only once', () => {
    const breaker = new CircuitBreaker();
    breaker.recordFailure(0);
    breaker.recordFailure(BLOCKED_MS - 1);
    assert.equal(breaker.allows(BLOCKED_MS), true);
    breaker.recordFailure(BLOCKED_MS);
    assert.equal(breaker.allows(3 * BLOCKED_MS), true, 'it is the second failure, not the third');
  });

  test('allows the call at once after a success, and blocks it for the shortest time after the next failure', () => {
    const breaker = new CircuitBreaker();
    breaker.recordFailure(0);
    breaker.recordFailure(BLOCKED_MS);
    breaker.recordSuccess();
    assert.deepEqual([breaker.allows(BLOCKED_MS), breaker.needsProbe], [true, false]);
    breaker.recordFailure(BLOCKED_MS);
    assert.deepEqual([breaker.allows(2 * BLOCKED_MS - 1), breaker.allows(2 * BLOCKED_MS)], [false, true]);
  });
});
