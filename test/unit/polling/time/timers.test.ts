import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Clock } from '../../../../src/polling/time/clock';
import { Timers } from '../../../../src/polling/time/timers';
import { VirtualClock } from '../../../support/virtual-clock';

suite('Timers', () => {
  test('call back in the order of their times, on one timer of the clock', async () => {
    const clock = new VirtualClock();
    const timers = new Timers(clock);
    const called: string[] = [];
    for (const [name, ms] of [
      ['third', 300],
      ['first', 100],
      ['second', 200],
    ] as const)
      timers.at(clock.now() + ms, () => called.push(name));
    assert.equal(clock.pending, 1);
    await clock.runUntil(clock.sleep(1_000));
    assert.deepEqual(called, ['first', 'second', 'third']);
    assert.equal(clock.pending, 0);
  });

  test('do not call back after they are cancelled', async () => {
    const clock = new VirtualClock();
    const timers = new Timers(clock);
    const timer = timers.at(clock.now() + 100, () => assert.fail('it was cancelled'));
    timers.cancel(timer);
    timers.cancel(timer);
    timers.cancel(undefined);
    assert.equal(clock.pending, 0);
    await clock.runUntil(clock.sleep(1_000));
  });

  test('call back after an error of an earlier callback', async () => {
    // A clock that reports the error instead of stopping the test.
    const virtual = new VirtualClock();
    const errors: unknown[] = [];
    const clock: Clock = {
      now: () => virtual.now(),
      wallNow: () => virtual.wallNow(),
      after: (ms, callback) =>
        virtual.after(ms, () => {
          try {
            callback();
          } catch (error) {
            errors.push(error);
          }
        }),
    };
    const timers = new Timers(clock);
    let called = 0;
    timers.at(virtual.now() + 100, () => {
      throw new Error('broken callback');
    });
    timers.at(virtual.now() + 100, () => (called += 1));
    timers.at(virtual.now() + 200, () => (called += 1));
    await virtual.runUntil(virtual.sleep(1_000));
    assert.deepEqual([called, errors.length], [2, 1]);
  });

  test('wait in parts for times that are too far away for timers of Node', async () => {
    const clock = new VirtualClock();
    const timers = new Timers(clock);
    const farMs = 2 ** 31 + 1_000;
    let calledAt = NaN;
    const startedAt = clock.now();
    timers.at(startedAt + farMs, () => (calledAt = clock.now()));
    const requested: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => {
      requested.push(ms);
      return after(ms, callback);
    };
    await clock.runUntil(clock.sleep(farMs + 1));
    assert.equal(calledAt - startedAt, farMs);
    assert.ok(requested.some((ms) => ms === farMs - (2 ** 31 - 1)));
  });
});
