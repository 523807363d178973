import { deflateSync } from 'node:zlib';
import { dict, global, int, joblibArray, list, object, persistent, pickle, text, tuple } from '../../support/pickle';
import { flatBuffer } from '../../support/flatbuffer';
import { tfliteModel, withMetadata } from '../../support/tflite';
import { legacyXgboost, ubjson } from '../../support/xgboost';
import { zipArchive } from '../../support/zip';
import { BUFFER, MODEL, OPERATOR, SUBGRAPH, TENSOR } from '../../../src/verification/formats/tflite/schema';
import type { FileCase } from './file-cases';
import { repeated, u64 } from './file-cases';

const MIB = 1024 * 1024;

const caseOf =
  (kind: string, format: string, path: string) =>
  (title: string, file: FileCase['file'], more: Partial<FileCase> = {}): FileCase => ({
    ...{ title: `${kind}: ${title}`, format, path, file },
    ...more,
  });
const tfliteCase = caseOf('TFLite', 'tflite', 'model.tflite');
const zipCase = caseOf('PyTorch', 'custom-trained', 'model.pt');
const pickleCase = caseOf('pickle', 'custom-trained', 'model.pkl');
const joblibCase = caseOf('joblib', 'custom-trained', 'model.joblib');
const xgboostCase = caseOf('XGBoost', 'custom-trained', 'model.bst');
const marCase = caseOf('TorchServe', 'custom-trained', 'model.mar');

const raw = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');
const opcodes = (...parts: readonly Buffer[]): Buffer => Buffer.concat([raw('\x80\x02'), ...parts, raw('.')]);
const beLength = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

const tiny = tfliteModel();
/** A model whose root table and vtable have the same offset. */
const ownVtable = Buffer.from(tiny);
ownVtable.writeInt32LE(0, tiny.readUInt32LE(0));
/** A model whose vector of subgraphs states 2^31 elements. */
const endless = Buffer.from(
  flatBuffer(
    { [MODEL.version]: { u32: 3 }, [MODEL.subgraphs]: { repeated: {}, times: 77 }, [MODEL.buffers]: { tables: [{}] } },
    'TFL3',
  ),
);
endless.writeUInt32LE(0x8000_0000, endless.indexOf(Buffer.from([77, 0, 0, 0])));

/**
 * An archive whose directory has this many entries that all name the same data.
 *
 * @param stated the number of entries in its end record
 */
function manyEntries(count: number, name = 'm/data/0', stated: number | bigint = count + 1): Buffer {
  const one = zipArchive([
    { name: 'm/data.pkl', content: pickle(int(1)) },
    { name, content: '' },
  ]);
  const endAt = one.length - 22;
  const directoryAt = one.readUInt32LE(endAt + 16);
  const second = one.subarray(one.indexOf('PK\x01\x02', directoryAt + 4, 'latin1'), endAt);
  const directory = Buffer.concat([one.subarray(directoryAt, endAt - second.length), repeated(second, count)]);
  const end64 = Buffer.alloc(56);
  end64.write('PK\x06\x06', 0, 'latin1');
  u64(stated).copy(end64, 32);
  u64(directory.length).copy(end64, 40);
  u64(directoryAt).copy(end64, 48);
  const locator = Buffer.concat([
    raw('PK\x06\x07\0\0\0\0'),
    u64(directoryAt + directory.length),
    Buffer.from([1, 0, 0, 0]),
  ]);
  const end = Buffer.concat([raw('PK\x05\x06\0\0\0\0'), Buffer.alloc(12, 0xff), Buffer.alloc(2)]);
  return Buffer.concat([one.subarray(0, directoryAt), directory, end64, locator, end]);
}

/** A dictionary that is repeated as the state of joblib's class, with a shape of this many dimensions. */
function arraysOverAndOver(sides: number, times: number): Buffer {
  const dtype = object(global('numpy', 'dtype'), tuple(text('f8')), tuple(int(3)));
  const shape = Buffer.concat([raw('('), repeated('K\0', sides), raw('t')]);
  const state = Buffer.concat([raw('}('), text('shape'), shape, text('dtype'), dtype, raw('uq\x01')]);
  const wrapper = Buffer.concat([global('joblib.numpy_pickle', 'NumpyArrayWrapper'), raw(')R')]);
  return opcodes(wrapper, state, raw('b'), repeated('h\x01b', times));
}

export const ARCHIVE_FILE_CASES: readonly FileCase[] = [
  tfliteCase('a table that describes itself', ownVtable, { finding: /./ }),
  tfliteCase('a vector of 2^31 subgraphs', endless, { finding: /is cut off or damaged/ }),
  tfliteCase(
    'a million operators that are the same table',
    tfliteModel({ subgraph: { [SUBGRAPH.operators]: { repeated: {}, times: 1_000_000 } } }),
    {
      note: /was not fully inspected/,
    },
  ),
  tfliteCase(
    '200,000 tensors that are the same table',
    tfliteModel({
      subgraph: { [SUBGRAPH.tensors]: { repeated: { [TENSOR.shape]: { ints: [1] } }, times: 200_000 } },
    }),
  ),
  tfliteCase(
    '1,000 subgraphs of 1,000 operators, all the same',
    tfliteModel({
      subgraph: {
        [SUBGRAPH.operators]: { repeated: { [OPERATOR.inputs]: { ints: Array<number>(100).fill(0) } }, times: 1_000 },
      },
      model: {
        [MODEL.subgraphs]: {
          repeated: {
            [SUBGRAPH.tensors]: { repeated: {}, times: 1_000 },
            [SUBGRAPH.operators]: { repeated: {}, times: 1_000 },
          },
          times: 1_000,
        },
      },
    }),
    { note: /was not fully inspected/ },
  ),
  tfliteCase(
    'a shape of 100,000 sides',
    tfliteModel({ constant: { [TENSOR.shape]: { ints: Array<number>(100_000).fill(2) } } }),
    { isAccepted: true },
  ),
  tfliteCase(
    '200,000 buffers',
    tfliteModel({ model: { [MODEL.buffers]: { repeated: { [BUFFER.data]: Buffer.alloc(8) }, times: 200_000 } } }),
  ),
  tfliteCase(
    'a description of 900 KB of bidi characters',
    tfliteModel({ model: { [MODEL.description]: '\u202e'.repeat(300_000) } }),
    { isAccepted: true },
  ),
  tfliteCase(
    'metadata in circles',
    tfliteModel({
      ...withMetadata([]),
      model: { ...withMetadata([]).model, [MODEL.metadata]: { repeated: { 0: 'x', 1: { u32: 0 } }, times: 150_000 } },
    }),
  ),
  tfliteCase(
    'labels that are a bomb',
    Buffer.concat([
      tfliteModel(withMetadata([{ name: 'labels.txt', type: 2 }])),
      zipArchive([{ name: 'labels.txt', content: Buffer.alloc(50 * MIB), deflated: true }]),
    ]),
    { note: /were not counted/ },
  ),
  tfliteCase(
    'a label file whose name has 60 KB',
    Buffer.concat([tiny, zipArchive([{ name: `${'l'.repeat(60_000)}labels`, content: 'a' }])]),
    {
      isAccepted: true,
    },
  ),
  tfliteCase('100,000 appended entries', Buffer.concat([tiny, manyEntries(100_000, 'x')])),
  zipCase('100,000 entries', manyEntries(100_000), { isAccepted: true }),
  zipCase('a million entries', manyEntries(1_000_000), {
    isAccepted: true,
    note: /was not fully inspected: its index has/,
  }),
  zipCase(
    'entries with names of 64 KB',
    zipArchive([
      { name: 'm/data.pkl', content: pickle(int(1)) },
      ...Array.from({ length: 100 }, (_, index) => ({ name: `${index}${'n'.repeat(65_000)}`, content: '' })),
    ]),
    { isAccepted: true },
  ),
  zipCase(
    'a bomb as its pickle',
    zipArchive([{ name: 'm/data.pkl', content: Buffer.alloc(100 * MIB), deflated: true }]),
    {
      isAccepted: true,
      note: /is compressed/,
    },
  ),
  zipCase('a directory that states 2^60 entries', manyEntries(1, 'm/data/0', 2n ** 60n), {
    finding: /./,
  }),
  zipCase(
    'storages called __proto__ and of type constructor',
    zipArchive([
      {
        name: 'm/data.pkl',
        content: pickle(
          persistent(tuple(text('storage'), global('torch', 'constructor'), text('__proto__'), text('cpu'), int(4))),
        ),
      },
    ]),
    { finding: /the tensor data m\/data\/__proto__ is missing/ },
  ),
  zipCase(
    '50,000 storages that are missing',
    zipArchive([
      {
        name: 'm/data.pkl',
        content: pickle(
          list(
            ...Array.from({ length: 15_000 }, (_, index) =>
              persistent(
                tuple(text('storage'), global('torch', 'FloatStorage'), text(`${index}`), text('cpu'), int(4)),
              ),
            ),
          ),
        ),
      },
    ]),
    { finding: /and 14950 more findings/ },
  ),
  pickleCase('a million opcodes', opcodes(repeated('N0', 500_000), raw('N')), { isAccepted: true }),
  pickleCase('ten million opcodes', opcodes(repeated('N0', 5_000_000), raw('N')), {
    isAccepted: true,
    note: /was not fully inspected: it was followed up to/,
  }),
  pickleCase('a stack of a million values', opcodes(repeated('N', 1_000_000)), {
    isAccepted: true,
    note: /more than 100000 values/,
  }),
  pickleCase(
    'tuples of tuples, a billion in all',
    opcodes(raw('K\x01q\0'), repeated(Buffer.concat([raw('(('), repeated('h\0', 20), raw('t1h\0')]), 20_000)),
  ),
  pickleCase('a memo that refers to itself', opcodes(raw(']q\0'), repeated('h\0a', 200_000)), { isAccepted: true }),
  pickleCase('marks without end', opcodes(repeated('(', 900_000))),
  pickleCase('a number of 2 GiB', opcodes(raw('\x8b\xff\xff\xff\x7f')), { finding: /is cut off or damaged/ }),
  pickleCase('a number of negative length', opcodes(raw('\x8b\xff\xff\xff\xff')), { finding: /is cut off or damaged/ }),
  pickleCase('a frame of 2^63 bytes', Buffer.concat([raw('\x80\x04\x95'), Buffer.alloc(8, 0xff), raw('N.')]), {
    finding: /the impossible number/,
  }),
  pickleCase('a line without end', Buffer.concat([raw('\x80\x02c'), repeated('m', MIB - 3)]), {
    finding: /has no end/,
  }),
  pickleCase('keys called __proto__', pickle(dict({ ['__proto__']: int(1), constructor: int(2) })), {
    isAccepted: true,
  }),
  pickleCase(
    'many objects of a class with a long name',
    opcodes(raw(`c${'m'.repeat(1_000)}\nC\n)R`), repeated('Nb', 300_000)),
    { isAccepted: true },
  ),
  joblibCase('a zlib bomb', deflateSync(Buffer.alloc(200 * MIB)), {
    isAccepted: true,
    note: /it is compressed \(zlib\)/,
  }),
  joblibCase('16 MB of opcodes in zlib', deflateSync(opcodes(repeated('N0', 8_000_000 - 2), raw('N'))), {
    isAccepted: true,
  }),
  joblibCase('a shape of 60,000 sides for each of 300,000 arrays', arraysOverAndOver(60_000, 250_000), {}),
  joblibCase('a shape of 60 sides for each of 300,000 arrays', arraysOverAndOver(60, 300_000), { isAccepted: true }),
  joblibCase(
    'an array of 2^60 elements',
    pickle(joblibArray({ type: 'f8', shape: [2 ** 30, 2 ** 30], data: Buffer.alloc(0) })),
    { finding: /is cut off or damaged/ },
  ),
  xgboostCase('UBJSON nested a million levels deep', repeated('{L\0\0\0\0\0\0\0\x01a', 90_000), { finding: /./ }),
  xgboostCase(
    'a UBJSON array of 2^62 values',
    Buffer.concat([raw('{L\0\0\0\0\0\0\0\x07learner[#L'), beLength(2n ** 62n), repeated('Z', 800_000)]),
    { finding: /./ },
  ),
  xgboostCase(
    'a UBJSON array of 2^62 values without bytes',
    Buffer.concat([raw('{L\0\0\0\0\0\0\0\x07learner[$Z#L'), beLength(2n ** 62n), raw('}')]),
    { isAccepted: true },
  ),
  xgboostCase(
    'a million UBJSON values',
    Buffer.concat([raw('{L\0\0\0\0\0\0\0\x07learner['), repeated('Z', MIB - 32), raw(']}')]),
    { isAccepted: true },
  ),
  xgboostCase('a length of -1', Buffer.concat([raw('{L'), beLength(-1n), raw('learner')]), { finding: /./ }),
  xgboostCase('a key called __proto__', ubjson({ learner: {}, ['__proto__']: 1, version: [2, 1, 4] }), {
    isAccepted: true,
  }),
  xgboostCase('a megabyte of brackets in JSON', Buffer.concat([raw('{"learner":'), repeated('[', MIB - 11)]), {
    finding: /its values are nested deeper than 32/,
  }),
  xgboostCase(
    'a text of a megabyte in JSON',
    Buffer.concat([raw('{"learner":"'), repeated('\\"', MIB / 2 - 12), raw('"}')]),
    { isAccepted: true },
  ),
  xgboostCase('a booster called constructor', replaced(legacyXgboost(), 'gbtree', 'toLocal'), {}),
  xgboostCase('2^31 trees', withTrees(legacyXgboost()), { finding: /./ }),
  xgboostCase(
    'attributes within attributes',
    Buffer.concat([legacyXgboost({ trees: [40_000] }), repeated(Buffer.concat([u64(1), raw('a')]), 14_000)]),
    { finding: /./ },
  ),
  marCase(
    'a manifest nested deep',
    zipArchive([{ name: 'MAR-INF/MANIFEST.json', content: `{"model":${'{"a":'.repeat(100_000)}` }]),
    { note: /nested deeper than 1000/ },
  ),
  marCase(
    'a manifest of 3 MB of names',
    zipArchive([
      {
        name: 'MAR-INF/MANIFEST.json',
        content: `{"model":{"modelName":"${'n'.repeat(3 * MIB)}","serializedFile":"${'f'.repeat(100_000)}"}}`,
      },
    ]),
    { finding: /its f+…f+ is missing/ },
  ),
  marCase(
    'fields called __proto__',
    zipArchive([
      {
        name: 'MAR-INF/MANIFEST.json',
        content: '{"__proto__":{"model":{}},"model":{"__proto__":{"handler":"x.py"},"modelName":"m"}}',
      },
    ]),
    { isAccepted: true },
  ),
];

function replaced(file: Buffer, from: string, to: string): Buffer {
  const text = file
    .toString('latin1')
    .replace(
      `${String.fromCharCode(from.length)}\0\0\0\0\0\0\0${from}`,
      `${String.fromCharCode(to.length)}\0\0\0\0\0\0\0${to}`,
    );
  return Buffer.from(text, 'latin1');
}

function withTrees(file: Buffer): Buffer {
  const changed = Buffer.from(file);
  changed.writeInt32LE(0x7fff_ffff, file.indexOf('gbtree') + 6);
  return changed;
}
