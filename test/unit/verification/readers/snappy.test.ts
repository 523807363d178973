import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { SnappyError, unpackSnappy } from '../../../../src/verification/readers/snappy';
import { snappyOf } from '../../../support/saved-model';

suite('A Snappy block', () => {
  test('is unpacked to the original bytes', () => {
    const content = fc.array(fc.constantFrom('model/', 'layer', '-1', 'kernel', '\0'), { maxLength: 200 });
    fc.assert(
      fc.property(content, (parts) => {
        const bytes = Buffer.from(parts.join(''));
        assert.deepEqual(unpackSnappy(snappyOf(bytes), bytes.length), bytes);
      }),
    );
  });

  const vectors: Record<string, [number[], string]> = {
    'a literal whose length follows the tag': [[70, 60 << 2, 69, ...Buffer.alloc(70, 'a')], 'a'.repeat(70)],
    'a copy with an offset of 11 bits': [[8, 3 << 2, ...Buffer.from('abcd'), 1, 4], 'abcdabcd'],
    'a copy that repeats what it writes': [[9, 0, 0x61, ((8 - 4) << 2) | 1, 1], 'aaaaaaaaa'],
    'a copy with an offset of 32 bits': [[6, 2 << 2, ...Buffer.from('abc'), (2 << 2) | 3, 3, 0, 0, 0], 'abcabc'],
    nothing: [[0], ''],
  };
  for (const [title, [packed, expected]] of Object.entries(vectors)) {
    test(`is unpacked with ${title}`, () => {
      assert.equal(unpackSnappy(Buffer.from(packed), 1_000).toString(), expected);
    });
  }

  const bad: Record<string, number[]> = {
    'without a length': [],
    'with an endless length': [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    'that unpacks to more than is allowed': [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61],
    'that unpacks to less than it states': [5, 0, 0x61],
    'that unpacks to more than it states': [1, 1 << 2, 0x61, 0x61],
    'with a literal beyond its end': [9, 8 << 2, 0x61],
    'with a literal of 4 GiB': [9, 63 << 2, 0xff, 0xff, 0xff, 0xff, 0x61],
    'with a copy from before its start': [5, 0, 0x61, 1, 2],
    'with a copy from itself': [5, 0, 0x61, 1, 0],
    'with a copy that is cut off': [5, 0, 0x61, 2, 1],
  };
  for (const [title, packed] of Object.entries(bad)) {
    test(`${title} is rejected`, () => {
      assert.throws(() => unpackSnappy(Buffer.from(packed), 1_000), SnappyError);
    });
  }
});
