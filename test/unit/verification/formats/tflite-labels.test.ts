import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BUFFER } from '../../../../src/verification/formats/tflite/schema';
import { flatBuffer } from '../../../support/flatbuffer';
import { tfliteModel, withMetadata } from '../../../support/tflite';
import { inspect, summaryOf, withFiles } from '../../../support/tflite-inspection';

suite('The labels of a TensorFlow Lite model', () => {
  test('are those which its metadata names, whatever the file is called', async () => {
    const model = tfliteModel(
      withMetadata([
        { name: 'labels_of_old.txt', type: 1 },
        { name: 'names.txt', type: 2 },
      ]),
    );
    const seen = await inspect(withFiles(model, { 'labels_of_old.txt': 'x', 'names.txt': 'cat\r\ndog\r\nbird' }));
    assert.deepEqual([...seen.findings, ...seen.notes], []);
    assert.deepEqual(summaryOf(seen).labels, { file: 'names.txt', lines: 3 });
  });

  test('need not be named by metadata', async () => {
    const { labels } = summaryOf(await inspect(withFiles(tfliteModel(), { 'readme.md': '', 'dict.txt': 'a\nb\n' })));
    assert.deepEqual(labels, { file: 'dict.txt', lines: 2 });
  });

  test('are not counted where they are compressed, which a note reports', async () => {
    const seen = await inspect(withFiles(tfliteModel(), { 'labels.txt': 'a\nb\n'.repeat(50) }, true));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /the lines of its label file "labels\.txt" were not counted/);
    assert.equal(summaryOf(seen).labels, undefined);
  });

  test('that are missing in a whole archive are a note', async () => {
    const model = tfliteModel(withMetadata([{ name: 'labels.txt', type: 2 }]));
    const seen = await inspect(withFiles(model, { 'other.txt': '' }));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /its metadata names "labels\.txt", which is not in the zip archive at its end/);
  });

  test('that metadata names make the model refused where they are cut off', async () => {
    const model = tfliteModel(withMetadata([{ name: 'labels.txt', type: 2 }]));
    const whole = withFiles(model, { 'labels.txt': 'cat\ndog\n' });
    for (let length = model.length; length < whole.length; length += 1) {
      const { findings } = await inspect(whole.subarray(0, length));
      assert.match(
        findings.join('\n'),
        /is cut off: its metadata names "labels\.txt", but no zip archive is at its end/,
      );
    }
  });

  test('are optional if the metadata has an unknown form', async () => {
    const { model } = withMetadata([]);
    const buffers = [{ [BUFFER.data]: Buffer.alloc(8) }, { [BUFFER.data]: flatBuffer({}, 'M002') }];
    const seen = await inspect(tfliteModel({ ...(model && { model }), buffers }));
    assert.deepEqual(seen.findings, []);
    assert.match(seen.notes.join(), /its TFLITE_METADATA has an unknown form/);
  });
});
