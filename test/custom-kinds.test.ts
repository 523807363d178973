import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync, deflateSync } from 'node:zlib';
import type { FileKind } from '../src/verification/families';
import { inspectOnnx } from '../src/verification/kinds/onnx';
import { inspectPickle } from '../src/verification/kinds/pickle';
import { inspectPytorch } from '../src/verification/kinds/pytorch';
import { inspectModelArchive } from '../src/verification/kinds/torch-model-archive';
import { inspectXgboost } from '../src/verification/kinds/xgboost';
import type { Files, SeenInspection } from './support/inspection';
import { fixture, inspectWith } from './support/inspection';
import { onnxModel, opset, tensor, value } from './support/onnx';
import {
  bytes,
  dict,
  global,
  int,
  joblibArray,
  list,
  nothing,
  persistent,
  pickle,
  text,
  tuple,
} from './support/pickle';
import { field, message } from './support/protobuf';
import { legacyXgboost, LEARNER, MODEL, ubjson } from './support/xgboost';
import { zipArchive } from './support/zip';

const KINDS: readonly FileKind[] = [
  { pattern: /\.onnx$/, inspect: inspectOnnx },
  { pattern: /\.(pkl|joblib)$/, inspect: inspectPickle },
  { pattern: /\.(pt|pth)$/, inspect: inspectPytorch },
  { pattern: /\.mar$/, inspect: inspectModelArchive },
  { pattern: /\.bst$/, inspect: inspectXgboost },
];

const MIB = 2 ** 20;

const inspect = (files: Files): Promise<SeenInspection> => inspectWith(KINDS, files);

/** Looks into a file that must be good; gives its summary, and what else was noted. */
async function accepted(name: string, content: Buffer | string, beside: Files = {}): Promise<unknown> {
  const { findings, notes, inspected } = await inspect({ [name]: content, ...beside });
  assert.deepEqual([findings, notes], [[], []]);
  assert.equal(inspected.length, 1);
  return inspected[0]?.summary;
}

async function findingsOf(name: string, content: Buffer | string, beside: Files = {}): Promise<string> {
  const { findings } = await inspect({ [name]: content, ...beside });
  assert.notDeepEqual(findings, []);
  return findings.join('\n');
}

/** Looks into a file cut off after every byte; gives the lengths at which nothing was found. */
async function unnoticedCuts(name: string, whole: Buffer): Promise<number[]> {
  const unnoticed: number[] = [];
  for (let length = 1; length < whole.length; length += 1) {
    const { findings, notes } = await inspect({ [name]: whole.subarray(0, length) });
    if (findings.length === 0 && notes.length === 0) unnoticed.push(length);
  }
  return unnoticed;
}

async function assertFewReads(
  name: string,
  content: Buffer,
  maxReads: number,
  maxBytes: number,
): Promise<SeenInspection> {
  assert.ok(content.length > MIB);
  const seen = await inspect({ [name]: content });
  assert.deepEqual(seen.findings, []);
  assert.ok(seen.reads.length <= maxReads, `${seen.reads.length} reads`);
  const sum = seen.reads.reduce((total, { length }) => total + length, 0);
  assert.ok(sum <= maxBytes, `${sum} bytes`);
  return seen;
}

suite('A pickle', () => {
  const state = dict({ coef: list(int(1), int(2)), name: text('a.b.c'), none: nothing });
  const doubles = { type: 'f8', shape: [2, 3], data: Buffer.alloc(48, '.') };
  const objects = { type: 'O8', shape: [1], data: pickle(list(text('x'))) };

  test('of the scikit-learn model is followed to its end, with the arrays in it', async () => {
    const { 'model.joblib': model = Buffer.alloc(0) } = fixture('custom/artifact');
    assert.deepEqual(await accepted('model.joblib', model), { protocol: 4 });
  });

  test('of the scikit-learn model is refused wherever it is cut off', async () => {
    const { 'model.joblib': model = Buffer.alloc(0) } = fixture('custom/artifact');
    assert.deepEqual(await unnoticedCuts('model.joblib', model), []);
  });

  const good: Record<string, [Buffer, unknown]> = {
    'in text, as protocol 0 is': [Buffer.from("(dp0\nS'a'\np1\n(lp2\nI1\naL2L\nas."), {}],
    'that is a single constant': [Buffer.from('N.'), {}],
    'in a frame': [pickle(state, 4), { protocol: 4 }],
    'with another one behind it': [Buffer.concat([pickle(state), pickle(nothing, 5)]), { protocol: 2 }],
    'with an array of joblib before 1.2': [pickle(list(joblibArray(doubles), text('end'))), { protocol: 2 }],
    'with an array that is aligned': [pickle(joblibArray({ ...doubles, padding: 7 }), 3), { protocol: 3 }],
    'with an array of objects': [pickle(tuple(joblibArray(objects), joblibArray(doubles))), { protocol: 2 }],
    'with an array of texts and an empty one': [
      pickle(
        list(
          joblibArray({ type: 'U3', shape: [2], data: Buffer.alloc(24) }),
          joblibArray({ type: 'i4', shape: [0, 4], data: Buffer.alloc(0) }),
          joblibArray({ type: 'b1', shape: [], data: Buffer.alloc(1) }),
        ),
      ),
      { protocol: 2 },
    ],
    'compressed by zlib': [deflateSync(pickle(joblibArray(doubles))), { protocol: 2, compression: 'zlib' }],
    'compressed by gzip': [gzipSync(pickle(state, 5)), { protocol: 5, compression: 'gzip' }],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      assert.deepEqual(await accepted('model.pkl', file), summary);
    });
    test(`${title} is refused wherever it is cut off`, async () => {
      const first = title === 'with another one behind it' ? [pickle(state).length] : [];
      assert.deepEqual(await unnoticedCuts('model.pkl', file), first);
    });
  }

  const bad: Record<string, [Buffer, RegExp]> = {
    'that is a page of a proxy': [Buffer.from('<html>'), /model\.pkl: is no pickle: its first bytes are "3c68746d"/],
    'of a protocol that does not exist': [pickle(state, 9), /has the pickle protocol 9, and 5 is the highest/],
    'whose opcodes have nothing to work on': [Buffer.from('\x80\x02R.', 'latin1'), /has nothing to work on/],
    'that refers to what is not there': [Buffer.from('\x80\x02h\x07.', 'latin1'), /has no object 7 to refer to/],
    'with a byte that is no opcode': [Buffer.from('\x80\x02N\xff.', 'latin1'), /byte 3 is no opcode/],
    'with an array that is cut short': [
      pickle(joblibArray({ ...doubles, data: Buffer.alloc(8) })),
      /an array at byte \d+ should have 48 bytes, and 9 are left/,
    ],
    'whose compression is damaged': [Buffer.from('789c000000000000', 'hex'), /its zlib stream/],
    'with an xz stream that is cut off': [Buffer.from('fd377a585a000004', 'hex'), /its xz stream has no end/],
    'with a bzip2 stream that is cut off': [Buffer.from('BZh91AY&SY..............'), /its bzip2 stream has no end/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf('model.pkl', file), message_);
    });
  }

  test('with an array of a type that is not known has a note, and must end as a pickle', async () => {
    const file = pickle(joblibArray({ ...doubles, type: 'T16' }));
    const { findings, notes } = await inspect({ 'm.pkl': file });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /what follows byte \d+ was not looked at/);
    assert.match(
      await findingsOf('m.pkl', Buffer.concat([file.subarray(0, -1), Buffer.alloc(1)])),
      /its last byte is 0/,
    );
  });

  test('whose compression only reading all of it could check has a note', async () => {
    const { findings, notes } = await inspect({ 'm.joblib': Buffer.from('5d00008000ffff', 'hex') });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /is compressed \(lzma\)/);
  });

  test('larger than 1 MiB is followed in hops', async () => {
    const big = joblibArray({ type: 'f4', shape: [MIB], data: Buffer.alloc(4 * MIB, '.') });
    const { notes } = await assertFewReads(
      'm.joblib',
      pickle(list(big, bytes(Buffer.alloc(MIB)), text('end'))),
      4,
      16_384,
    );
    assert.deepEqual(notes, []);
  });

  test('larger than 1 MiB is refused where it is cut off in what was hopped over', async () => {
    const whole = pickle(list(bytes(Buffer.alloc(3 * MIB, '.')), text('end')));
    assert.match(await findingsOf('m.pkl', whole.subarray(0, 2 * MIB)), /should have 3145728 bytes at byte \d+/);
  });

  test('of many scattered parts is followed for a while, and its end is looked at', async () => {
    const whole = pickle(list(...Array.from({ length: 200 }, () => bytes(Buffer.alloc(20_000)))));
    const { notes } = await assertFewReads('m.pkl', whole, 60, MIB);
    assert.match(notes.join(), /was looked at up to byte \d+ of \d+, and at its end/);
    assert.match(
      await findingsOf('m.pkl', whole.subarray(0, -30_000)),
      /its last byte is 0, and a pickle ends with 46/,
    );
  });

  test('that fills the stack is not followed to its end', async () => {
    const { findings, notes } = await inspect({
      'm.pkl': Buffer.concat([Buffer.alloc(MIB - 1, 'N'), Buffer.from('.')]),
    });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /more than 100000 values/);
    assert.match(await findingsOf('m.pkl', Buffer.alloc(MIB, '}')), /its last byte is 125/);
  });
});

suite('A PyTorch model', () => {
  const storage = (key: string, elements: number, type = 'FloatStorage'): Buffer =>
    persistent(tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(elements)));
  const weights = pickle(dict({ weight: storage('0', 4), bias: storage('1', 2, 'LongStorage') }));
  const archive = (...more: readonly { name: string; content: string | Buffer; deflated?: boolean }[]): Buffer =>
    zipArchive([{ name: 'net/data.pkl', content: weights }, ...more]);
  const tensors = [
    { name: 'net/data/0', content: Buffer.alloc(16), padding: 40 },
    { name: 'net/data/1', content: Buffer.alloc(16) },
  ];

  function legacy(data: Buffer, keys = ['0', '1']): Buffer {
    const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
    return Buffer.concat([
      ...[magic, pickle(int(1001)), pickle(dict({ little_endian: int(1) })), weights],
      ...[pickle(list(...keys.map(text))), data],
    ]);
  }

  const good: Record<string, [Buffer, unknown]> = {
    'in a zip archive': [archive(...tensors), { layout: 'zip', tensors: 2 }],
    'in a zip archive that was packed again': [
      zipArchive([{ name: 'net/data.pkl', content: weights, deflated: true }, ...tensors], { zip64: true }),
      { layout: 'zip', tensors: 2 },
    ],
    'with more data than it refers to': [
      archive(...tensors, { name: 'net/data/2', content: '' }, { name: 'net/.data/serialization_id', content: '1' }),
      { layout: 'zip', tensors: 3 },
    ],
    'of TorchScript': [
      archive(...tensors, { name: 'net/code/__torch__.py', content: 'pass', deflated: true }),
      { layout: 'torchscript', tensors: 2 },
    ],
    'of before PyTorch 1.6': [legacy(Buffer.alloc(8 + 16 + 8 + 16)), { layout: 'legacy', tensors: 2 }],
    'that is a plain pickle': [weights, { protocol: 2 }],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted, also where it is called a pickle`, async () => {
      assert.deepEqual(await accepted('net.pth', file), summary);
      assert.deepEqual(await accepted('export.pkl', file), summary);
    });
    test(`${title} is refused wherever it is cut off`, async () => {
      assert.deepEqual(await unnoticedCuts('net.pth', file), []);
    });
  }

  const bad: Record<string, [Buffer, RegExp]> = {
    'whose tensor data is missing': [archive(...tensors.slice(1)), /the tensor data net\/data\/0 is missing/],
    'whose tensor data is too short': [
      archive({ name: 'net/data/0', content: Buffer.alloc(12) }, ...tensors.slice(1)),
      /net\/data\/0 has 12 bytes, and should have 16/,
    ],
    'without a pickle': [zipArchive(tensors), /is no PyTorch model: no data\.pkl/],
    'with a pickle that is cut off': [
      zipArchive([{ name: 'net/data.pkl', content: weights.subarray(0, 20) }, ...tensors]),
      /is cut off or damaged: its pickle should have/,
    ],
    'of before PyTorch 1.6 whose tensors are cut off': [
      legacy(Buffer.alloc(30)),
      /its tensors should have 48 bytes at byte \d+, and 30 are left/,
    ],
    'that is text': [Buffer.from('{"error": 404}'), /is no pickle/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf('net.pt', file), message_);
    });
  }

  test('larger than 1 MiB is looked at in its directory and its pickle', async () => {
    const big = { name: 'net/data/2', content: Buffer.alloc(3 * MIB) };
    await assertFewReads('net.pt', archive(big, ...tensors), 4, 32_768);
    await assertFewReads('net.pt', legacy(Buffer.alloc(2 * MIB)), 2, 8_192);
  });
});

suite('A model archive of TorchServe', () => {
  const manifest = (model: unknown): string =>
    JSON.stringify({ createdOn: '01/02/2026', model, archiverVersion: '0.12' });
  const archive = (model: unknown, deflated = true): Buffer =>
    zipArchive([
      { name: 'net.pt', content: 'weights' },
      { name: 'handler.py', content: 'pass', deflated },
      { name: 'MAR-INF/MANIFEST.json', content: manifest(model), deflated },
    ]);

  test('has the files that its manifest names', async () => {
    const model = { modelName: 'net', serializedFile: 'net.pt', handler: 'handler.py:handle' };
    const summary = { entries: 3, modelName: 'net', handler: 'handler.py:handle' };
    assert.deepEqual(await accepted('net.mar', archive(model)), summary);
    assert.deepEqual(await accepted('net.mar', archive(model, false)), summary);
    assert.deepEqual(await unnoticedCuts('net.mar', archive(model)), []);
  });

  test('may have a handler of TorchServe and no model file', async () => {
    await accepted('net.mar', archive({ modelName: 'net', handler: 'image_classifier' }));
  });

  const bad: Record<string, [Buffer, RegExp]> = {
    'without the model file': [archive({ serializedFile: 'other.pt' }), /its other\.pt is missing/],
    'without the handler': [archive({ handler: 'mine.py' }), /its mine\.py is missing/],
    'without a manifest': [zipArchive([{ name: 'net.pt', content: '' }]), /it has no MAR-INF\/MANIFEST\.json/],
    'with another manifest': [archive('none'), /is not as it should be at model/],
    'that is no zip archive': [Buffer.from('hello'), /no zip archive/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf('net.mar', file), message_);
    });
  }

  test('whose manifest inflates to more than it says is refused', async () => {
    const bomb = zipArchive([{ name: 'MAR-INF/MANIFEST.json', content: Buffer.alloc(MIB, ' '), deflated: true }]);
    const entry = bomb.lastIndexOf('PK\x01\x02');
    bomb.writeUInt32LE(100, entry + 24);
    assert.match(await findingsOf('net.mar', bomb), /can't be inflated to 100 bytes/);
  });
});

suite('An XGBoost model', () => {
  const json = JSON.stringify(MODEL);
  const good: Record<string, [Buffer | string, unknown]> = {
    'in UBJSON': [ubjson(MODEL), { layout: 'ubjson', version: '2.1.4' }],
    'in JSON': [json, { layout: 'json', version: '2.1.4' }],
    'in JSON with blanks': [`${JSON.stringify(MODEL, null, 2)}\n`, { layout: 'json', version: '2.1.4' }],
    'in JSON in another order, with a number that is no JSON': [
      '{"version":[1,7,6],"learner":{"split_conditions":[NaN,-Infinity,1],"name":"}\\"{"}}',
      { layout: 'json' },
    ],
    'in the binary form': [legacyXgboost(), { layout: 'legacy', version: '1.7' }],
    'in the binary form without a magic': [legacyXgboost({ magic: '' }), { layout: 'legacy', version: '1.7' }],
    'in the binary form with weights of trees': [
      legacyXgboost({ booster: 'dart' }),
      { layout: 'legacy', version: '1.7' },
    ],
    'in the binary form that is linear': [legacyXgboost({ booster: 'gblinear' }), { layout: 'legacy', version: '1.7' }],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      assert.deepEqual(await accepted('model.bst', file), summary);
    });
    test(`${title} is refused wherever it is cut off`, async () => {
      const cuts = await unnoticedCuts('model.bst', Buffer.from(file));
      // A line feed behind a text is no part of it.
      assert.deepEqual(cuts, String(file).endsWith('\n') ? [file.length - 1] : []);
    });
  }

  const bad: Record<string, [Buffer | string, RegExp]> = {
    'that is a page of a proxy': ['<html>', /is no XGBoost model: its first bytes are "3c68746d"/],
    'that is another JSON': ['{"error": 404}', /it has no learner/],
    'whose brackets do not match': ['{"learner":[1}', /its brackets do not match at byte 13/],
    'whose values are too deep in JSON': [`{"learner":${'['.repeat(100)}`, /more than 32 values are within each other/],
    'whose values are too deep in UBJSON': [
      Buffer.concat([ubjson({ learner: {} }).subarray(0, -3), Buffer.alloc(100, '[')]),
      /more than 32 values are within each other/,
    ],
    'with a value that is no UBJSON': [
      Buffer.concat([ubjson(MODEL).subarray(0, -1), Buffer.from('??')]),
      /should stand/,
    ],
    'without the names of its parts': [`binf${'\0'.repeat(200)}`, /its objective and booster are not named/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf('model.bst', file), message_);
    });
  }

  const large: Record<string, Buffer> = {
    UBJSON: ubjson({ ...MODEL, learner: { ...LEARNER, weights: Array<number>(MIB).fill(0) } }),
    JSON: Buffer.from(JSON.stringify({ ...MODEL, learner: { ...LEARNER, weights: Array<number>(MIB).fill(0) } })),
    'the binary form': legacyXgboost({ trees: Array<number>(300).fill(200) }),
  };
  for (const [title, file] of Object.entries(large)) {
    test(`in ${title} larger than 1 MiB is looked at where it begins and ends`, async () => {
      const { notes } = await assertFewReads('model.bst', file, 2, 160_000);
      assert.match(notes.join(), /was looked at where it begins and ends only/);
      assert.match(await findingsOf('model.bst', file.subarray(0, -100)), /is cut off or damaged: it does not end/);
    });
  }
});

suite('An ONNX model', () => {
  const floats = (count: number): Buffer => Buffer.alloc(count * 4);
  const weights = tensor({ name: 'w', dims: [4, 3], raw: floats(12) });
  const external = (entries: Readonly<Record<string, string>>): Buffer =>
    onnxModel({ initializers: [tensor({ name: 'w', dims: [4, 3], external: entries })] });

  test('tells its operator sets, inputs and outputs', async () => {
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
    // The last operator set is a field of its own: without it the model is whole.
    assert.deepEqual(await unnoticedCuts('model.onnx', model), [model.length - last]);
  });

  test('may have other types than tensors', async () => {
    const sequence = Buffer.concat([field(1, 's'), message(2, message(4, field(1, '')))]);
    const summary = await accepted('m.onnx', onnxModel({ outputs: [sequence] }));
    assert.match(JSON.stringify(summary), /"outputs":\[{"name":"s","type":"sequence"}\]/);
  });

  const good: Record<string, Buffer> = {
    'of before operator sets': onnxModel({ irVersion: 2, opsets: [] }),
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

  test('has its external data beside it', async () => {
    const model = external({ location: 'w.data', offset: '16', length: '48' });
    const { findings, used } = await inspect({ 'a/model.onnx': model, 'a/w.data': Buffer.alloc(64) });
    assert.deepEqual([findings, used], [[], ['a/model.onnx', 'a/w.data']]);
  });

  const bad: Record<string, [Buffer, RegExp]> = {
    'that is a SavedModel': [Buffer.concat([field(1, 1), message(2, field(1, 'x'))]), /it has no graph/],
    'that is text': [Buffer.from('{"error": 404}'), /has no protocol buffer field at byte 0/],
    'without its operator sets': [onnxModel({ opsets: [] }), /does not say which operator sets/],
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
    'with a negative side': [onnxModel({ initializers: [tensor({ name: 'w', dims: [-1] })] }), /no possible shape/],
    'whose external data is missing': [external({ location: 'w.bin' }), /the external data w\.bin is missing/],
    'whose external data is too short': [
      external({ location: 'w.data', offset: '20' }),
      /w\.data has 64 bytes, and the tensor w needs 68/,
    ],
    'whose external data is outside': [external({ location: '../w.data' }), /is outside of the directory/],
    'that does not say where its external data is': [external({ offset: '1' }), /does not tell where/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf('model.onnx', file, { 'w.data': Buffer.alloc(64) }), message_);
    });
  }

  const heavy = (name: string): Buffer => tensor({ name, dims: [MIB / 8], raw: floats(MIB / 8) });

  test('larger than 1 MiB is looked at in hops', async () => {
    const model = onnxModel({ initializers: Array.from({ length: 8 }, (_, index) => heavy(`w${index}`)) });
    const { inspected, notes } = await assertFewReads('model.onnx', model, 10, 100_000);
    assert.deepEqual(notes, []);
    assert.match(JSON.stringify(inspected), /"initializers":8,"inputs":\[\{"name":"x"/);
  });

  test('of a great many scattered constants is looked at for a while, and says so', async () => {
    const constant = tensor({ name: 'w', dims: [5_000], raw: floats(5_000) });
    const model = onnxModel({ initializers: Array.from({ length: 300 }, () => constant) });
    const { inspected, notes } = await assertFewReads('model.onnx', model, 130, MIB);
    assert.equal(inspected.length, 1);
    assert.match(notes.join(), /its graph is large: only the parts up to byte \d+/);
    assert.match(await findingsOf('model.onnx', model.subarray(0, -10)), /field 7 at byte \d+ should have/);
  });
});
