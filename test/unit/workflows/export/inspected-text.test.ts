import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeInspected } from '../../../../src/workflows/export/inspected-text';

suite('what was learned of a file', () => {
  test('is told in words: names, types, shapes, signatures and counts', () => {
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
      '`saved_model.pb` is saved-model: schema version 1, meta graphs 1, tags serve and gpu, ' +
        'signatures serving_default (features float32[-1,4] → scores float32), ' +
        'variables 2 tensors 1 shards 1556 bytes, assets 0',
    );
  });

  test('leaves out what is empty', () => {
    const summary = { tensors: 0, types: [] };
    assert.equal(describeInspected({ path: 'a', kind: 'safetensors', summary }), '`a` is safetensors: tensors 0');
  });
});
