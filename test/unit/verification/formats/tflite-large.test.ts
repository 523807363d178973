import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  BUFFER,
  MODEL,
  OPERATOR,
  QUANTIZATION,
  SUBGRAPH,
  TENSOR,
} from '../../../../src/verification/formats/tflite/schema';
import type { SeenInspection } from '../../../support/inspection';
import { subgraph, tfliteModel } from '../../../support/tflite';
import { inspect, summaryOf } from '../../../support/tflite-inspection';

suite('A TensorFlow Lite model larger than 1 MiB', () => {
  /** A model with this number of constants, each in a separate buffer. */
  function large(constants: number, bytes: number): Buffer {
    const tensor = { [TENSOR.type]: { i8: 3 }, [TENSOR.shape]: { ints: [bytes] }, [TENSOR.name]: 'weights' };
    const tensors = Array.from({ length: constants }, (_, index) => ({
      ...tensor,
      [TENSOR.buffer]: { u32: index + 1 },
    }));
    return tfliteModel({
      subgraphs: [{ ...subgraph(), [SUBGRAPH.tensors]: { tables: tensors }, [SUBGRAPH.name]: 'main' }],
      buffers: Array.from({ length: constants }, () => ({ [BUFFER.data]: Buffer.alloc(bytes, 1) })),
    });
  }
  const bytesRead = ({ reads }: SeenInspection): number => reads.reduce((sum, { length }) => sum + length, 0);

  test('is inspected completely if it has few tables', async () => {
    const seen = await inspect(large(50, 100_000));
    assert.deepEqual([...seen.findings, ...seen.notes], []);
    assert.equal(summaryOf(seen).tensors, 50);
    assert.ok(bytesRead(seen) <= 512 * 1024, String(bytesRead(seen)));
    assert.ok(seen.reads.length <= 80, String(seen.reads.length));
  });

  test('is inspected up to 1 MiB, and a note reports how many buffers were checked', async () => {
    const seen = await inspect(large(1_000, 10_000));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join('\n'), /^model\.tflite: \d+ of 1001 buffers were checked$/m);
    assert.match(seen.notes.join('\n'), /^model\.tflite: was not fully inspected: only \d+ of \d+ bytes were read$/m);
    assert.equal(summaryOf(seen).tensors, 1_000);
    assert.ok(bytesRead(seen) <= 1024 * 1024, String(bytesRead(seen)));
  });

  test('is refused where its last weights are cut off, however many it has', async () => {
    const whole = large(1_000, 10_000);
    for (const length of [whole.length - 100, whole.length - 5_000_000]) {
      const seen = await inspect(whole.subarray(0, length));
      assert.match(seen.findings.join('\n'), /is cut off or damaged/);
    }
  });

  test('is refused where the last of its tables is cut off', async () => {
    const tensor = { [TENSOR.quantization]: { table: { [QUANTIZATION.scale]: { ints: [1] } } } };
    const whole = tfliteModel({
      model: { [MODEL.operatorCodes]: undefined },
      subgraphs: [{ [SUBGRAPH.tensors]: { tables: [tensor] } }],
      buffers: [{ [BUFFER.data]: Buffer.alloc(2_000_000) }],
    });
    assert.deepEqual((await inspect(whole)).findings, []);
    assert.match((await inspect(whole.subarray(0, -1))).findings.join(), /is cut off or damaged/);
  });

  test('is refused where its data behind the FlatBuffer is cut off', async () => {
    const outside = { [BUFFER.offset]: { u64: 3_000_000 }, [BUFFER.size]: { u64: 8 } };
    const whole = Buffer.alloc(3_000_008, 1);
    tfliteModel({ buffers: [outside] }).copy(whole);
    assert.deepEqual((await inspect(whole)).findings, []);
    assert.match((await inspect(whole.subarray(0, -1))).findings.join(), /the bytes 3000000 to 3000008 belong to it/);
  });

  test('of more tables than may be read is accepted with a note, and refused where it is cut off', async () => {
    const operators = Array.from({ length: 80_000 }, () => ({ [OPERATOR.inputs]: { ints: [0] } }));
    const outside = { [BUFFER.offset]: { u64: 3_000_000 }, [BUFFER.size]: { u64: 8 } };
    const whole = Buffer.alloc(3_000_008);
    tfliteModel({ subgraph: { [SUBGRAPH.operators]: { tables: operators } }, buffers: [outside] }).copy(whole);
    const seen = await inspect(whole);
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join('\n'), /was not fully inspected: only \d+ of 3000008 bytes were read/);
    assert.equal(summaryOf(seen).operators, 80_000);
    assert.match((await inspect(whole.subarray(0, -1))).findings.join(), /is cut off or damaged/);
  });
});
