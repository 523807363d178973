import { coreMl } from '../../support/core-ml';
import { onnxModel, tensor, value } from '../../support/onnx';
import { field, mapEntry, message, varint } from '../../support/protobuf';
import { savedModel, snappyOf, variablesIndex } from '../../support/saved-model';
import type { FileCase } from './file-cases';
import { repeated } from './file-cases';

const MIB = 1024 * 1024;

const onnxCase = (title: string, file: FileCase['file'], more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `ONNX: ${title}`, format: 'custom-trained', path: 'model.onnx', file },
  ...more,
});

const savedModelCase = (title: string, file: FileCase['file'], more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `SavedModel: ${title}`, format: 'tf-saved-model', path: 'saved_model.pb', file },
  ...more,
});

const indexCase = (title: string, index: Buffer, more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `SavedModel variables: ${title}`, format: 'tf-saved-model', path: 'saved_model.pb' },
  ...{ file: savedModel({ restores: true }), beside: { 'variables/variables.index': index } },
  ...more,
});

const coreMlCase = (title: string, file: FileCase['file'], more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `Core ML: ${title}`, format: 'core-ml', path: 'model.mlmodel', file },
  ...more,
});

/** A message that is nested this many times. */
function nested(depth: number, ...numbers: readonly number[]): Buffer {
  let content: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) content = message(numbers[level % numbers.length] ?? 1, content);
  return content;
}

/** A SavedModel whose graph has this many bytes, which are generated when they are read. */
function largeGraph(bytes: number): FileCase['file'] {
  const before = Buffer.concat([message(1, field(4, 'serve'), field(5, '2.15.1')), Buffer.from([0x12]), varint(bytes)]);
  const signature = mapEntry(5, 'serving_default', mapEntry(2, 'y', field(1, 'y:0'), field(2, 1)));
  const after = Buffer.concat([message(3, field(1, 'save/Const:0')), signature]);
  const metaBytes = before.length + bytes + after.length;
  const start = Buffer.concat([field(1, 1), Buffer.from([0x12]), varint(metaBytes), before]);
  return {
    bytes: start.length + bytes + after.length,
    parts: [
      { at: 0, content: start },
      { at: start.length + bytes, content: after },
    ],
  };
}

const manyTensors = Buffer.concat(
  Array.from({ length: 20_000 }, (_, index) => tensor({ name: `t${index}`, dims: [0] })).map((content) =>
    field(5, content),
  ),
);

export const MESSAGE_FILE_CASES: readonly FileCase[] = [
  onnxCase(
    'subgraphs nested 10,000 levels deep',
    Buffer.concat([field(1, 8), message(7, nested(10_000, 6, 5, 1)), field(8, '\x10\x11')]),
  ),
  onnxCase('numbers that never end', repeated(Buffer.from([0x08, 0xff]), MIB / 2)),
  onnxCase('a length of 2^63', Buffer.concat([field(1, 8), Buffer.from([0x3a]), varint(2n ** 63n - 1n)]), {
    finding: /is cut off or damaged/,
  }),
  onnxCase('a negative length', Buffer.concat([field(1, 8), Buffer.from([0x3a]), varint(-5)]), {
    finding: /should have -5 bytes/,
  }),
  onnxCase(
    'a million nodes',
    Buffer.concat([field(1, 8), message(7, repeated(Buffer.from([0x0a, 0]), 500_000)), field(8, '\x10\x11')]),
    {
      isAccepted: true,
    },
  ),
  onnxCase(
    'ten million nodes',
    Buffer.concat([field(1, 8), message(7, repeated(Buffer.from([0x0a, 0]), 5_000_000)), field(8, '\x10\x11')]),
    {
      isAccepted: true,
      note: /was not fully inspected/,
    },
  ),
  onnxCase('20,000 constants', Buffer.concat([field(1, 8), message(7, manyTensors), field(8, '\x10\x11')]), {
    isAccepted: true,
  }),
  onnxCase(
    'a shape of 500,000 sides',
    onnxModel({ initializers: [Buffer.concat([message(1, repeated('\x01', 500_000)), field(8, 'w')])] }),
    {
      isAccepted: true,
      note: /more than 64 dimensions/,
    },
  ),
  onnxCase(
    'a name of 900 KB',
    onnxModel({ initializers: [tensor({ name: 'n'.repeat(900_000), dims: [5], raw: Buffer.alloc(1) })] }),
    {
      finding: /the tensor n+…n+ has 1 bytes/,
    },
  ),
  onnxCase(
    'external data with a name of 60 KB',
    onnxModel({
      initializers: [tensor({ name: 'w', dims: [1], external: { location: 'x'.repeat(60_000) } })],
    }),
    { finding: /the external data x+…x+ is missing/ },
  ),
  onnxCase(
    'external data outside of the directory',
    onnxModel({
      initializers: [tensor({ name: 'w', dims: [1], external: { location: 'a/../../secret' } })],
    }),
    { finding: /is outside of the directory/, beside: { secret: Buffer.alloc(4) } },
  ),
  onnxCase(
    'external data called __proto__',
    onnxModel({
      initializers: [tensor({ name: '__proto__', dims: [1], external: { location: '__proto__' } })],
    }),
    { finding: /the external data __proto__ is missing/ },
  ),
  onnxCase(
    '10,000 files of external data',
    onnxModel({
      initializers: Array.from({ length: 10_000 }, (_, index) =>
        tensor({ name: `${index}`, dims: [1], external: { location: `f${index}` } }),
      ),
    }),
    { finding: /and 9950 more findings/ },
  ),
  onnxCase(
    'inputs of 4 KB each',
    onnxModel({ inputs: Array.from({ length: 200 }, () => value('x', Array<number>(500).fill(1))) }),
    {
      isAccepted: true,
    },
  ),
  savedModelCase('a graph of 100 MB', largeGraph(100_000_000), { isAccepted: true }),
  savedModelCase('a graph of 2^52 bytes', Buffer.concat([field(1, 1), Buffer.from([0x12]), varint(2 ** 52)]), {
    finding: /is cut off/,
  }),
  savedModelCase(
    '100,000 signatures',
    Buffer.concat([field(1, 1), message(2, message(2), repeated(mapEntry(5, 's', field(3, 'p')), 100_000))]),
  ),
  savedModelCase(
    'a million signatures',
    Buffer.concat([field(1, 1), message(2, message(2), repeated(mapEntry(5, 's', field(3, 'p')), 1_000_000))]),
    {
      note: /was not fully inspected/,
    },
  ),
  savedModelCase('100,000 assets with the same name', savedModel({ assets: Array<string>(100_000).fill('a') })),
  savedModelCase('100,000 assets', savedModel({ assets: Array.from({ length: 100_000 }, (_, index) => `a${index}`) })),
  savedModelCase('an asset outside of the directory', savedModel({ assets: ['../../../secret', '__proto__'] }), {
    ...{ path: 'model/saved_model.pb', beside: { secret: Buffer.alloc(1) } },
    finding: /its asset assets\/__proto__ is missing/,
  }),
  savedModelCase(
    'a signature called __proto__ with a name of 100 KB beside it',
    savedModel({
      signatures: { ['__proto__']: { outputs: ['y'] }, ['n'.repeat(100_000)]: { outputs: ['y'] } },
    }),
    { isAccepted: true },
  ),
  savedModelCase(
    'functions nested 100,000 levels deep',
    Buffer.concat([field(1, 1), message(2, message(2, nested(100_000, 2, 1)), message(1))]),
  ),
  savedModelCase(
    'a saver of 1 MB',
    Buffer.concat([field(1, 1), message(2, message(2), message(3, Buffer.alloc(MIB)))]),
    {
      note: /was not fully inspected: its SaverDef/,
    },
  ),
  indexCase(
    'a Snappy block that states 4 GiB',
    variablesIndex({ pack: () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61]) }),
    {
      finding: /it unpacks to 4294967295 bytes/,
    },
  ),
  indexCase(
    'Snappy blocks of copies',
    variablesIndex({
      variables: Array.from({ length: 20_000 }, (_, index) => ({ key: `variable/${index}`, shape: [0] })),
      pack: (content) =>
        content.length > 100_000
          ? Buffer.concat([varint(3_000_000), Buffer.from([0, 0x61]), repeated(Buffer.from([0xfe, 1, 0]), 46_875)])
          : snappyOf(content),
    }),
  ),
  indexCase('zeros', Buffer.alloc(100_000), { finding: /is not a complete table/ }),
  indexCase('9 MB', Buffer.alloc(9 * MIB), { isAccepted: true, note: /was not fully inspected: its index has/ }),
  indexCase('blocks that overlap', overlappingBlocks(50_000), {}),
  indexCase('100,000 shards', variablesIndex({ shards: 100_000 }), { isAccepted: true }),
  indexCase('a key of 8 KB', variablesIndex({ variables: [{ key: 'k'.repeat(8_192), shape: [1] }] }), {
    note: /a name of more than 4096 bytes/,
  }),
  indexCase(
    'a key of control characters',
    variablesIndex({ variables: [{ key: '\u0007\u001b[31m', shape: [1], size: 9 }] }),
    {
      finding: /has 9 bytes, which do not fit its shape/,
    },
  ),
  indexCase(
    'sides whose product is infinite',
    variablesIndex({ variables: [{ key: 'k', shape: Array<number>(60).fill(2 ** 40), size: 1 }] }),
    {
      finding: /do not fit its shape/,
    },
  ),
  coreMlCase('pipelines nested 10,000 levels deep', coreMl({ type: 202, content: [nested(10_000, 202, 1)] }), {
    note: /nested deeper than 64/,
  }),
  coreMlCase(
    'a description of 500,000 inputs',
    coreMl({ description: [repeated(message(1, field(1, 'x')), 180_000)] }),
    { isAccepted: true },
  ),
  coreMlCase('an input of 1 MB', coreMl({ description: [message(1, field(1, 'n'.repeat(MIB)))] }), {
    note: /was not fully inspected: its FeatureDescription/,
  }),
  coreMlCase(
    'weights in 20,000 files',
    coreMl({
      type: 502,
      content: [
        mapEntry(
          2,
          'main',
          mapEntry(
            3,
            'b',
            ...Array.from({ length: 20_000 }, (_, index) =>
              message(3, mapEntry(5, 'v', message(5, field(1, `w${index}`)))),
            ),
          ),
        ),
      ],
    }),
    { finding: /and 19950 more findings/ },
  ),
  coreMlCase(
    'weights outside of the directory',
    coreMl({
      type: 502,
      content: [
        mapEntry(
          2,
          'main',
          mapEntry(3, 'b', message(3, mapEntry(5, 'v', message(5, field(1, '@model_path/../../secret'))))),
        ),
      ],
    }),
    {
      path: 'a/b/model.mlmodel',
      beside: { secret: Buffer.alloc(100) },
      finding: /its weights in \.\.\/\.\.\/secret are missing/,
    },
  ),
];

/** An index that names the same large block many times. */
function overlappingBlocks(times: number): Buffer {
  const variables = Array.from({ length: 5_000 }, (_, index) => ({
    key: `v${String(index).padStart(6, '0')}`,
    shape: [0],
  }));
  return variablesIndex({ variables, repeatedBlocks: times });
}
