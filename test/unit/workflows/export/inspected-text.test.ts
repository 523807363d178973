import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeInspected } from '../../../../src/workflows/export/inspected-text';

suite('the summary of an inspected file:', () => {
  test('the line about a SavedModel has names, types, shapes, signatures and counts', () => {
    const features = { name: 'features', type: 'float32', shape: [-1, 4] };
    const scores = { name: 'scores', type: 'float32' };
    assert.equal(
      describeInspected({
        path: 'saved_model.pb',
        kind: 'saved-model',
        summary: {
          schemaVersion: 1,
          metaGraphs: 1,
          tags: ['serve', 'gpu'],
          signatures: [{ name: 'serving_default', inputs: [features], outputs: [scores] }],
          variables: { tensors: 2, shards: 1, bytes: 1_556 },
          assets: 0,
        },
      }),
      '`saved_model.pb`: TensorFlow SavedModel, schema version 1, 1 meta graph, tags serve and gpu, ' +
        'signatures serving_default (features float32[-1,4] → scores float32), ' +
        'variables (2 tensors, 1 shard, 1556 bytes), 0 assets',
    );
  });

  test('the line about an inspected file omits empty lists and false flags', () => {
    const tensors = { schemaVersion: 3, subgraphs: 1, operators: 2, tensors: 9, inputs: [], outputs: [] };
    assert.equal(
      describeInspected({ path: 'a', kind: 'tflite', summary: { ...tensors, edgeTpu: false } }),
      '`a`: TensorFlow Lite, schema version 3, 1 subgraph, 2 operators, 9 tensors',
    );
    assert.match(
      describeInspected({ path: 'a', kind: 'tflite', summary: { ...tensors, edgeTpu: true } }),
      /9 tensors, edge tpu$/,
    );
  });
});
