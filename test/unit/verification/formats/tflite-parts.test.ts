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
import { inspectEdgeTpu, inspectTflite } from '../../../../src/verification/formats/tflite/tflite';
import type { Fields } from '../../../support/flatbuffer';
import { flatBuffer } from '../../../support/flatbuffer';
import type { SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';
import type { TfliteParts } from '../../../support/tflite';
import { customCode, subgraph, tfliteModel, withMetadata } from '../../../support/tflite';
import { zipArchive } from '../../../support/zip';

const FILE = 'm.tflite';

const inspect = (file: Buffer, inspector = inspectTflite): Promise<SeenInspection> =>
  inspectWith([{ pattern: /\.tflite$/, inspect: inspector }], { [FILE]: file });

async function findingsOf(parts: TfliteParts): Promise<readonly string[]> {
  return (await inspect(tfliteModel(parts))).findings;
}

async function summaryOf(file: Buffer) {
  const { findings, inspected } = await inspect(file);
  assert.deepEqual(findings, []);
  assert.ok(inspected[0]?.kind === 'tflite');
  return inspected[0].summary;
}

/** The model with a zip archive of these files at its end. */
const withFiles = (model: Buffer, files: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    model,
    zipArchive(
      Object.entries(files).map(([name, content]) => ({ name, content })),
      { start: model.length },
    ),
  ]);

suite('The tensors of a TensorFlow Lite model', () => {
  const tooShort = { buffers: [{ [BUFFER.data]: Buffer.alloc(1) }] };
  const NEEDS = [`${FILE}: its tensor 1 of subgraph 0 needs 8 bytes, but its buffer 1 has 1`];

  test('may have their data elsewhere, or no fixed size: then it is not compared', async () => {
    assert.deepEqual(await findingsOf(tooShort), NEEDS);
    const constants = [
      { [TENSOR.externalBuffer]: { u32: 1 } },
      { [TENSOR.isVariable]: { i8: 1 } },
      { [TENSOR.sparsity]: { table: {} } },
      { [TENSOR.type]: { i8: 5 } },
      { [TENSOR.shape]: { ints: [-1, 2] } },
      { [TENSOR.shape]: { ints: Array<number>(65).fill(1) } },
    ];
    for (const constant of constants) assert.deepEqual(await findingsOf({ ...tooShort, constant }), []);
    const wide = { [TENSOR.shape]: { ints: Array<number>(64).fill(1) } };
    assert.equal((await findingsOf({ ...tooShort, constant: wide })).length, 1);
    assert.deepEqual(await findingsOf({ ...tooShort, constant: { [TENSOR.buffer]: { u32: 0 } } }), []);
  });

  test('may share a buffer, which is compared with each of them', async () => {
    const tensor = (side: number) => ({ [TENSOR.shape]: { ints: [side] }, [TENSOR.buffer]: { u32: 1 } });
    const of = (...sides: readonly number[]) => ({
      subgraphs: [{ ...subgraph(), [SUBGRAPH.tensors]: { tables: [{}, ...sides.map(tensor), {}] } }],
    });
    const { findings, notes } = await inspect(tfliteModel(of(2, 1, 1)));
    assert.deepEqual([findings, notes], [[], [`${FILE}: 2 of its tensors have more data than their shapes need`]]);
    assert.deepEqual(await findingsOf(of(2, 3)), [
      `${FILE}: its tensor 2 of subgraph 0 needs 12 bytes, but its buffer 1 has 8`,
    ]);
  });

  test('have vectors of their quantization in the file', async () => {
    for (const [field, bytes] of [
      [QUANTIZATION.min, 4],
      [QUANTIZATION.max, 4],
      [QUANTIZATION.scale, 4],
      [QUANTIZATION.zeroPoint, 8],
    ] as const) {
      const marker = [0x1234, 0x5678];
      const file = tfliteModel({ constant: { [TENSOR.quantization]: { table: { [field]: { ints: marker } } } } });
      const at = file.indexOf(Buffer.from('3412000078560000', 'hex'));
      assert.ok(at > 4);
      const most = Math.floor((file.length - at) / bytes);
      file.writeUInt32LE(most, at - 4);
      assert.deepEqual((await inspect(file)).findings, []);
      file.writeUInt32LE(most + 1, at - 4);
      assert.deepEqual((await inspect(file)).findings, [
        `${FILE}: is cut off or damaged: the bytes ${at} to ${at + (most + 1) * bytes} belong to it, but the file has ${file.length}`,
      ]);
    }
  });

  test('are described with their signature, if they have one, and with up to 20 of them', async () => {
    const shape = { [TENSOR.shape]: { ints: [1, 2] } };
    const tensors = [{ ...shape, [TENSOR.shapeSignature]: { ints: [] } }, ...Array<Fields>(25).fill(shape)];
    const indexes = Array.from({ length: 25 }, (_, index) => index);
    const { inputs, outputs } = await summaryOf(
      tfliteModel({
        subgraphs: [
          {
            [SUBGRAPH.tensors]: { tables: tensors },
            [SUBGRAPH.inputs]: { ints: [-1, ...indexes] },
            [SUBGRAPH.outputs]: { ints: [25] },
          },
        ],
      }),
    );
    assert.deepEqual(inputs[0], { name: '', type: 'float32', shape: [1, 2] });
    assert.deepEqual([inputs.length, outputs.length], [19, 1]);
  });
});

suite('The references of a TensorFlow Lite model', () => {
  test('are to the last tensor, buffer, operator code and subgraph at most', async () => {
    const operator = { [OPERATOR.intermediates]: { ints: [2] } };
    assert.deepEqual(await findingsOf({ operator }), []);
    assert.deepEqual(await findingsOf({ operator: { [OPERATOR.intermediates]: { ints: [3] } } }), [
      `${FILE}: its operator 0 of subgraph 0 refers to the tensor 3, but there are 3`,
    ]);
    assert.deepEqual(await findingsOf({ subgraph: { [SUBGRAPH.inputs]: { ints: [3] } } }), [
      `${FILE}: its subgraph 0 refers to the tensor 3, but there are 3`,
    ]);
    const metadata = (buffer: number) => ({
      model: { [MODEL.metadata]: { tables: [{ [METADATA.name]: 'x', [METADATA.buffer]: { u32: buffer } }] } },
    });
    assert.deepEqual(await findingsOf(metadata(1)), []);
    assert.deepEqual(await findingsOf(metadata(2)), [`${FILE}: its metadata "x" is in the buffer 2, but there are 2`]);
  });

  test('of signatures are within their subgraph', async () => {
    const signed = (fields: Fields) => ({ model: { [MODEL.signatureDefs]: { tables: [fields] } } });
    const named = (index: number) => ({ tables: [{ [TENSOR_MAP.tensorIndex]: { u32: index } }] });
    assert.deepEqual(await findingsOf(signed({ [SIGNATURE_DEF.outputs]: named(2) })), []);
    for (const side of [SIGNATURE_DEF.inputs, SIGNATURE_DEF.outputs]) {
      assert.deepEqual(await findingsOf(signed({ [side]: named(3) })), [
        `${FILE}: its signature "" refers to the tensor 3, but subgraph 0 has 3`,
      ]);
    }
  });

  test('count the tensors and operators of all subgraphs', async () => {
    const summary = await summaryOf(tfliteModel({ subgraphs: [subgraph(), subgraph()] }));
    assert.deepEqual([summary.subgraphs, summary.operators, summary.tensors], [2, 2, 6]);
    assert.equal('description' in summary, false);
  });

  test('to operator codes with a name need the number of a custom code', async () => {
    const named = (number: number) => ({
      operatorCodes: [
        { [OPERATOR_CODE.customCode]: 'edgetpu-custom-op', [OPERATOR_CODE.builtinCode]: { u32: number } },
      ],
    });
    assert.equal((await summaryOf(tfliteModel(named(32)))).edgeTpu, true);
    assert.equal((await summaryOf(tfliteModel(named(31)))).edgeTpu, false);
  });
});

suite('The data of a TensorFlow Lite model outside of its FlatBuffer', () => {
  const outside = (offset: number, size: number) => ({
    buffers: [{ [BUFFER.offset]: { u64: offset }, [BUFFER.size]: { u64: size } }],
  });

  test('is none at the positions 0 and 1', async () => {
    for (const offset of [0, 1]) assert.deepEqual(await findingsOf(outside(offset, 999_999)), []);
    assert.match((await findingsOf(outside(2, 999_999))).join(), /the bytes 2 to 1000001 belong to it/);
  });

  test('may be the options of an operator, and a program of the Edge TPU', async () => {
    const program = Buffer.concat([Buffer.alloc(60), Buffer.from('DWN1')]);
    const of = (size: number, content: Buffer): Buffer => {
      const make = (offset: number): Buffer =>
        tfliteModel({
          operatorCodes: [customCode('edgetpu-custom-op')],
          operator: {
            [OPERATOR.largeCustomOptionsOffset]: { u64: offset },
            [OPERATOR.largeCustomOptionsSize]: { u64: size },
          },
        });
      const model = make(make(2).length);
      return Buffer.concat([model, content]);
    };
    const good = await inspect(of(64, program), inspectEdgeTpu);
    assert.deepEqual([good.findings, good.notes], [[], []]);
    const NOTE = [`${FILE}: 1 of its 1 Edge TPU programs do not begin like programs of the known compiler`];
    assert.deepEqual((await inspect(of(63, program), inspectEdgeTpu)).notes, NOTE);
    const late = Buffer.concat([Buffer.alloc(61), Buffer.from('DWN1')]);
    assert.deepEqual((await inspect(of(65, late), inspectEdgeTpu)).notes, NOTE);
    assert.match((await inspect(of(65, program), inspectEdgeTpu)).findings.join(), /belong to it, but the file has/);
    const without = tfliteModel({ operatorCodes: [customCode('edgetpu-custom-op')] });
    assert.deepEqual((await inspect(without, inspectEdgeTpu)).notes, NOTE);
  });
});

suite('The archive at the end of a TensorFlow Lite model', () => {
  test('has label files of up to 64 KiB', async () => {
    const of = (length: number): Buffer => withFiles(tfliteModel(), { 'Labels.txt': '\n'.repeat(length) });
    assert.deepEqual((await summaryOf(of(64 * 1024))).labels, { file: 'Labels.txt', lines: 65_536 });
    const { notes } = await inspect(of(64 * 1024 + 1));
    assert.deepEqual(notes, [
      `${FILE}: the lines of its label file "Labels.txt" were not counted: it is compressed or large`,
    ]);
  });

  test('has the first of several label files reported, by its type if metadata names types', async () => {
    const files = { 'a_dict.txt': 'x', 'labels.txt': 'x\ny' };
    assert.deepEqual((await summaryOf(withFiles(tfliteModel(), files))).labels, { file: 'a_dict.txt', lines: 1 });
    for (const type of [2, 3]) {
      const model = tfliteModel(withMetadata([{ name: 'a_dict.txt' }, { name: 'labels.txt', type }]));
      assert.deepEqual((await summaryOf(withFiles(model, files))).labels, { file: 'labels.txt', lines: 2 });
    }
    const other = tfliteModel(withMetadata([{ name: 'a_dict.txt', type: 1 }]));
    assert.deepEqual((await summaryOf(withFiles(other, files))).labels, { file: 'a_dict.txt', lines: 1 });
  });

  test('that begins after the FlatBuffer must have a directory', async () => {
    const model = tfliteModel();
    const archive = zipArchive([{ name: 'x', content: 'y' }]);
    const cut = async (padding: number, length: number): Promise<string> =>
      (await inspect(Buffer.concat([model, Buffer.alloc(padding), archive.subarray(0, length)]))).findings.join();
    const CUT = new RegExp(`^${FILE}: is cut off: the zip archive that begins at \\d+ has no directory$`);
    for (const padding of [0, 1, 40]) {
      assert.match(await cut(padding, archive.length - 1), CUT);
      assert.match(await cut(padding, 2), CUT);
      assert.equal(await cut(padding, archive.length), '');
    }
    // Other bytes after the model belong to no archive.
    assert.deepEqual((await inspect(Buffer.concat([model, Buffer.from('XK\x03\x04')]))).findings, []);
    assert.equal(await cut(100, archive.length - 1), '');
  });

  test('is named by metadata of a known form', async () => {
    const of = (metadata: Buffer): Buffer =>
      tfliteModel({
        model: {
          [MODEL.metadata]: { tables: [{ [METADATA.name]: 'TFLITE_METADATA', [METADATA.buffer]: { u32: 2 } }] },
        },
        buffers: [{ [BUFFER.data]: Buffer.alloc(8) }, { [BUFFER.data]: metadata }],
      });
    const UNKNOWN = [`${FILE}: its TFLITE_METADATA has an unknown form and was not inspected`];
    assert.deepEqual((await inspect(of(Buffer.from('xxxxM00')))).notes, UNKNOWN);
    assert.deepEqual((await inspect(of(Buffer.from('xxxxM002')))).notes, UNKNOWN);
    assert.deepEqual((await inspect(of(Buffer.alloc(0)))).notes, []);
    assert.deepEqual((await inspect(of(flatBuffer({}, 'M001')))).notes, []);
  });

  const named = { tables: [{ 0: 'f.txt' }] };
  const places: Record<string, Fields> = {
    'of the model': { 6: named },
    'of a subgraph': { 3: { tables: [{ 4: named }] } },
    'of an input': { 3: { tables: [{ 2: { tables: [{ 6: named }] } }] } },
    'of an output': { 3: { tables: [{ 3: { tables: [{ 6: named }] } }] } },
  };
  for (const [title, metadata] of Object.entries(places)) {
    test(`has the files ${title} that metadata names`, async () => {
      const { model, buffers = [] } = withMetadata([]);
      const file = tfliteModel({
        ...(model && { model }),
        buffers: [...buffers.slice(0, 1), { [BUFFER.data]: flatBuffer(metadata, 'M001') }],
      });
      assert.deepEqual((await inspect(file)).findings, [
        `${FILE}: is cut off: its metadata names "f.txt", but no zip archive is at its end`,
      ]);
      const { notes } = await inspect(withFiles(file, { other: '' }));
      assert.deepEqual(notes, [`${FILE}: its metadata names "f.txt", which is not in the zip archive at its end`]);
    });
  }

  test('has at most 100 of the files searched for that metadata names', async () => {
    const files = Array.from({ length: 101 }, (_, index) => ({ name: `f${index}` }));
    const { notes } = await inspect(withFiles(tfliteModel(withMetadata(files)), { other: '' }));
    assert.deepEqual([notes.length, notes.at(-1)], [51, 'and 50 more notes']);
  });
});
