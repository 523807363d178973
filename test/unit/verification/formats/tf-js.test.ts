import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectTfJs } from '../../../../src/verification/formats/tensorflow/tf-js';
import type { Files, SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';

const MODEL = 'model.json';

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith([{ pattern: /model\.json$/, inspect: inspectTfJs }], files);

const weight = (dtype: string, shape: readonly number[], more: object = {}) => ({ name: 'w', dtype, shape, ...more });

const group = (weights: readonly unknown[], paths: readonly string[] = ['w.bin']) => ({ paths, weights });

const model = (...groups: readonly unknown[]): string =>
  JSON.stringify({ format: 'graph-model', generatedBy: '2.15', modelTopology: { node: [] }, weightsManifest: groups });

suite('A TensorFlow.js model', () => {
  const good: Record<string, [Files, unknown]> = {
    'with two shards': [
      {
        [MODEL]: model(group([weight('float32', [2, 3])], ['a.bin', 'b.bin'])),
        'a.bin': Buffer.alloc(20),
        'b.bin': 'four',
      },
      { format: 'graph-model', weights: 1, shards: 2, bytes: 24 },
    ],
    'with two groups': [
      {
        [MODEL]: model(group([weight('float32', [2])]), group([weight('int32', [1]), weight('bool', [3])], ['b.bin'])),
        'w.bin': Buffer.alloc(8),
        'b.bin': Buffer.alloc(7),
      },
      { format: 'graph-model', weights: 3, shards: 2, bytes: 15 },
    ],
    'without weights': [{ [MODEL]: model() }, { format: 'graph-model', weights: 0, shards: 0, bytes: 0 }],
    'with a group of no weights': [
      { [MODEL]: model(group([])), 'w.bin': '' },
      { format: 'graph-model', weights: 0, shards: 1, bytes: 0 },
    ],
    'without a format, and with null in its place': [
      { [MODEL]: '{"format":null,"modelTopology":{},"weightsManifest":[]}' },
      { weights: 0, shards: 0, bytes: 0 },
    ],
    'with fields that are not known': [
      {
        [MODEL]: model({ ...group([weight('uint8', [4], { made: ['x', {}] })]), new: [{}] }),
        'w.bin': 'four',
      },
      { format: 'graph-model', weights: 1, shards: 1, bytes: 4 },
    ],
    'with quantized weights': [
      {
        [MODEL]: model(group([weight('float32', [4], { quantization: { min: -1, scale: 0.5, dtype: 'uint16' } })])),
        'w.bin': Buffer.alloc(8),
      },
      { format: 'graph-model', weights: 1, shards: 1, bytes: 8 },
    ],
    'in a folder': [
      { [`js/${MODEL}`]: model(group([weight('float32', [1])])), 'js/w.bin': 'four' },
      { format: 'graph-model', weights: 1, shards: 1, bytes: 4 },
    ],
  };
  for (const [title, [files, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      const { findings, notes, inspected } = await inspect(files);
      assert.deepEqual([findings, notes], [[], []]);
      assert.deepEqual(
        inspected.map((file) => file.summary),
        [summary],
      );
    });
  }

  test('has as many bytes as the types of its weights need', async () => {
    const types = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };
    for (const [dtype, bytes] of Object.entries(types)) {
      const files = { [MODEL]: model(group([weight(dtype, [3])])) };
      assert.deepEqual((await inspect({ ...files, 'w.bin': Buffer.alloc(bytes * 3) })).findings, []);
      assert.deepEqual((await inspect({ ...files, 'w.bin': Buffer.alloc(bytes * 3 + 1) })).findings, [
        `model.json: w.bin have ${bytes * 3 + 1} bytes, but their weights need ${bytes * 3}`,
      ]);
    }
  });

  const WRONG = 'model.json: its TensorFlow.js model is not valid:';
  const shards = Array.from({ length: 7 }, (_, number) => `${number}.bin`);
  const bad: Record<string, [Files, string[]]> = {
    'whose shard is cut off': [
      { [MODEL]: model(group([weight('float32', [2])])), 'w.bin': Buffer.alloc(7) },
      ['model.json: w.bin have 7 bytes, but their weights need 8'],
    ],
    'whose seven shards are too long': [
      {
        [MODEL]: model(group([weight('float32', [1])], shards)),
        ...Object.fromEntries(shards.map((name) => [name, 'x'])),
      },
      ['model.json: 0.bin, 1.bin, 2.bin, 3.bin, 4.bin and 2 more have 7 bytes, but their weights need 4'],
    ],
    'whose shard is missing, without a word about the group\u2019s bytes': [
      { [MODEL]: model(group([weight('float32', [2])], ['w.bin', 'gone.bin'])), 'w.bin': Buffer.alloc(7) },
      ['model.json: the shard gone.bin is missing'],
    ],
    'whose shard is outside of the directory': [
      { [MODEL]: model(group([weight('float32', [2])], ['../w.bin'])) },
      ['model.json: the shard ../w.bin is outside of the directory'],
    ],
    'without a topology': [{ [MODEL]: '{"weightsManifest":[]}' }, [`${WRONG} modelTopology is missing`]],
    'whose topology is not an object': [
      { [MODEL]: '{"modelTopology":[],"weightsManifest":[]}' },
      [`${WRONG} modelTopology is missing`],
    ],
    'without a weights manifest': [{ [MODEL]: '{"modelTopology":{}}' }, [`${WRONG} weightsManifest is missing`]],
    'with a group without paths': [
      { [MODEL]: model({ weights: [] }) },
      [`${WRONG} a group of weightsManifest has no paths`],
    ],
    'with a group of no paths': [
      { [MODEL]: model(group([], [])) },
      [`${WRONG} a group of weightsManifest has no paths`],
    ],
    'with a group without weights': [
      { [MODEL]: model({ paths: ['w.bin'] }), 'w.bin': 'x' },
      [`${WRONG} a group of weightsManifest has no weights`],
    ],
    'with a weight without a name': [
      { [MODEL]: model(group([{ dtype: 'float32', shape: [1] }])), 'w.bin': 'four' },
      [`${WRONG} a weight lacks its name, shape or dtype`],
    ],
    'with a weight without a type': [
      { [MODEL]: model(group([{ name: 'w', shape: [1] }])), 'w.bin': 'four' },
      [`${WRONG} a weight lacks its name, shape or dtype`],
    ],
    'with a weight without a shape': [
      { [MODEL]: model(group([{ name: 'w', dtype: 'float32' }])), 'w.bin': 'four' },
      [`${WRONG} a weight lacks its name, shape or dtype`],
    ],
    'with a quantization without a type': [
      { [MODEL]: model(group([weight('float32', [1], { quantization: { min: 0 } })])), 'w.bin': 'four' },
      [`${WRONG} a quantization lacks its dtype`],
    ],
    'that is followed by text': [
      { [MODEL]: `${model()}x` },
      ['model.json: its TensorFlow.js model is not JSON: at byte 94, text follows its end'],
    ],
  };
  for (const [title, [files, expected]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.deepEqual((await inspect(files)).findings, expected);
    });
  }

  test('whose weights are texts or of an unknown type is accepted with a note', async () => {
    const weights = [weight('float32', [1]), weight('string', [2])];
    const { findings, notes } = await inspect({ [MODEL]: model(group(weights)), 'w.bin': 'any' });
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, ["model.json: the sizes of w.bin can't be computed: they have text or unknown types"]);
  });

  test('with a weight of too many dimensions is accepted with a note', async () => {
    const of = (dimensions: number): string => model(group([weight('bool', Array<number>(dimensions).fill(1))]));
    assert.deepEqual((await inspect({ [MODEL]: of(64), 'w.bin': 'x' })).notes, []);
    const { findings, notes } = await inspect({ [MODEL]: of(65), 'w.bin': 'x' });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /^model\.json: was not fully inspected: .* more than 64 dimensions$/);
  });
});
