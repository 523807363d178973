import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectedFileSchema } from '../../../src/contract/inspected-schema';

const TENSORS = [
  { name: 'x', type: 'float32', shape: [-1, 2] },
  { name: 'y', type: 'string' },
];
const SIDES = { inputs: TENSORS, outputs: TENSORS };

/** For each kind a summary with all of its fields, and the names of those that may be absent. */
const KINDS: Readonly<Record<string, readonly [summary: Readonly<Record<string, unknown>>, ...optional: string[]]>> = {
  tflite: [
    {
      ...{ schemaVersion: 3, subgraphs: 1, operators: 2, tensors: 3, edgeTpu: true, description: 'x', ...SIDES },
      labels: { file: 'labels.txt', lines: 2 },
    },
    ...['labels', 'description'],
  ],
  'saved-model': [
    {
      ...{ schemaVersion: 1, metaGraphs: 1, tags: ['serve'], tensorflowVersion: '2.15', assets: 0 },
      signatures: [{ name: 'x', ...SIDES }],
      variables: { tensors: 1, shards: 1, bytes: 4 },
    },
    ...['tensorflowVersion', 'variables'],
  ],
  tabular: [{ servingContainer: 'image' }],
  'tf-js': [{ format: 'graph-model', weights: 1, shards: 1, bytes: 4 }, 'format'],
  'core-ml': [{ specificationVersion: 1, type: 'identity', description: 'x', ...SIDES }, 'description'],
  labels: [{ lines: 0 }],
  safetensors: [{ tensors: 1, types: ['F32'] }],
  'safetensors-index': [{ tensors: 1, shards: 1 }],
  onnx: [{ irVersion: 8, opsets: ['ai.onnx 17'], nodes: 1, initializers: 0, producer: 'x', ...SIDES }, 'producer'],
  pytorch: [{ layout: 'zip', tensors: 1 }, 'tensors'],
  'torch-model-archive': [{ entries: 1, modelName: 'x', handler: 'x' }, 'modelName', 'handler'],
  pickle: [{ protocol: 4, compression: 'zlib' }, 'protocol', 'compression'],
  xgboost: [{ layout: 'json', version: '2.1.4' }, 'version'],
};

const accepts = (kind: string, summary: unknown): boolean =>
  inspectedFileSchema.safeParse({ path: 'a', kind, summary }).success;

suite('The facts about an inspected file', () => {
  for (const [kind, [summary, ...optional]] of Object.entries(KINDS)) {
    test(`of the kind ${kind} have the fields of that kind, and no others`, () => {
      assert.deepEqual(inspectedFileSchema.parse({ path: 'a', kind, summary }), { path: 'a', kind, summary });
      assert.equal(accepts(kind, { ...summary, other: 1 }), false);
      for (const field of Object.keys(summary)) {
        const { [field]: removed, ...others } = summary;
        assert.ok(removed !== undefined);
        assert.equal(accepts(kind, others), optional.includes(field), `without ${field}`);
        assert.equal(accepts(kind, { ...others, [field]: { other: 1 } }), false, `with another ${field}`);
        if (typeof removed === 'number') assert.equal(accepts(kind, { ...others, [field]: -1 }), field === 'bytes');
      }
    });
  }

  test('are of a known kind', () => {
    assert.equal(accepts('other', { lines: 1 }), false);
    assert.equal(inspectedFileSchema.safeParse({ path: 1, kind: 'labels', summary: { lines: 1 } }).success, false);
    assert.equal(
      inspectedFileSchema.safeParse({ path: 'a', kind: 'labels', summary: { lines: 1 }, other: 1 }).success,
      false,
    );
  });

  const layouts: readonly [kind: string, layouts: string[]][] = [
    ['pytorch', ['zip', 'torchscript', 'legacy']],
    ['xgboost', ['json', 'ubjson', 'legacy']],
  ];
  for (const [kind, names] of layouts) {
    test(`of the kind ${kind} name one of ${names.join(', ')}`, () => {
      for (const layout of names) assert.equal(accepts(kind, { layout }), true);
      assert.equal(accepts(kind, { layout: '' }), false);
    });
  }

  test('have numbers only where numbers are due, also in lists', () => {
    const [onnx] = KINDS['onnx'] ?? [];
    for (const shape of [[1.5], ['x'], 4]) {
      assert.equal(accepts('onnx', { ...onnx, inputs: [{ name: 'x', type: 'int8', shape }] }), false);
    }
    assert.equal(accepts('onnx', { ...onnx, inputs: [{ name: 'x', type: 'int8', other: 1 }] }), false);
    const [savedModel] = KINDS['saved-model'] ?? [];
    assert.equal(accepts('saved-model', { ...savedModel, signatures: [{}] }), false);
    assert.equal(accepts('saved-model', { ...savedModel, variables: {} }), false);
    const [tflite] = KINDS['tflite'] ?? [];
    assert.equal(accepts('tflite', { ...tflite, labels: {} }), false);
  });
});
