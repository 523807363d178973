import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LimitError } from '../../../../src/verification/readers/limit-error';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { charged, WorkMeter } from '../../../../src/verification/readers/work';

suite('The cost of an inspection', () => {
  const charge = (meter: WorkMeter, ...steps: readonly number[]): void => {
    for (const step of steps) {
      meter.charge(step);
      meter.rest();
    }
  };

  test('is counted for every access', () => {
    const bytes = new SparseBytes(LoadedParts.of('a.bin', Buffer.alloc(640)), new WorkMeter('a.bin'));
    bytes.u8(0);
    assert.equal(bytes.meter.steps, 1);
    bytes.slice(0, 640);
    assert.equal(bytes.meter.steps, 12);
    bytes.need([
      { start: 0, length: 1 },
      { start: 1, length: 1 },
    ]);
    assert.equal(bytes.meter.steps, 14);
  });

  test('may be 250,000 steps at once, and not one more', () => {
    const meter = new WorkMeter('a.bin');
    charge(meter, 250_000);
    assert.deepEqual([meter.mostStepsAtOnce, meter.breaks], [250_000, 1]);
    assert.throws(
      () => {
        meter.charge(250_001);
      },
      new LimitError('a.bin', 'a part of it takes more than 250000 steps'),
    );
    // It stays so.
    meter.rest();
    assert.throws(
      () => {
        meter.charge(1);
      },
      new LimitError('a.bin', 'a part of it takes more than 250000 steps'),
    );
  });

  test('may be 10,000,000 steps in all, and not one more', () => {
    const meter = new WorkMeter('a.bin');
    charge(meter, ...Array<number>(40).fill(250_000));
    assert.equal(meter.steps, 10_000_000);
    assert.throws(
      () => {
        meter.charge(1);
      },
      new LimitError('a.bin', 'it takes more than 10000000 steps'),
    );
  });

  test('that is not a number ends the inspection', () => {
    assert.throws(() => {
      new WorkMeter('a.bin').charge(Number.NaN);
    }, LimitError);
  });

  test('is due for an interruption after 10,000 steps', () => {
    const meter = new WorkMeter('a.bin');
    meter.charge(9_999);
    assert.equal(meter.isDue, false);
    meter.charge(1);
    assert.equal(meter.isDue, true);
    meter.rest();
    assert.equal(meter.isDue, false);
  });

  test('has the CPU time of its slices', () => {
    const meter = new WorkMeter('a.bin');
    const spin = (ms: number): void => {
      meter.startSlice();
      const { user, system } = process.cpuUsage();
      for (;;) {
        const used = process.cpuUsage();
        if (used.user + used.system - user - system > ms * 1_000) break;
      }
      meter.endSlice();
    };
    spin(20);
    assert.ok(meter.cpuMs >= 15 && meter.cpuMs < 500, `${meter.cpuMs} ms`);
    assert.equal(meter.longestSliceMs, meter.cpuMs);
    spin(2);
    assert.ok(meter.longestSliceMs < meter.cpuMs);
    assert.equal(meter.exhausted, undefined);
    meter.cpuMs = 1_500;
    spin(2);
    assert.throws(
      () => {
        meter.charge(1);
      },
      new LimitError('a.bin', 'it takes more than 1500 ms of CPU time'),
    );
  });

  test('of work without a meter is charged at each of its interruptions', () => {
    const meter = new WorkMeter('a.bin');
    function* work(): Generator<undefined, string, void> {
      yield undefined;
      yield undefined;
      return 'done';
    }
    const running = charged(meter, work(), 7);
    const pauses = [running.next(), running.next()];
    assert.deepEqual([pauses.map(({ done }) => done), meter.steps], [[false, false], 14]);
    assert.deepEqual([running.next(), meter.steps], [{ done: true, value: 'done' }, 14]);
  });
});
