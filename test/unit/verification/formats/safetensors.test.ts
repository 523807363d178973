import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  inspectSafetensors,
  inspectSafetensorsIndex,
} from '../../../../src/verification/formats/safetensors/safetensors';
import { inspectFiles } from '../../../../src/verification/structure';
import type { Files, SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';

const FILE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith(
    [
      { pattern: /\.safetensors$/, inspect: inspectSafetensors },
      { pattern: /\.index\.json$/, inspect: inspectSafetensorsIndex },
    ],
    files,
  );

/** A file with this header, or this text as header, and this number of bytes of data. */
function tensors(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const entry = (begin: number, end: number, shape: readonly number[], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

async function findingsOf(files: Files): Promise<readonly string[]> {
  return (await inspect(files)).findings;
}

suite('A safetensors file', () => {
  const good: Record<string, [Buffer, unknown]> = {
    'without a tensor': [tensors({}, 0), { tensors: 0, types: [] }],
    'with a scalar': [tensors({ a: entry(0, 4, []) }, 4), { tensors: 1, types: ['F32'] }],
    'with tensors in another order than their data': [
      tensors({ b: entry(8, 16, [2]), a: entry(0, 8, [2]) }, 16),
      { tensors: 2, types: ['F32'] },
    ],
    'with an empty tensor between others': [
      tensors({ a: entry(0, 8, [2]), c: entry(8, 12, [1]), b: entry(8, 8, [0, 7]) }, 12),
      { tensors: 3, types: ['F32'] },
    ],
    'with metadata': [
      tensors({ __metadata__: { format: 'pt', made: 'by hand' }, a: entry(0, 4, [1]) }, 4),
      { tensors: 1, types: ['F32'] },
    ],
    'with null as metadata': [tensors({ __metadata__: null, a: entry(0, 4, [1]) }, 4), { tensors: 1, types: ['F32'] }],
    'with a field that is not known': [
      tensors({ a: { ...entry(0, 4, [1]), made: { by: ['x'] } } }, 4),
      { tensors: 1, types: ['F32'] },
    ],
    'with a type that is not known': [
      tensors({ b: entry(4, 9, [3], 'X7'), a: entry(0, 4, [1]) }, 9),
      { tensors: 2, types: ['F32', 'X7'] },
    ],
    'with blanks after its header': [
      tensors(`${JSON.stringify({ a: entry(0, 4, [1]) })}   `, 4),
      {
        tensors: 1,
        types: ['F32'],
      },
    ],
    'with a shape of as many dimensions as are read': [
      tensors({ a: entry(0, 4, Array<number>(64).fill(1)) }, 4),
      { tensors: 1, types: ['F32'] },
    ],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      const { findings, notes, inspected } = await inspect({ [FILE]: file });
      assert.deepEqual([findings, notes], [[], []]);
      assert.deepEqual(inspected, [{ path: FILE, kind: 'safetensors', summary }]);
    });
  }

  const types: Readonly<Record<number, readonly string[]>> = {
    4: ['F4'],
    6: ['F6_E2M3', 'F6_E3M2'],
    8: ['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0'],
    16: ['I16', 'U16', 'F16', 'BF16'],
    32: ['I32', 'U32', 'F32'],
    64: ['I64', 'U64', 'F64', 'C64'],
  };
  test('has as many bytes as the types of its tensors need', async () => {
    for (const [bits, names] of Object.entries(types)) {
      const length = Number(bits);
      for (const dtype of names) {
        assert.deepEqual(await findingsOf({ [FILE]: tensors({ a: entry(0, length, [2, 4], dtype) }, length) }), []);
        for (const other of [length - 1, length + 1]) {
          assert.deepEqual(await findingsOf({ [FILE]: tensors({ a: entry(0, other, [2, 4], dtype) }, other) }), [
            `${FILE}: the tensor a has ${other} bytes, which do not fit its shape [2, 4] of ${dtype}`,
          ]);
        }
      }
    }
  });

  const lacking = /its header is not valid: the tensor a lacks its dtype, shape or data_offsets$/;
  const bad: Record<string, [Buffer, RegExp]> = {
    'of seven bytes': [Buffer.alloc(7), /has 7 bytes, too few for a header$/],
    'of eight bytes': [tensors('', 0), /its header is empty$/],
    'whose header is longer than the file': [
      tensors({}, 0).subarray(0, -1),
      /its header should have 2 bytes, but the file has 9$/,
    ],
    'whose header is longer than any file': [Buffer.alloc(8, 0xff), /has the impossible number \d+ at 0$/],
    'whose header is a list': [tensors([], 0), /its header is not valid: it is not an object, at byte 8$/],
    'whose header is followed by text': [
      tensors('{}x', 0),
      /its header is not JSON: at byte 10, text follows its end$/,
    ],
    'whose metadata is not text': [
      tensors({ __metadata__: { step: 7 } }, 0),
      /the value of step is not a text, at byte \d+$/,
    ],
    'with a tensor that is null': [tensors({ a: null }, 0), /the value of a is not an object, at byte \d+$/],
    'without a dtype': [tensors({ a: { shape: [1], data_offsets: [0, 4] } }, 4), lacking],
    'without a shape': [tensors({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), lacking],
    'without offsets': [tensors({ a: { dtype: 'F32', shape: [1] } }, 4), lacking],
    'with one offset': [tensors({ a: { ...entry(0, 4, [1]), data_offsets: [0] } }, 4), lacking],
    'with three offsets': [tensors({ a: { ...entry(0, 4, [1]), data_offsets: [0, 4, 8] } }, 4), lacking],
    'with a negative offset': [
      tensors({ a: entry(-4, 0, [1]) }, 4),
      /the value of data_offsets is not a number from 0 to 2\^53, at byte \d+$/,
    ],
    'with an offset above 2^53': [
      tensors('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9007199254740993]}}', 4),
      /the value of data_offsets is not a number from 0 to 2\^53/,
    ],
    'whose tensor ends before it begins': [
      tensors({ a: entry(8, 4, [1], 'X7') }, 8),
      /the tensor a has -4 bytes, which do not fit its shape \[1\] of X7$/,
    ],
    'with bytes before its first tensor': [
      tensors({ a: entry(4, 8, [1]) }, 8),
      /the tensor a begins at 4, but should begin at 0$/,
    ],
    'with a gap': [
      tensors({ a: entry(0, 4, [1]), b: entry(5, 9, [1]) }, 9),
      /the tensor b begins at 5, but should begin at 4$/,
    ],
    'with an overlap': [
      tensors({ b: entry(3, 7, [1]), a: entry(0, 4, [1]) }, 7),
      /the tensor b begins at 3, but should begin at 4$/,
    ],
    'whose data is cut off': [tensors({ a: entry(0, 4, [1]) }, 3), /its tensors end at 4, but the data has 3 bytes$/],
    'with trailing data': [tensors({ a: entry(0, 4, [1]) }, 5), /its tensors end at 4, but the data has 5 bytes$/],
  };
  for (const [title, [file, message]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      const findings = await findingsOf({ [FILE]: file });
      assert.equal(findings.length, 1);
      assert.match(findings[0] ?? '', message);
      assert.ok(findings[0]?.startsWith(`${FILE}: `));
    });
  }

  test('with a shape of too many dimensions is accepted with a note', async () => {
    const { findings, notes } = await inspect({ [FILE]: tensors({ a: entry(0, 4, Array<number>(65).fill(1)) }, 4) });
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, [`${FILE}: was not fully inspected: its header has a tensor with more than 64 dimensions`]);
  });

  test('of many types reports 20 of them in their order', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `X${String(70 - index).padStart(2, '0')}`);
    const header = Object.fromEntries(names.map((dtype, index) => [dtype, entry(index, index + 1, [1], dtype)]));
    const { findings, inspected } = await inspect({ [FILE]: tensors(header, 70) });
    assert.deepEqual(findings, []);
    const kept = [...names].slice(0, 64).sort().slice(0, 20);
    assert.deepEqual(inspected[0]?.summary, { tensors: 70, types: kept });
  });
});

suite('An index of safetensors files', () => {
  const one = tensors({ a: entry(0, 4, [1]), b: entry(4, 8, [1]) }, 8);
  const two = tensors({ c: entry(0, 4, [1]) }, 4);
  const shards = { '1.safetensors': one, '2.safetensors': two };
  const index = (map: unknown): string => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map });
  const whole = { a: '1.safetensors', b: '1.safetensors', c: '2.safetensors' };

  test('is accepted if every file has its tensors', async () => {
    const { findings, notes, inspected, used } = await inspect({ [INDEX]: index(whole), ...shards });
    assert.deepEqual([findings, notes], [[], []]);
    assert.deepEqual(inspected[0], {
      path: INDEX,
      kind: 'safetensors-index',
      summary: { tensors: 3, shards: 2 },
    });
    assert.deepEqual([...used].sort(), ['1.safetensors', '2.safetensors', INDEX]);
  });

  test('is accepted if a file has more tensors than the index lists', async () => {
    const { findings } = await inspect({ [INDEX]: index({ a: '1.safetensors' }), ...shards });
    assert.deepEqual(findings, []);
  });

  const more = Array.from({ length: 7 }, (_, number) => `t${number}`);
  const bad: Record<string, [Files, string[]]> = {
    'whose files are missing': [
      { [INDEX]: index(whole), '1.safetensors': one },
      [`${INDEX}: the shard 2.safetensors is missing`],
    ],
    'that names a file outside of the directory': [
      { [INDEX]: index({ ...whole, c: '../2.safetensors' }), ...shards },
      [`${INDEX}: the shard ../2.safetensors is outside of the directory`],
    ],
    'whose file has a tensor of another file': [
      { [INDEX]: index({ ...whole, b: '2.safetensors' }), ...shards },
      [`${INDEX}: 2.safetensors lacks b`],
    ],
    'whose files lack tensors': [
      {
        [INDEX]: index({
          ...whole,
          x: '1.safetensors',
          ...Object.fromEntries(more.map((name) => [name, '2.safetensors'])),
        }),
        ...shards,
      },
      [`${INDEX}: 1.safetensors lacks x`, `${INDEX}: 2.safetensors lacks t0, t1, t2, t3, t4 and 2 more`],
    ],
    'without a weight map': [
      { [INDEX]: '{"metadata":{}}' },
      [`${INDEX}: its JSON is not valid: weight_map is missing`],
    ],
    'whose weight map has a number': [
      { [INDEX]: index({ a: 1 }) },
      [`${INDEX}: its JSON is not valid: the value of a is not a text, at byte 48`],
    ],
    'that is followed by text': [
      { [INDEX]: `${index({})}]` },
      [`${INDEX}: its JSON is not JSON: at byte 46, text follows its end`],
    ],
    'whose file is damaged, which is reported of that file only': [
      { [INDEX]: index(whole), ...shards, '2.safetensors': two.subarray(0, 20) },
      ['2.safetensors: its header should have 54 bytes, but the file has 20'],
    ],
  };
  for (const [title, [files, expected]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.deepEqual(await findingsOf(files), expected);
    });
  }

  test('whose file exceeds a limit gets a note that names that file', async () => {
    const wide = tensors({ c: entry(0, 4, Array<number>(65).fill(1)) }, 4);
    const note = '2.safetensors: was not fully inspected: its header has a tensor with more than 64 dimensions';
    const { findings, notes } = await inspect({ [INDEX]: index(whole), ...shards, '2.safetensors': wide });
    assert.deepEqual(findings, []);
    // The index and the file itself report it.
    assert.deepEqual(notes, [note, note]);
  });

  test('whose file exceeds a limit is compared with its other files', async () => {
    const wide = tensors({ c: entry(0, 4, Array<number>(65).fill(1)) }, 4);
    const map = { c: '2.safetensors', x: '1.safetensors', y: '2.safetensors' };
    assert.deepEqual(await findingsOf({ [INDEX]: index(map), ...shards, '2.safetensors': wide }), [
      `${INDEX}: 1.safetensors lacks x`,
    ]);
  });

  test('whose file cannot be read rejects with that error', async () => {
    const failure = new Error('disk failure');
    const content = Buffer.from(index(whole));
    const files = [
      { path: INDEX, bytes: content.length, read: () => Promise.resolve(content) },
      ...Object.keys(shards).map((path) => ({ path, bytes: 100, read: () => Promise.reject(failure) })),
    ];
    await assert.rejects(inspectFiles([{ pattern: /\.json$/, inspect: inspectSafetensorsIndex }], files), failure);
  });
});
