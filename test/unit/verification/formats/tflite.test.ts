import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectEdgeTpu, inspectTflite } from '../../../../src/verification/formats/tflite/tflite';
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
import { flatBuffer } from '../../../support/flatbuffer';
import type { SeenInspection } from '../../../support/inspection';
import { fixture, inspectWith } from '../../../support/inspection';
import { customCode, subgraph, tfliteModel, withMetadata } from '../../../support/tflite';
import { zipArchive } from '../../../support/zip';

const PROGRAM = Buffer.concat([Buffer.alloc(12), Buffer.from('DWN1 and what the compiler wrote')]);

function inspect(file: Buffer): Promise<SeenInspection> {
  return inspectWith([{ pattern: /\.tflite$/, inspect: inspectTflite }], { 'model.tflite': file });
}

function inspectCompiled(file: Buffer): Promise<SeenInspection> {
  return inspectWith([{ pattern: /\.tflite$/, inspect: inspectEdgeTpu }], { 'model.tflite': file });
}

type Summary = Extract<SeenInspection['inspected'][number], { kind: 'tflite' }>['summary'];

function summaryOf({ inspected: [file] }: SeenInspection): Summary {
  if (file?.kind === 'tflite') return file.summary;
  throw new Error('Nothing was inspected.');
}

function theFixture(name: string): Buffer {
  const [file] = Object.values(fixture(name));
  if (file) return file;
  throw new Error(`No file in ${name}.`);
}

/** The model with a zip archive of these files at its end. */
function withFiles(model: Buffer, files: Readonly<Record<string, string>>, deflated = false): Buffer {
  const zipped = Object.entries(files).map(([name, content]) => ({ name, content, deflated }));
  return Buffer.concat([model, zipArchive(zipped, { start: model.length })]);
}

/** A model whose constant is after the FlatBuffer. */
function withOutsideData(length: number): Buffer {
  const make = (offset: number): Buffer =>
    tfliteModel({ buffers: [{ [BUFFER.offset]: { u64: offset }, [BUFFER.size]: { u64: 8 } }] });
  const model = make(make(2).length);
  return Buffer.concat([model, Buffer.alloc(length, 1)]);
}

/** The model with the description of its root table's fields moved to its end. */
function withVtableLast(model: Buffer): Buffer {
  const root = model.readUInt32LE(0);
  const vtable = root - model.readInt32LE(root);
  const moved = Buffer.concat([model, model.subarray(vtable, vtable + model.readUInt16LE(vtable))]);
  moved.writeInt32LE(root - model.length, root);
  return moved;
}

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

suite('The labels of a TensorFlow Lite model', () => {
  test('are those which its metadata names, whatever the file is called', async () => {
    const model = tfliteModel(
      withMetadata([
        { name: 'labels_of_old.txt', type: 1 },
        { name: 'names.txt', type: 2 },
      ]),
    );
    const seen = await inspect(withFiles(model, { 'labels_of_old.txt': 'x', 'names.txt': 'cat\r\ndog\r\nbird' }));
    assert.deepEqual([...seen.findings, ...seen.notes], []);
    assert.deepEqual(summaryOf(seen).labels, { file: 'names.txt', lines: 3 });
  });

  test('are found without metadata', async () => {
    const { labels } = summaryOf(await inspect(withFiles(tfliteModel(), { 'readme.md': '', 'dict.txt': 'a\nb\n' })));
    assert.deepEqual(labels, { file: 'dict.txt', lines: 2 });
  });

  test('are not counted if they are compressed, with a note', async () => {
    const seen = await inspect(withFiles(tfliteModel(), { 'labels.txt': 'a\nb\n'.repeat(50) }, true));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /the lines of its label file "labels\.txt" were not counted/);
    assert.equal(summaryOf(seen).labels, undefined);
  });

  test('cause a note if they are missing in a complete archive', async () => {
    const model = tfliteModel(withMetadata([{ name: 'labels.txt', type: 2 }]));
    const seen = await inspect(withFiles(model, { 'other.txt': '' }));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /its metadata names "labels\.txt", which is not in the zip archive at its end/);
  });

  test('cause the rejection of the model if metadata names them and they are cut off', async () => {
    const model = tfliteModel(withMetadata([{ name: 'labels.txt', type: 2 }]));
    const whole = withFiles(model, { 'labels.txt': 'cat\ndog\n' });
    for (let length = model.length; length < whole.length; length += 1) {
      const { findings } = await inspect(whole.subarray(0, length));
      assert.match(
        findings.join('\n'),
        /is cut off: its metadata names "labels\.txt", but no zip archive is at its end/,
      );
    }
  });

  test('are optional if the metadata has an unknown format', async () => {
    const { model } = withMetadata([]);
    const buffers = [{ [BUFFER.data]: Buffer.alloc(8) }, { [BUFFER.data]: flatBuffer({}, 'M002') }];
    const seen = await inspect(tfliteModel({ ...(model && { model }), buffers }));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /its TFLITE_METADATA has an unknown form/);
  });
});

suite('A model for the Edge TPU', () => {
  const compiled = {
    operatorCodes: [customCode('edgetpu-custom-op')],
    operator: { [OPERATOR.customOptions]: PROGRAM },
  };

  test('of the emulator is accepted, and rejected wherever it is cut off', async () => {
    const whole = theFixture('image/edgetpu-tflite');
    const seen = await inspectCompiled(whole);
    assert.deepEqual([...seen.findings, ...seen.notes], []);
    assert.equal(summaryOf(seen).edgeTpu, true);
    for (let length = 1; length < whole.length; length += 1) {
      const { findings } = await inspectCompiled(whole.subarray(0, length));
      assert.ok(findings.length > 0, `${length} of ${whole.length} bytes`);
    }
  });

  test('may have other operators beside the compiled one, and only empty buffers', async () => {
    const operators = [
      { [OPERATOR.customOptions]: PROGRAM },
      { [OPERATOR.opcodeIndex]: { u32: 1 }, [OPERATOR.customOptions]: Buffer.from('boxes') },
    ];
    const seen = await inspectCompiled(
      tfliteModel({
        operatorCodes: [...compiled.operatorCodes, customCode('TFLite_Detection_PostProcess')],
        subgraph: { [SUBGRAPH.operators]: { tables: operators } },
        buffers: [{}, {}],
      }),
    );
    assert.deepEqual([...seen.findings, ...seen.notes], []);
  });

  test('that was not compiled is rejected', async () => {
    const { findings } = await inspectCompiled(theFixture('image/tflite'));
    assert.deepEqual(findings, [
      'model.tflite: is not compiled for the Edge TPU: none of its 4 operator codes is edgetpu-custom-op',
    ]);
  });

  test('whose program no operator uses is rejected', async () => {
    const codes = [{ [OPERATOR_CODE.deprecatedBuiltinCode]: { i8: 0 } }, ...compiled.operatorCodes];
    const { findings } = await inspectCompiled(tfliteModel({ operatorCodes: codes }));
    assert.match(findings.join(), /none of its operators is edgetpu-custom-op/);
  });

  test('of an unknown compiler is accepted with a note', async () => {
    const options = { [OPERATOR.customOptions]: Buffer.from('another program') };
    const { findings, notes } = await inspectCompiled(tfliteModel({ ...compiled, operator: options }));
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /1 of its 1 Edge TPU programs do not begin like programs of the known compiler/);
  });

  test('with a program of 5 MB is inspected with a few small reads, and rejected if the program is cut off', async () => {
    const options = Buffer.concat([PROGRAM, Buffer.alloc(5_000_000)]);
    const whole = tfliteModel({ ...compiled, operator: { [OPERATOR.customOptions]: options } });
    const { findings, reads } = await inspectCompiled(whole);
    assert.deepEqual(findings, []);
    assert.ok(reads.length <= 8 && reads.every(({ length }) => length <= 8_192), JSON.stringify(reads));
    for (const length of [whole.length - 20, 2_500_000, 1_100_000]) {
      assert.match((await inspectCompiled(whole.subarray(0, length))).findings.join(), /is cut off or damaged/);
    }
  });
});

suite('A TensorFlow Lite model larger than 1 MiB', () => {
  /** A model with this number of scattered constants. */
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

  test('is inspected up to 1 MiB, with a note about the number of checked buffers', async () => {
    const seen = await inspect(large(1_000, 10_000));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join('\n'), /^model\.tflite: \d+ of 1001 buffers were checked$/m);
    assert.match(seen.notes.join('\n'), /^model\.tflite: was not fully inspected: only \d+ of \d+ bytes were read$/m);
    assert.equal(summaryOf(seen).tensors, 1_000);
    assert.ok(bytesRead(seen) <= 1024 * 1024, String(bytesRead(seen)));
  });

  test('is rejected if its last weights are cut off, for any number of weights', async () => {
    const whole = large(1_000, 10_000);
    for (const length of [whole.length - 100, whole.length - 5_000_000]) {
      const seen = await inspect(whole.subarray(0, length));
      assert.match(seen.findings.join('\n'), /is cut off or damaged/);
    }
  });

  test('is rejected if the last of its tables is cut off', async () => {
    const tensor = { [TENSOR.quantization]: { table: { [QUANTIZATION.scale]: { ints: [1] } } } };
    const whole = tfliteModel({
      model: { [MODEL.operatorCodes]: undefined },
      subgraphs: [{ [SUBGRAPH.tensors]: { tables: [tensor] } }],
      buffers: [{ [BUFFER.data]: Buffer.alloc(2_000_000) }],
    });
    assert.deepEqual((await inspect(whole)).findings, []);
    assert.match((await inspect(whole.subarray(0, -1))).findings.join(), /is cut off or damaged/);
  });

  test('is rejected if its data after the FlatBuffer is cut off', async () => {
    const outside = { [BUFFER.offset]: { u64: 3_000_000 }, [BUFFER.size]: { u64: 8 } };
    const whole = Buffer.alloc(3_000_008, 1);
    tfliteModel({ buffers: [outside] }).copy(whole);
    assert.deepEqual((await inspect(whole)).findings, []);
    assert.match((await inspect(whole.subarray(0, -1))).findings.join(), /the bytes 3000000 to 3000008 belong to it/);
  });

  test('with more tables than may be read is accepted with a note, and rejected if it is cut off', async () => {
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
