import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { globOf } from '../../../../emulator/storage/glob';
import { StorageError } from '../../../../emulator/storage/storage-error';

const CASES: readonly (readonly [glob: string, matches: readonly string[], others: readonly string[]])[] = [
  ['a*c', ['ac', 'abc', 'abbc'], ['a/c', 'abcd', '']],
  ['a**c', ['ac', 'a/b/c'], ['a/b/d']],
  ['**/x', ['a/x', 'a/b/x', '/x'], ['x', 'ax']],
  ['a?c', ['abc', 'a😀c'], ['ac', 'a/c', 'abbc']],
  ['[abx-z]1', ['a1', 'y1'], ['c1', '1']],
  ['[!a]1', ['b1'], ['a1']],
  ['[^a]1', ['b1'], ['a1']],
  ['{a,bc}.{x,y}', ['a.x', 'bc.y'], ['b.x', 'a.', 'a,bc.x']],
  ['a\\*b', ['a*b'], ['axb']],
  ['\\{a,b\\}', ['{a,b}'], ['a', 'b']],
  ['', [''], ['a']],
  ['.+(x)', ['.+(x)'], ['aax']],
];

suite('a glob pattern of names', () => {
  for (const [glob, matches, others] of CASES) {
    test(`${JSON.stringify(glob)} matches complete names`, () => {
      const isMatch = globOf(glob);
      assert.deepEqual(
        matches.map(isMatch),
        matches.map(() => true),
      );
      assert.deepEqual(
        others.map(isMatch),
        others.map(() => false),
      );
    });
  }

  test('a pattern with many stars is tested without backtracking', () => {
    const isMatch = globOf(`${'*a'.repeat(200)}b`);
    assert.equal(isMatch('a'.repeat(1_024)), false);
    assert.equal(isMatch(`${'a'.repeat(1_000)}b`), true);
  });

  test('invalid and too large patterns are rejected', () => {
    for (const glob of ['[', '[]', '{a', '{a,{b}', '{a,b}'.repeat(10)]) {
      assert.throws(() => globOf(glob), StorageError, glob);
    }
  });
});
