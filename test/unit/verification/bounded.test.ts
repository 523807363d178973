import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { InspectedFile } from '../../../src/verification/inspected';
import { boundedFindings, boundedVerification } from '../../../src/verification/bounded';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const tensors = Array.from({ length: 20 }, (_, index) => ({
  name: `${index}${'é'.repeat(40)}`,
  type: 'float32',
  shape: [-1, 224, 224, 3],
}));

const savedModel = (index: number): InspectedFile => ({
  path: `model-${index}/saved_model.pb`,
  kind: 'saved-model',
  summary: {
    ...{ schemaVersion: 1, metaGraphs: 1, tags: ['serve'], assets: 0 },
    signatures: Array.from({ length: 8 }, (_, number) => ({ name: `s${number}`, inputs: tensors, outputs: tensors })),
  },
});

const filesOf = (count: number) => ({
  ...{ count, bytes: count, manifestSha256: 'a'.repeat(64), truncated: false },
  entries: Array.from({ length: count }, (_, index) => ({
    path: `${index}${'漢'.repeat(330)}`,
    bytes: 1,
    generation: '1',
  })),
});

suite('The report of a verification', () => {
  test('of 100 SavedModels with 8 signatures of 20 inputs and outputs has at most 200 KB, and states what was cut', () => {
    const inspected = Array.from({ length: 100 }, (_, index) => savedModel(index));
    assert.ok(bytesOf(inspected) > 2_000_000);
    const bounded = boundedVerification({ files: filesOf(500), inspected, notes: ['a note'] }, 200_000);
    assert.ok(bytesOf(bounded) <= 200_000, String(bytesOf(bounded)));
    assert.equal(bounded.inspected?.length, 100);
    assert.match(bounded.notes.join('\n'), /^lists of 100 inspected files were shortened/m);
  });

  test('keeps whole shapes if lists are shortened', () => {
    const inspected = Array.from({ length: 40 }, (_, index) => savedModel(index));
    const [first] = boundedVerification({ inspected, notes: [] }, 200_000).inspected ?? [];
    assert.ok(first?.kind === 'saved-model');
    assert.ok(first.summary.signatures.length > 0);
    assert.deepEqual(first.summary.signatures[0]?.inputs[0]?.shape, [-1, 224, 224, 3]);
  });

  test('of files with long names has at most the bytes allowed, and is marked as truncated', () => {
    const { files } = boundedVerification({ files: filesOf(500), notes: [] }, 100_000);
    assert.ok(files && bytesOf(files) <= 100_000);
    assert.equal(files.truncated, true);
    assert.equal(files.count, 500);
    assert.ok(files.entries.length > 50);
  });

  test('is unchanged if it is small', () => {
    const verification = { files: filesOf(2), inspected: [savedModel(0)], notes: ['a', 'b'] };
    assert.deepEqual(boundedVerification(verification, 200_000), verification);
  });

  test('counts the omitted notes, including those that were counted before', () => {
    const notes = [...Array.from({ length: 500 }, (_, index) => `note ${index}`), 'and 1000 more notes'];
    const bounded = boundedVerification({ notes }, 200_000);
    assert.equal(bounded.notes.length, 201);
    assert.equal(bounded.notes.at(-1), 'and 1300 more notes');
  });

  test('has every text with at most 300 characters of valid Unicode', () => {
    const { notes } = boundedVerification({ notes: [`${'x'.repeat(298)}😀😀`, '\ud800\u202e\u0007'] }, 200_000);
    for (const note of notes) {
      assert.ok(note.length <= 300);
      assert.doesNotMatch(note, /\p{Surrogate}|\p{Cc}|\u202e/u);
    }
  });
});

suite('The findings of a failure', () => {
  test('are at most as many as allowed, and the last line counts the others', () => {
    const findings = boundedFindings(Array<string>(1_000).fill('x'.repeat(300)), 200, 8_000);
    assert.ok(bytesOf(findings) <= 8_000);
    assert.match(findings.at(-1) ?? '', /^and 97\d more findings$/);
    assert.equal(boundedFindings(['a', 'b', 'c'], 2, 8_000).at(-1), 'and 1 more findings');
  });
});
