import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  inspectCustomSavedModel,
  inspectSavedModel,
} from '../../../../src/verification/formats/tensorflow/saved-model';
import { inspectEnvironment } from '../../../../src/verification/formats/tensorflow/tabular';
import type { Files, SeenInspection } from '../../../support/inspection';
import { fixture, inspectWith } from '../../../support/inspection';
import { field, message } from '../../../support/protobuf';
import type { GraphSpec, VariableSpec } from '../../../support/saved-model';
import { savedModel, snappyOf, variablesIndex } from '../../../support/saved-model';

const MODEL = 'saved_model.pb';
const INDEX = 'variables/variables.index';
const SHARD = 'variables/variables.data-00000-of-00001';
const MIB = 2 ** 20;

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith(
    [
      { pattern: /saved_model\.pb$/, inspect: inspectSavedModel },
      { pattern: /environment\.json$/, inspect: inspectEnvironment },
    ],
    files,
  );

const kernel: VariableSpec = { key: 'layer-0/kernel/.ATTRIBUTES/VARIABLE_VALUE', shape: [2, 3] };
const bias: VariableSpec = { key: 'layer-0/bias/.ATTRIBUTES/VARIABLE_VALUE', shape: [3], offset: 24 };

/** A model with these variables in its index. */
function withIndex(index: Buffer, shards: Files = { [SHARD]: Buffer.alloc(36) }): Files {
  return { [MODEL]: savedModel({ restores: true }), [INDEX]: index, ...shards };
}

suite('A SavedModel', () => {
  test('is reported with tags, signatures, variables and the version of TensorFlow', async () => {
    const { findings, notes, inspected, used } = await inspect(fixture('image/tf-saved-model'));
    assert.deepEqual([findings, notes], [[], []]);
    assert.deepEqual(inspected, [
      {
        path: MODEL,
        kind: 'saved-model',
        summary: {
          schemaVersion: 1,
          metaGraphs: 1,
          tags: ['serve'],
          tensorflowVersion: '2.15.1',
          signatures: [
            {
              name: 'serving_default',
              inputs: [{ name: 'image_bytes', type: 'float32', shape: [-1, 16, 16, 3] }],
              outputs: [{ name: 'scores', type: 'float32', shape: [-1, 5] }],
            },
          ],
          variables: { tensors: 4, shards: 1, bytes: 3948 },
          assets: 0,
        },
      },
    ]);
    assert.deepEqual([...new Set(used)].sort(), [MODEL, SHARD, INDEX].sort());
  });

  test('of a tabular model is found below predict/, and its serving container is reported', async () => {
    const { findings, inspected } = await inspect(fixture('tabular-1'));
    assert.deepEqual(findings, []);
    assert.deepEqual(
      inspected.map(({ path, kind }) => `${path} ${kind}`),
      ['environment.json tabular', 'predict/001/saved_model.pb saved-model'],
    );
    assert.deepEqual(inspected[0]?.summary, {
      servingContainer: 'us-docker.pkg.dev/vertex-ai/automl-tabular/prediction-server:20240108_1325',
    });
  });

  const good: Record<string, Files> = {
    'that is alone, since it has no variables': { [MODEL]: savedModel({}) },
    'without serving_default': {
      [MODEL]: savedModel({ signatures: { classify: { inputs: ['a'], outputs: ['b'] } } }),
    },
    'whose signature has no inputs': { [MODEL]: savedModel({ signatures: { sample: { outputs: ['b'] } } }) },
    'with two signatures, one without outputs': {
      [MODEL]: savedModel({ signatures: { reset: {}, serving_default: { outputs: ['y'] } } }),
    },
    'with graphs for serving and for training': {
      [MODEL]: savedModel({ tags: ['train'], signatures: {} }, { tags: ['serve', 'tpu'] }),
    },
    'whose index has no variable, and whose shard is empty': withIndex(variablesIndex(), { [SHARD]: '' }),
    'whose index has no variable, and whose empty shard is missing': withIndex(variablesIndex(), {}),
    'whose index is packed with Snappy': withIndex(variablesIndex({ variables: [kernel, bias], pack: snappyOf })),
    'with variables in two of three shards': withIndex(
      variablesIndex({ shards: 3, variables: [kernel, { ...bias, offset: 0, shard: 2 }] }),
      {
        'variables/variables.data-00000-of-00003': Buffer.alloc(24),
        'variables/variables.data-00001-of-00003': '',
        'variables/variables.data-00002-of-00003': Buffer.alloc(12),
      },
    ),
    'with variables that are aligned to 64 bytes': withIndex(
      variablesIndex({ variables: [kernel, { ...bias, offset: 64 }] }),
      { [SHARD]: Buffer.alloc(76) },
    ),
    'with assets, one of them empty': {
      [MODEL]: savedModel({ assets: ['vocabulary.txt', 'empty.txt'] }),
      'assets/vocabulary.txt': 'a\n',
      'assets/empty.txt': '',
    },
    'with an unknown field': { [MODEL]: Buffer.concat([savedModel({}), field(99, 'new')]) },
  };
  for (const [title, files] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      const { findings, notes, inspected } = await inspect(files);
      assert.deepEqual([findings, notes], [[], []]);
      assert.equal(inspected.length, 1);
    });
  }

  const INIT = { __saved_model_init_op: { outputs: ['__saved_model_init_op'] } };
  const node = message(1, field(1, 'x'), field(2, 'Placeholder'));
  const good36 = variablesIndex({ variables: [kernel, bias] });
  const flipped = Buffer.from(good36);
  flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
  const bad: Record<string, [Files, RegExp]> = {
    'that is a GraphDef': [
      { [MODEL]: Buffer.concat([node, node, message(4, field(1, 27))]) },
      /is not a SavedModel: it has a message where its schema version should be/,
    ],
    'that is an ONNX model': [
      { [MODEL]: Buffer.concat([field(1, 8), field(2, 'pytorch'), message(7, node)]) },
      /is not a SavedModel: it has the schema version 8/,
    ],
    'that is a page of a proxy': [
      { [MODEL]: '<!DOCTYPE html>' },
      /saved_model\.pb: has no protocol buffer field at byte 0/,
    ],
    'of two bytes': [{ [MODEL]: savedModel({}).subarray(0, 2) }, /is cut off: it has no meta graph/],
    'without a graph': [
      { [MODEL]: Buffer.concat([field(1, 1), message(2, message(1, field(4, 'serve')))]) },
      /has no graph/,
    ],
    'without the tag serve': [
      { [MODEL]: savedModel({ tags: ['train'] }) },
      /no graph with the tag serve; its tags are: train/,
    ],
    'whose signature is TensorFlow\u2019s own': [
      { [MODEL]: savedModel({ signatures: INIT }) },
      /no signature with outputs/,
    ],
    'whose graph for serving has no signature': [
      { [MODEL]: savedModel({ signatures: {} }, { tags: ['train'] }) },
      /no signature with outputs/,
    ],
    'whose variables are missing': [{ [MODEL]: savedModel({ restores: true }) }, /variables\/variables\.index$/],
    'whose asset is missing': [
      { [MODEL]: savedModel({ assets: ['a.txt', 'b.txt'] }), 'assets/a.txt': 'a' },
      /its asset assets\/b\.txt is missing$/,
    ],
    'whose shard is missing': [
      withIndex(variablesIndex({ shards: 2, variables: [kernel, { ...bias, shard: 1 }] }), {
        'variables/variables.data-00000-of-00002': Buffer.alloc(24),
      }),
      /the shard variables\/variables\.data-00001-of-00002 is missing$/,
    ],
    'whose shard is cut off': [
      withIndex(good36, { [SHARD]: Buffer.alloc(35) }),
      /data-00000-of-00001 has 35 bytes, but its tensors need 36$/,
    ],
    'whose shard has bytes left over': [
      withIndex(good36, { [SHARD]: Buffer.alloc(37) }),
      /has 37 bytes, but its tensors need 36$/,
    ],
    'whose index has a flipped bit': [
      withIndex(flipped),
      /variables\.index: is damaged: the checksum of its block at byte 0/,
    ],
    'whose index is another file': [
      withIndex(Buffer.alloc(100, 'x')),
      /variables\.index: is not a complete table: it ends with 7878787878787878, not with 57fb808b247547db$/,
    ],
    'whose index names a shard beyond the last one': [
      withIndex(variablesIndex({ variables: [{ ...kernel, shard: 1 }] })),
      /layer-0\/kernel\S* is in the shard 1 of 1$/,
    ],
    'whose index has a size that is not the shape\u2019s': [
      withIndex(variablesIndex({ variables: [{ ...kernel, size: 20 }] })),
      /has 20 bytes, which do not fit its shape \[2, 3\] of float32$/,
    ],
  };
  for (const [title, [files, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match((await inspect(files)).findings.join('\n'), message);
    });
  }

  test('of a custom-trained Model may have other tags and no signatures, with a note', async () => {
    const files = { [MODEL]: savedModel({ tags: ['train'], signatures: {} } satisfies GraphSpec) };
    const { findings, notes } = await inspectWith([{ pattern: /\.pb$/, inspect: inspectCustomSavedModel }], files);
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, ['saved_model.pb: has no graph with the tag serve; its tags are: train']);
  });

  for (const name of [MODEL, INDEX]) {
    test(`is rejected wherever its ${name} is cut off`, async () => {
      const files = fixture('image/tf-saved-model');
      const whole = files[name] ?? Buffer.alloc(0);
      // All cuts near both ends, where the fields are, and many cuts within the graph.
      for (let length = 1; length < whole.length; length += length < 1_000 || length > whole.length - 1_000 ? 1 : 97) {
        const { findings } = await inspect({ ...files, [name]: whole.subarray(0, length) });
        assert.notDeepEqual(findings, [], `cut off at ${length} of ${whole.length}`);
      }
    });
  }

  test('with a large graph is inspected with a few small reads', async () => {
    const graph = { graphBytes: 5 * MIB, assets: ['a.txt'], signatures: { predict: { outputs: ['y'] } } };
    const { findings, notes, inspected, reads } = await inspect({
      [MODEL]: savedModel(graph, graph),
      'assets/a.txt': 'a',
    });
    assert.deepEqual([findings, notes], [[], []]);
    assert.equal(inspected.length, 1);
    assert.ok(reads.length <= 6, `${reads.length} reads`);
    assert.ok(reads.reduce((sum, { length }) => sum + length, 0) <= 64 * 1024);
  });

  test('is reported with some of its missing assets and the number of the others', async () => {
    const assets = Array.from({ length: 1_000 }, (_, number) => `${number}.txt`);
    const { findings } = await inspect({ [MODEL]: savedModel({ assets }) });
    assert.equal(findings.length, 21);
    assert.match(findings.at(-1) ?? '', /980 more of its files are missing/);
  });

  test('whose index states hundreds of millions of shards is rejected', async () => {
    const { findings } = await inspect(withIndex(variablesIndex({ shards: 500_000_000 })));
    assert.match(findings.join(), /the impossible number of 500000000 shards/);
  });

  test('whose Snappy block states gigabytes is rejected', async () => {
    const index = variablesIndex({ pack: () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61]) });
    const { findings } = await inspect(withIndex(index));
    assert.match(findings.join(), /its block at byte \d+ is damaged: it unpacks to 4294967295 bytes$/);
  });

  test('whose index has too many entries to be inspected gets a note', async () => {
    const variables = Array.from({ length: 100_001 }, (_, number) => ({ key: String(number), shape: [0] }));
    const { findings, notes, inspected } = await inspect(withIndex(variablesIndex({ variables })));
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, [`${INDEX}: was not fully inspected: it has more than 100000 entries`]);
    assert.equal(inspected.length, 1);
  });
});

suite('An environment.json', () => {
  const bad: Record<string, [string, RegExp]> = {
    'that is not JSON': ['{"container_uri":', /environment\.json: its JSON is not JSON/],
    'without a container': ['{"other": 1}', /not valid: container_uri is missing/],
  };
  for (const [title, [content, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match((await inspect({ 'environment.json': content })).findings.join(), message);
    });
  }
});
