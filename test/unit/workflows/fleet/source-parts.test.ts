import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FleetSettings } from '../../../../src/contract/fleet-state';
import { groupedByModel, joined, newSource, nextPart } from '../../../../src/workflows/fleet/source';

const P = 'projects/demo-project/locations/us-central1';
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `${P}/models/${index}`);
const settings: FleetSettings = { maxConcurrent: 1, onFailure: 'continue', duplicates: [1] };
const of = (input: object) => newSource(input, settings);

suite('the source of a checked input', () => {
  test('has its exports or Models without the duplicates, and the formats only if there are any', () => {
    const exports = names(3).map((name) => ({ name }));
    assert.deepEqual(of({ exports }), { exports: [exports[0], exports[2]] });
    const [first, , third] = names(3);
    assert.deepEqual(of({ models: names(3) }), { models: [first, third] });
    assert.deepEqual(of({ models: names(1), formats: ['tflite'] }), { models: [first], formats: ['tflite'] });
  });

  test('has its parent, filter and formats, and is missing if the input has none of them', () => {
    assert.deepEqual(of({ parent: P }), { parent: P });
    assert.deepEqual(of({ parent: P, filter: 'labels.a=b', formats: 'all' }), {
      parent: P,
      filter: 'labels.a=b',
      formats: 'all',
    });
    assert.equal(of({}), undefined);
  });

  test('is grouped only if it has Models', () => {
    const exports = { exports: [{ name: `${P}/models/1` }] };
    assert.equal(groupedByModel(exports), exports);
    assert.equal(groupedByModel(undefined), undefined);
  });
});

suite('a part of a source', () => {
  test('has 100 Models, or 20 if their formats are read, and what was planned of the first', () => {
    const after = { model: `${P}/models/0`, exportFormatId: 'tflite' };
    const models = names(101);
    assert.deepEqual(nextPart({ models, after }), {
      part: { models: models.slice(0, 100), after },
      rest: { models: models.slice(100) },
    });
    const all = nextPart({ models: names(20), formats: 'all' });
    assert.deepEqual(all, { part: { models: names(20), formats: 'all' }, rest: undefined });
    assert.deepEqual(nextPart({ models: names(21), formats: 'all' }).rest, {
      models: names(21).slice(20),
      formats: 'all',
    });
  });

  test('has 100 exports whatever their size if the fleet began with an earlier version', () => {
    const exports = names(101).map((name) => ({ name, formatPreference: ['x'.repeat(2_000)] }));
    const { part, rest } = nextPart({ exports });
    assert.deepEqual([part, rest], [{ exports: exports.slice(0, 100) }, { exports: exports.slice(100) }]);
    assert.equal(nextPart({ exports: exports.slice(1) }).rest, undefined);
  });

  test('is the page of a parent, which has no rest', () => {
    assert.deepEqual(nextPart({ parent: P }), { part: { parent: P }, rest: undefined });
  });

  test('is joined with what follows it', () => {
    const [one, two] = names(2).map((name) => ({ name }));
    assert.ok(one && two);
    assert.deepEqual(joined({ exports: [one] }, { exports: [two] }), { exports: [one, two] });
    assert.deepEqual(joined({ models: ['a'], formats: 'all' }, { models: ['b'] }), {
      models: ['a', 'b'],
      formats: 'all',
    });
    assert.deepEqual(joined(undefined, { models: ['b'] }), { models: ['b'] });
    assert.deepEqual(joined({ models: ['a'] }, undefined), { models: ['a'] });
    assert.deepEqual(joined({ parent: P }, { models: ['b'] }), { parent: P });
  });
});
