import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { followPickle } from '../../../../src/verification/formats/pickle/stream';
import type { PickleValue } from '../../../../src/verification/formats/pickle/values';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSequence,
} from '../../../../src/verification/formats/pickle/values';
import { inspectContent } from '../../../../src/verification/inspection';
import { LimitError } from '../../../../src/verification/readers/limit-error';

/** What a pickle would make, as plain values: lists, `{ dict }`, `{ class, args, state }`, `<name>` for classes. */
function plain(value: PickleValue): unknown {
  if (value instanceof PickleSequence) return value.items.map(plain);
  if (value instanceof PickleDict)
    return { dict: Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry)])) };
  if (value instanceof PickleGlobal) return `<${value.name}>`;
  if (value instanceof PickleObject) {
    const state = value.state === undefined ? {} : { state: plain(value.state) };
    return { madeBy: value.madeBy, args: plain(value.args), ...state };
  }
  return value;
}

/** Follows a pickle of these bytes, one character each, and gives its value. */
async function valueOf(opcodes: string): Promise<unknown> {
  const { value } = await inspectContent('m.pkl', Buffer.from(opcodes, 'latin1'), (bytes) => followPickle(bytes));
  return plain(value);
}

suite('An opcode of a pickle', () => {
  const cases: Readonly<Record<string, readonly (readonly [opcodes: string, expected: unknown])[]>> = {
    'makes a number': [
      ['I-12\n.', -12],
      ['L34L\n.', 34],
      ['J\xfe\xff\xff\xff.', -2],
      ['K\xff.', 255],
      ['M\x01\x02.', 513],
      ['\x8a\x00.', 0],
      ['\x8a\x02\xff\xff.', -1],
      ['\x8a\x06\x00\x00\x00\x00\x00\x01.', 2 ** 40],
      ['\x8a\x07\x00\x00\x00\x00\x00\x00\x01.', undefined],
      ['\x8b\x01\x00\x00\x00\x07.', 7],
      ['F1.5\n.', undefined],
      ['G12345678.', undefined],
    ],
    'makes a constant': [
      ['N.', null],
      ['\x88.', true],
      ['\x89.', false],
    ],
    'makes a text': [
      ["S'a b'\n.", 'a b'],
      ['Va b\n.', 'a b'],
      ['T\x03\x00\x00\x00abc.', 'abc'],
      ['U\x03abc.', 'abc'],
      ['X\x02\x00\x00\x00\xc3\xa4.', 'ä'],
      ['\x8c\x03abc.', 'abc'],
      ['\x8d\x03\x00\x00\x00\x00\x00\x00\x00abc.', 'abc'],
    ],
    'makes bytes, which are not kept': [
      ['B\x03\x00\x00\x00abc.', undefined],
      ['C\x03abc.', undefined],
      ['\x8e\x03\x00\x00\x00\x00\x00\x00\x00abc.', undefined],
      ['\x96\x03\x00\x00\x00\x00\x00\x00\x00abc.', undefined],
      ['\x97\x98.', undefined],
    ],
    'makes a list or a tuple': [
      ['].', []],
      [').', []],
      [']K\x01aK\x02a.', [1, 2]],
      ['](K\x01K\x02e.', [1, 2]],
      ['(K\x01K\x02l.', [1, 2]],
      ['(K\x01K\x02t.', [1, 2]],
      ['K\x01\x85.', [1]],
      ['K\x01K\x02\x86.', [1, 2]],
      ['K\x01K\x02K\x03\x87.', [1, 2, 3]],
      ['NK\x01a.', null],
    ],
    'makes a set, which is not kept': [
      ['\x8f(K\x01\x90.', undefined],
      ['(K\x01\x91.', undefined],
    ],
    'makes a dictionary': [
      ['}.', { dict: {} }],
      ['(U\x01aK\x01d.', { dict: { a: 1 } }],
      ['}U\x01aK\x01s.', { dict: { a: 1 } }],
      ['}(U\x01aK\x01K\x02K\x03U\x01bNu.', { dict: { a: 1, b: null } }],
      ['}(U\x01au.', { dict: {} }],
      ['NU\x01aK\x01s.', null],
    ],
    'works on the stack': [
      ['K\x01K\x020.', 1],
      ['K\x01(0.', 1],
      ['K\x01(K\x0200.', 1],
      ['K\x01(K\x02K\x031.', 1],
      ['K\x012\x86.', [1, 1]],
    ],
    'works on the memo': [
      ['K\x05p7\n0g7\n.', 5],
      ['K\x05q\x070h\x07.', 5],
      ['K\x05r\x01\x02\x00\x000j\x01\x02\x00\x00.', 5],
      ['K\x05\x94K\x06\x940h\x01.', 6],
      ['K\x05q\x00K\x06\x940h\x01.', 6],
    ],
    'names a class or makes an object': [
      ['cnumpy\ndtype\n.', '<numpy.dtype>'],
      ['U\x01aU\x01b\x93.', '<a.b>'],
      ['K\x01U\x01b\x93.', undefined],
      ['U\x01aK\x01\x93.', undefined],
      ['\x82a.', undefined],
      ['\x83ab.', undefined],
      ['\x84abcd.', undefined],
      ['ca\nb\n)R.', { madeBy: 'a.b', args: [] }],
      ['ca\nb\nK\x01\x85\x81.', { madeBy: 'a.b', args: [1] }],
      ['ca\nb\nK\x01\x85}\x92.', { madeBy: 'a.b', args: [1] }],
      ['(K\x01ia\nb\n.', { madeBy: 'a.b', args: [1] }],
      ['(ca\nb\nK\x01o.', { madeBy: 'a.b', args: [1] }],
      ['K\x01)R.', { madeBy: undefined, args: [] }],
      ['ca\nb\n)RK\x07b.', { madeBy: 'a.b', args: [], state: 7 }],
      ['K\x01K\x02b.', 1],
      ['Pid\n.', undefined],
      ['K\x01Q.', undefined],
    ],
    'makes an object by a constructor': [
      ['ccopy_reg\n_reconstructor\nca\nb\n\x85R.', { madeBy: 'a.b', args: ['<a.b>'] }],
      ['ccopyreg\n__newobj__\nca\nb\n\x85R.', { madeBy: 'a.b', args: ['<a.b>'] }],
      ['ccopyreg\n__newobj_ex__\nca\nb\n\x85R.', { madeBy: 'a.b', args: ['<a.b>'] }],
      ['ccopyreg\n__newobj__\nK\x01\x85R.', { madeBy: undefined, args: [1] }],
      ['ccopyreg\n__newobj__\nNR.', { madeBy: undefined, args: null }],
      ['cxcopyreg\n__newobj__\nca\nb\n\x85R.', { madeBy: 'xcopyreg.__newobj__', args: ['<a.b>'] }],
      ['ccopyreg\n__newobj__x\nca\nb\n\x85R.', { madeBy: 'copyreg.__newobj__x', args: ['<a.b>'] }],
    ],
    'reports how the pickle is written': [
      ['\x80\x05N.', null],
      ['\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.', null],
    ],
  };
  for (const [title, rows] of Object.entries(cases)) {
    test(title, async () => {
      for (const [opcodes, expected] of rows) {
        assert.deepEqual(await valueOf(opcodes), expected, JSON.stringify(opcodes));
      }
    });
    test(`${title}, and is refused where the pickle is cut off`, async () => {
      for (const [opcodes] of rows) {
        for (let length = 0; length < opcodes.length; length += 1) {
          // Some opcodes contain the byte that ends a pickle.
          if (opcodes.slice(0, length).endsWith('.')) continue;
          await assert.rejects(
            valueOf(opcodes.slice(0, length)),
            /^Error: is cut off|is cut off|has nothing/,
            `${length} of ${JSON.stringify(opcodes)}`,
          );
        }
      }
    });
  }

  const bad: Readonly<Record<string, readonly [opcodes: string, message: string]>> = {
    'that pops from an empty stack': ['0.', 'is damaged: an opcode of its pickle has nothing to work on'],
    'that pops what is below a mark': ['K\x01(\x85.', 'is damaged: an opcode of its pickle has nothing to work on'],
    'that needs a mark': ['K\x01t.', 'is damaged: its pickle lacks a mark'],
    'that adds to an empty set': ['(K\x01\x90.', 'is damaged: an opcode of its pickle has nothing to work on'],
    'that refers to nothing': ['h\x07.', 'is damaged: its pickle has no object 7 to refer to'],
    'that ends an empty pickle': ['.', 'is damaged: an opcode of its pickle has nothing to work on'],
    'of a protocol above 5': ['\x80\x06N.', 'has the pickle protocol 6, but the highest is 5'],
    'that is not known': ['N\xff.', 'is damaged: byte 1 is not an opcode of its pickle'],
    'that is not known at the beginning': ['\xff\x01', 'is not a pickle: the bytes at 0 are "ff01"'],
    'whose frame is longer than the file': [
      '\x95\x03\x00\x00\x00\x00\x00\x00\x00N.',
      'is cut off or damaged: the frame of its pickle at byte 0 should have 3 bytes, but 2 are left',
    ],
    'whose text is longer than the file': [
      'U\x05abc.',
      'is cut off or damaged: its pickle should have 5 bytes at byte 2, but 4 are left',
    ],
    'whose line has no end': ['Vabc', 'is cut off or damaged: the line of its pickle at byte 1 has no end'],
    'without a second line': ['cabc\nde', 'is cut off or damaged: the line of its pickle at byte 5 has no end'],
    'before the end of which the file ends': [
      'N',
      'is cut off or damaged: the pickle at byte 0 has no end before byte 1',
    ],
  };
  for (const [title, [opcodes, message]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      await assert.rejects(valueOf(opcodes), { path: 'm.pkl', message });
    });
  }

  test('of a long line or text is read across the pieces of 1,024 bytes, and its value is not kept', async () => {
    for (const length of [1_022, 1_023, 1_024])
      assert.equal(await valueOf(`V${'x'.repeat(length)}\n.`), 'x'.repeat(length));
    assert.equal(await valueOf(`V${'x'.repeat(1_025)}\n.`), undefined);
    assert.equal(await valueOf(`V${'x'.repeat(3_000)}\n.`), undefined);
    const sized = (length: number): string => `M${String.fromCharCode(length & 0xff, length >> 8)}`.replace('M', 'T');
    assert.equal(await valueOf(`${sized(1_024)}\0\0${'x'.repeat(1_024)}.`), 'x'.repeat(1_024));
    assert.equal(await valueOf(`${sized(1_025)}\0\0${'x'.repeat(1_025)}.`), undefined);
  });

  test('keeps the first 64 texts of a dictionary', async () => {
    const entries = Array.from(
      { length: 65 },
      (_, index) => `U\x02${String.fromCharCode(65 + (index >> 3), 65 + (index & 7))}N`,
    );
    const value = await valueOf(`}(${entries.join('')}u.`);
    assert.ok(typeof value === 'object' && value !== null && 'dict' in value);
    const { dict } = value;
    assert.equal(Object.keys(dict ?? {}).length, 64);
  });

  test('has a stack of at most 100,000 values', async () => {
    assert.equal(await valueOf(`${'N'.repeat(100_000)}.`), null);
    await assert.rejects(valueOf(`${'N'.repeat(100_001)}.`), (error: unknown) => {
      assert.ok(error instanceof LimitError);
      assert.equal(error.message, 'its pickle has more than 100000 values at a time');
      return true;
    });
  });
});
