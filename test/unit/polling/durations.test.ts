import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Durations } from '../../../src/polling/durations';

suite('Durations', () => {
  test('expect no end before five exports of the format, or without a format', () => {
    const durations = new Durations();
    for (let count = 0; count < 4; count += 1) durations.add('tflite', 1_000);
    assert.equal(durations.expectedEnd('tflite'), undefined);
    durations.add('tflite', 1_000);
    assert.ok(durations.expectedEnd('tflite'));
    assert.deepEqual([durations.expectedEnd('onnx'), durations.expectedEnd(undefined)], [undefined, undefined]);
  });

  test('expect the end between the shortest and the longest duration, with a margin of 5 %', () => {
    const durations = new Durations();
    for (const ms of [2_000, 1_000, 4_000, 3_000, 2_000]) durations.add('tflite', ms);
    assert.deepEqual(durations.expectedEnd('tflite'), { earliestMs: 950, latestMs: 4_200 });
  });

  test('keep the newest 16 durations of a format', () => {
    const durations = new Durations();
    durations.add('tflite', 100);
    for (let count = 0; count < 15; count += 1) durations.add('tflite', 1_000);
    assert.equal(durations.expectedEnd('tflite')?.earliestMs, 95);
    durations.add('tflite', 1_000);
    assert.equal(durations.expectedEnd('tflite')?.earliestMs, 950);
  });

  test('keep 64 formats, and drop the one without an export for the longest time', () => {
    const durations = new Durations();
    const add = (format: string): void => {
      for (let count = 0; count < 5; count += 1) durations.add(format, 1_000);
    };
    for (let format = 0; format < 64; format += 1) add(String(format));
    add('0');
    add('new');
    assert.equal(durations.expectedEnd('1'), undefined);
    for (const format of ['0', '2', '63', 'new']) assert.ok(durations.expectedEnd(format), format);
  });
});
