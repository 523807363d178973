import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pathBeside } from '../../../src/verification/export-files';
import { inspect } from '../../support/inspection';
import { savedModel, variablesIndex } from '../../support/saved-model';

const listed = (...paths: readonly string[]) => ({ sizeOf: (path: string) => (paths.includes(path) ? 1 : undefined) });

suite('A reference from one file to another', () => {
  const inside: readonly [path: string, reference: string, expected: string][] = [
    ['model.json', 'shard.bin', 'shard.bin'],
    ['a/model.json', 'b/shard.bin', 'a/b/shard.bin'],
    ['a//model.json', 'b//shard.bin', 'a//b//shard.bin'],
    ['a/./../model.json', 'shard.bin', 'a/./../shard.bin'],
    ['a/model.json', './shard.bin', 'a/shard.bin'],
    ['a/model.json', 'b/././shard.bin', 'a/b/shard.bin'],
    ['a/model.json', '..shard', 'a/..shard'],
    ['a/model.json', '__proto__', 'a/__proto__'],
  ];
  for (const [path, reference, expected] of inside) {
    test(`of ${JSON.stringify(reference)} in ${path} is ${expected}`, () => {
      assert.equal(pathBeside(path, reference, listed()), expected);
    });
  }

  for (const reference of [
    '../x',
    'a/../../x',
    'a/..',
    '..',
    '/x',
    '\\x',
    'a\\..\\x',
    'https://evil.example/x',
    'file:x',
  ]) {
    test(`of ${JSON.stringify(reference)} is outside of the directory`, () => {
      assert.equal(pathBeside('a/b/model.json', reference, listed('x', 'a/x')), undefined);
    });
  }

  test('with a colon is a file name if that file exists', () => {
    assert.equal(pathBeside('model.json', 'shard:1', listed('shard:1')), 'shard:1');
  });
});

suite('A SavedModel', () => {
  test('below a path with an empty segment is verified with its variables', async () => {
    const index = variablesIndex({ variables: [{ key: 'v', shape: [2] }] });
    const { findings, notes, inspected } = await inspect('tf-saved-model', {
      'model//saved_model.pb': savedModel({ restores: true }),
      'model//variables/variables.index': index,
      'model//variables/variables.data-00000-of-00001': Buffer.alloc(8),
    });
    assert.deepEqual([findings, notes], [[], []]);
    assert.equal(inspected.length, 1);
  });
});
