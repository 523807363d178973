import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  BUFFER,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  SIGNATURE_DEF,
  SUBGRAPH,
  TENSOR,
  TENSOR_MAP,
} from '../../../../src/verification/formats/tflite/schema';
import { customCode, tfliteModel } from '../../../support/tflite';
import { inspect, summaryOf, theFixture, withOutsideData, withVtableLast } from '../../../support/tflite-inspection';

suite('A TensorFlow Lite model', () => {
  test('of the emulator is described with its labels', async () => {
    const seen = await inspect(theFixture('image/tflite'));
    assert.deepEqual(seen.findings, []);
    assert.deepEqual(seen.notes, []);
    assert.deepEqual(summaryOf(seen), {
      schemaVersion: 3,
      subgraphs: 1,
      operators: 4,
      tensors: 9,
      inputs: [{ name: 'serving_default_image:0', type: 'float32', shape: [-1, 16, 16, 3] }],
      outputs: [{ name: 'StatefulPartitionedCall:0', type: 'float32', shape: [-1, 5] }],
      labels: { file: 'labels.txt', lines: 5 },
      edgeTpu: false,
      description: 'MLIR Converted.',
    });
  });

  test('of the emulator is rejected wherever it is cut off, except at the start of its zip archive', async () => {
    const whole = theFixture('image/tflite');
    const archive = whole.indexOf('PK\x03\x04');
    const accepted: number[] = [];
    for (let length = 1; length < whole.length; length += 1) {
      const { findings } = await inspect(whole.subarray(0, length));
      if (findings.length === 0) accepted.push(length);
    }
    assert.deepEqual(accepted, [archive]);
  });

  const good: Record<string, Buffer> = {
    'without names, labels, metadata and signatures': tfliteModel(),
    'with an empty list of signatures': tfliteModel({ model: { [MODEL.signatureDefs]: { tables: [] } } }),
    'with a signature': tfliteModel({
      model: {
        [MODEL.signatureDefs]: {
          tables: [
            {
              [SIGNATURE_DEF.inputs]: { tables: [{ [TENSOR_MAP.name]: 'x' }] },
              [SIGNATURE_DEF.outputs]: { tables: [{ [TENSOR_MAP.name]: 'y', [TENSOR_MAP.tensorIndex]: { u32: 2 } }] },
              [SIGNATURE_DEF.signatureKey]: 'add',
            },
          ],
        },
      },
    }),
    'without operators and their codes': tfliteModel({
      operatorCodes: [],
      subgraph: { [SUBGRAPH.operators]: undefined },
    }),
    'with an omitted optional input': tfliteModel({ operator: { [OPERATOR.inputs]: { ints: [0, -1, 1] } } }),
    'with a custom operator': tfliteModel({
      operatorCodes: [customCode('TFLite_Detection_PostProcess')],
      operator: { [OPERATOR.customOptions]: Buffer.from('anything') },
    }),
    'with an operator beyond the first 127': tfliteModel({
      operatorCodes: [
        { [OPERATOR_CODE.deprecatedBuiltinCode]: { i8: 127 }, [OPERATOR_CODE.builtinCode]: { u32: 150 } },
      ],
    }),
    'with a constant without data': tfliteModel({ buffers: [{}] }),
    'with a constant whose data is an empty list': tfliteModel({ buffers: [{ [BUFFER.data]: Buffer.alloc(0) }] }),
    'with a scalar': tfliteModel({
      constant: { [TENSOR.shape]: undefined, [TENSOR.hasRank]: { i8: 1 } },
      buffers: [{ [BUFFER.data]: Buffer.alloc(4) }],
    }),
    'with texts': tfliteModel({
      constant: { [TENSOR.type]: { i8: 5 } },
      buffers: [{ [BUFFER.data]: Buffer.from('texts of any length') }],
    }),
    'with a sparse tensor': tfliteModel({
      constant: { [TENSOR.shape]: { ints: [100, 100] }, [TENSOR.sparsity]: { table: {} } },
    }),
    'with half-byte weights': tfliteModel({
      constant: { [TENSOR.shape]: { ints: [3] }, [TENSOR.type]: { i8: 17 } },
      buffers: [{ [BUFFER.data]: Buffer.alloc(2) }],
    }),
    'with an unknown type': tfliteModel({ constant: { [TENSOR.type]: { i8: 99 } } }),
    'with a dynamic shape': tfliteModel({ constant: { [TENSOR.shape]: { ints: [-1, 2] } } }),
    'with weights outside of the FlatBuffer': withOutsideData(8),
    'whose vtable is after its table': withVtableLast(tfliteModel()),
    'with zeros after it': Buffer.concat([tfliteModel(), Buffer.alloc(40)]),
    'with a name that is not UTF-8': tfliteModel({ model: { [MODEL.description]: Buffer.from([0xff, 0xfe, 0]) } }),
  };
  for (const [title, file] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      const seen = await inspect(file);
      assert.deepEqual(seen.findings, []);
      assert.deepEqual(seen.notes, []);
      assert.deepEqual(summaryOf(seen).inputs, [{ name: 'in', type: 'float32', shape: [-1, 2] }]);
    });
  }

  test('is reported without the shape of an input with an unknown rank', async () => {
    const tensors = { tables: [{ [TENSOR.type]: { i8: 5 } }, { [TENSOR.hasRank]: { i8: 1 } }] };
    const only = {
      [SUBGRAPH.tensors]: tensors,
      [SUBGRAPH.inputs]: { ints: [-1, 0] },
      [SUBGRAPH.outputs]: { ints: [1] },
    };
    const { inputs, outputs } = summaryOf(await inspect(tfliteModel({ subgraphs: [only] })));
    assert.deepEqual(inputs, [{ name: '', type: 'string' }]);
    assert.deepEqual(outputs, [{ name: '', type: 'float32', shape: [] }]);
  });

  const whole = tfliteModel();
  const withoutIdentifier = Buffer.from(whole);
  withoutIdentifier.write('TOC\n', 4);
  const withRootOutside = Buffer.from(whole);
  withRootOutside.writeUInt32LE(0x7fff_ff00);
  const quantization = { table: { [QUANTIZATION.scale]: { ints: [1] } } };
  const signature = { [SIGNATURE_DEF.signatureKey]: 'add' };
  const signed = (fields: object): Buffer =>
    tfliteModel({ model: { [MODEL.signatureDefs]: { tables: [{ ...signature, ...fields }] } } });
  const bad: Record<string, [Buffer, RegExp]> = {
    'that is a page of a proxy': [
      Buffer.from('<!DOCTYPE html>'),
      /^model\.tflite: is not a TensorFlow Lite model: the identifier at byte 4 is "CTYP", not "TFL3"$/,
    ],
    'with another identifier': [withoutIdentifier, /the identifier at byte 4 is "TOC\\n", not "TFL3"/],
    'of three bytes': [whole.subarray(0, 3), /is not a TensorFlow Lite model: it has 3 bytes/],
    'whose root table is outside': [withRootOutside, /the bytes 2147483392 to 2147483396 belong to it/],
    'of an older schema': [
      tfliteModel({ model: { [MODEL.version]: { u32: 2 } } }),
      /is of version 2 of the TensorFlow/,
    ],
    'without a subgraph': [tfliteModel({ subgraphs: [] }), /has no subgraph/],
    'without buffers': [tfliteModel({ model: { [MODEL.buffers]: undefined } }), /has no list of buffers/],
    'with a custom operator without a name': [
      tfliteModel({ operatorCodes: [customCode()] }),
      /its operator code 0 is a custom one without a name/,
    ],
    'whose operator has no code': [
      tfliteModel({ operator: { [OPERATOR.opcodeIndex]: { u32: 1 } } }),
      /its operator 0 of subgraph 0 refers to the operator code 1, but there are 1/,
    ],
    'whose operator has a wrong input': [
      tfliteModel({ operator: { [OPERATOR.inputs]: { ints: [0, 3] } } }),
      /its operator 0 of subgraph 0 refers to the tensor 3, but there are 3/,
    ],
    'whose operator has a negative output': [
      tfliteModel({ operator: { [OPERATOR.outputs]: { ints: [-2] } } }),
      /its operator 0 of subgraph 0 refers to the tensor -2/,
    ],
    'whose subgraph has a wrong output': [
      tfliteModel({ subgraph: { [SUBGRAPH.outputs]: { ints: [7] } } }),
      /its subgraph 0 refers to the tensor 7, but there are 3/,
    ],
    'whose tensor has no buffer': [
      tfliteModel({ constant: { [TENSOR.buffer]: { u32: 2 } } }),
      /its tensor 1 of subgraph 0 refers to the buffer 2, but there are 2/,
    ],
    'whose constant is too short': [
      tfliteModel({ buffers: [{ [BUFFER.data]: Buffer.alloc(7) }] }),
      /its tensor 1 of subgraph 0 needs 8 bytes, but its buffer 1 has 7/,
    ],
    'whose weights outside of the FlatBuffer are cut off': [
      withOutsideData(7),
      /is cut off or damaged: the bytes \d+ to \d+ belong to it, but the file has \d+/,
    ],
    'whose last vtable is cut off': [withVtableLast(whole).subarray(0, -1), /is cut off or damaged: the bytes/],
    'whose signature has a wrong subgraph': [
      signed({ [SIGNATURE_DEF.subgraphIndex]: { u32: 1 } }),
      /its signature "add" refers to the subgraph 1, but there are 1/,
    ],
    'whose signature has a wrong tensor': [
      signed({ [SIGNATURE_DEF.inputs]: { tables: [{ [TENSOR_MAP.tensorIndex]: { u32: 3 } }] } }),
      /its signature "add" refers to the tensor 3, but subgraph 0 has 3/,
    ],
    'whose metadata has no buffer': [
      tfliteModel({ model: { [MODEL.metadata]: { tables: [{ [METADATA.buffer]: { u32: 5 } }] } } }),
      /its metadata "" is in the buffer 5, but there are 2/,
    ],
  };
  for (const [title, [file, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      const { findings } = await inspect(file);
      assert.equal(findings.length, 1);
      assert.match(findings[0] ?? '', message);
    });
  }

  test('whose lists refer to one operator thousands of times is accepted with a note', async () => {
    const file = tfliteModel({
      subgraph: {
        [SUBGRAPH.operators]: { repeated: { [OPERATOR.inputs]: { ints: Array(1_000).fill(0) } }, times: 20_000 },
      },
    });
    const { findings, notes } = await inspect(file);
    assert.deepEqual(findings, []);
    assert.match(notes.join('\n'), /model\.tflite: was not fully inspected: it takes more than \d+ steps/);
  });

  test('whose constant has bytes left over is accepted with a note, as runtimes accept it', async () => {
    const seen = await inspect(
      tfliteModel({ constant: { [TENSOR.quantization]: quantization }, buffers: [{ [BUFFER.data]: Buffer.alloc(9) }] }),
    );
    assert.deepEqual(seen.findings, []);
    assert.deepEqual(seen.notes, ['model.tflite: 1 of its tensors have more data than their shapes need']);
  });
});
