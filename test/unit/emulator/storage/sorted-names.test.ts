import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareNames, SortedNames } from '../../../../emulator/storage/sorted-names';

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
const name = fc.string({ unit: 'grapheme', maxLength: 5 });

suite('sorted names', () => {
  test('names are compared by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        assert.equal(Math.sign(compareNames(one, other)), Math.sign(byBytes(one, other)));
      }),
    );
    assert.ok(compareNames('\uFF5E', '😀') < 0);
  });

  test('a set has each added name once, in order, until it is deleted', () => {
    const change = fc.tuple(fc.boolean(), fc.oneof(name, fc.nat(1_500).map(String)));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3_000, size: 'max' }), (changes) => {
        const names = new SortedNames();
        const expected = new Set<string>();
        for (const [isAdded, changed] of changes) {
          if (isAdded) {
            names.add(changed);
            expected.add(changed);
          } else {
            names.delete(changed);
            expected.delete(changed);
          }
        }
        const found: string[] = [];
        for (let next = names.first(''); next !== undefined; next = names.after(next)) found.push(next);
        assert.deepEqual(found, [...expected].sort(byBytes));
        assert.equal(names.isEmpty, expected.size === 0);
      }),
      { numRuns: 30 },
    );
  });
});
