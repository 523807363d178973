import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { onnxModel, opset, tensor, value } from '../../../support/onnx';
import { field, message } from '../../../support/protobuf';
import { accepted, assertFewReads, findingsOf, inspect, MIB, unnoticedCuts } from '../../../support/uploaded-kinds';

suite('An ONNX model', () => {
  const floats = (count: number): Buffer => Buffer.alloc(count * 4);
  const weights = tensor({ name: 'w', dims: [4, 3], raw: floats(12) });
  const external = (entries: Readonly<Record<string, string>>): Buffer =>
    onnxModel({ initializers: [tensor({ name: 'w', dims: [4, 3], external: entries })] });

  test('is reported with operator sets, inputs and outputs', async () => {
    const model = onnxModel({
      initializers: [weights],
      // Before version 4 of the format, all constants were inputs, too.
      inputs: [value('x', ['batch', 4]), value('w', [4, 3])],
      outputs: [value('y', [1, 3], 16), value('z')],
      opsets: [opset(17), opset(3, 'ai.onnx.ml')],
    });
    assert.deepEqual(await accepted('model.onnx', model), {
      irVersion: 8,
      opsets: ['ai.onnx 17', 'ai.onnx.ml 3'],
      nodes: 2,
      initializers: 1,
      inputs: [{ name: 'x', type: 'float32', shape: [-1, 4] }],
      outputs: [
        { name: 'y', type: 'bfloat16', shape: [1, 3] },
        { name: 'z', type: 'float32' },
      ],
      producer: 'pytorch 2.4',
    });
    const last = field(8, opset(3, 'ai.onnx.ml')).length;
    // The last operator set is a separate field: the model is complete without it.
    assert.deepEqual(await unnoticedCuts('model.onnx', model), [model.length - last]);
  });

  test('may have types other than tensors', async () => {
    const sequence = Buffer.concat([field(1, 's'), message(2, message(4, field(1, '')))]);
    const summary = await accepted('m.onnx', onnxModel({ outputs: [sequence] }));
    assert.match(JSON.stringify(summary), /"outputs":\[{"name":"s","type":"sequence"}\]/);
  });

  const good: Record<string, Buffer> = {
    'from before operator sets': onnxModel({ irVersion: 2, opsets: [] }),
    'without inputs and nodes': onnxModel({ inputs: [], nodes: 0 }),
    'with constants of all kinds': onnxModel({
      initializers: [
        tensor({ name: 'scalar', dims: [], raw: floats(1) }),
        tensor({ name: 'none', dims: [0, 5] }),
        tensor({ name: 'floats', dims: [3], data: field(4, floats(3)) }),
        tensor({ name: 'float by float', dims: [2], data: Buffer.from('25000000002500000000', 'hex') }),
        tensor({ name: 'longs', dims: [2], type: 7, data: field(7, Buffer.from([1, 2])) }),
        tensor({ name: 'texts', dims: [2], type: 8, data: Buffer.concat([field(6, 'a'), field(6, 'b')]) }),
        tensor({ name: 'half bytes', dims: [3], type: 22, raw: Buffer.alloc(2) }),
        tensor({ name: 'complex', dims: [2], type: 14, data: field(4, floats(4)) }),
        tensor({ name: 'new', dims: [2], type: 99, raw: Buffer.alloc(3) }),
      ],
    }),
  };
  for (const [title, file] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      await accepted('model.onnx', file);
    });
  }

  test('may have its external data in another file', async () => {
    const model = external({ location: 'w.data', offset: '16', length: '48' });
    const { findings, used } = await inspect({ 'a/model.onnx': model, 'a/w.data': Buffer.alloc(64) });
    assert.deepEqual([findings, used], [[], ['a/model.onnx', 'a/w.data']]);
  });

  const bad: Record<string, [Buffer, RegExp]> = {
    'that is a SavedModel': [Buffer.concat([field(1, 1), message(2, field(1, 'x'))]), /it has no graph/],
    'that is text': [Buffer.from('{"error": 404}'), /has no protocol buffer field at byte 0/],
    'without its operator sets': [onnxModel({ opsets: [] }), /does not state its operator sets/],
    'with a constant that is too short': [
      onnxModel({ initializers: [tensor({ name: 'w', dims: [4, 3], raw: floats(11) })] }),
      /the tensor w has 44 bytes, which do not fit its shape \[4, 3\] of float32/,
    ],
    'with too few elements': [
      onnxModel({ initializers: [tensor({ name: 'w', dims: [3], data: field(4, floats(2)) })] }),
      /the tensor w has 2 elements/,
    ],
    'with a constant without elements': [
      onnxModel({ initializers: [tensor({ name: 'w', dims: [3] })] }),
      /the tensor w lacks the elements of its shape \[3\]/,
    ],
    'with a negative dimension': [
      onnxModel({ initializers: [tensor({ name: 'w', dims: [-1] })] }),
      /no possible shape/,
    ],
    'whose external data is missing': [external({ location: 'w.bin' }), /the external data w\.bin is missing/],
    'whose external data is too short': [
      external({ location: 'w.data', offset: '20' }),
      /w\.data has 64 bytes, but the tensor w needs 68/,
    ],
    'whose external data is outside': [external({ location: '../w.data' }), /is outside of the directory/],
    'that does not state the place of its external data': [external({ offset: '1' }), /does not state the location/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf('model.onnx', file, { 'w.data': Buffer.alloc(64) }), message_);
    });
  }

  const heavy = (name: string): Buffer => tensor({ name, dims: [MIB / 8], raw: floats(MIB / 8) });

  test('larger than 1 MiB is inspected in part', async () => {
    const model = onnxModel({ initializers: Array.from({ length: 8 }, (_, index) => heavy(`w${index}`)) });
    const { inspected, notes } = await assertFewReads('model.onnx', model, 10, 100_000);
    assert.deepEqual(notes, []);
    assert.match(JSON.stringify(inspected), /"initializers":8,"inputs":\[\{"name":"x"/);
  });

  test('with very many scattered constants is inspected in part and gets a note', async () => {
    const constant = tensor({ name: 'w', dims: [5_000], raw: floats(5_000) });
    const model = onnxModel({ initializers: Array.from({ length: 300 }, () => constant) });
    const { inspected, notes } = await assertFewReads('model.onnx', model, 130, MIB);
    assert.equal(inspected.length, 1);
    assert.match(notes.join(), /its graph is large: only the parts up to byte \d+/);
    assert.match(await findingsOf('model.onnx', model.subarray(0, -10)), /field 7 at byte \d+ should have/);
  });
});
