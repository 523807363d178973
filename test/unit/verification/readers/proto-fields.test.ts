import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { Root } from 'protobufjs/light';
import { LimitError } from '../../../../src/verification/readers/limit-error';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { fieldsOf, messagesIn, readVarint, varintsOf } from '../../../../src/verification/readers/proto-fields';
import { decodeMessage, messageType, reasonOf } from '../../../../src/verification/readers/proto-message';
import { MalformedFileError, SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { WorkMeter } from '../../../../src/verification/readers/work';
import { field, varint } from '../../../support/protobuf';

const bytesOf = (...content: readonly Uint8Array[]): SparseBytes =>
  new SparseBytes(LoadedParts.of('a.pb', Buffer.concat(content)), new WorkMeter('a.pb'));

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

suite('A varint', () => {
  const values: readonly (number | bigint)[] = [
    ...[0, 1, 127, 128, 16_383, 16_384, 2 ** 28 - 1, 2 ** 28, 2 ** 35, 2 ** 53 - 1, 2 ** 53],
    ...[-1, -128, -(2 ** 31), -(2 ** 53)],
  ];
  for (const value of values) {
    test(`of ${value} is read whole, and with nothing behind it`, () => {
      const content = varint(value);
      assert.deepEqual(readVarint(bytesOf(content), 0, content.length), { value: Number(value), end: content.length });
      const moved = bytesOf(hex('ff'), content, hex('ff'));
      assert.deepEqual(readVarint(moved, 1, content.length + 2), { value: Number(value), end: content.length + 1 });
    });
    test(`of ${value} is refused where it is cut off`, () => {
      const content = varint(value);
      for (let limit = 0; limit < content.length; limit += 1) {
        assert.throws(() => readVarint(bytesOf(content), 0, limit), {
          message: 'is cut off in a number at byte 0',
        });
      }
    });
  }

  test('of more than ten bytes is refused', () => {
    const endless = Buffer.alloc(11, 0x80);
    assert.throws(() => readVarint(bytesOf(endless), 0, 11), { message: 'has no number at byte 0' });
    assert.throws(() => readVarint(bytesOf(endless), 1, 11), { message: 'has no number at byte 1' });
    assert.throws(() => readVarint(bytesOf(endless), 2, 11), { message: 'is cut off in a number at byte 2' });
  });

  test('ignores bits above the 64th', () => {
    assert.equal(readVarint(bytesOf(hex('ffffffffffffffffff 7f')), 0, 10).value, -1);
    assert.equal(readVarint(bytesOf(hex('8080808080 80808080 02')), 0, 10).value, 0);
  });
});

suite('The fields of a message', () => {
  const fixed64 = hex('09 0102030405060708');
  const fixed32 = hex('15 01020304');

  test('have their numbers, types and positions', () => {
    const bytes = bytesOf(field(1, 300), fixed64, field(3, 'abc'), fixed32, field(2 ** 29 - 1, 5));
    assert.deepEqual(
      [...fieldsOf(bytes)],
      [
        { number: 1, wireType: 0, start: 1, end: 3, value: 300 },
        { number: 1, wireType: 1, start: 4, end: 12, value: 0 },
        { number: 3, wireType: 2, start: 14, end: 17, value: 0 },
        { number: 2, wireType: 5, start: 18, end: 22, value: 0 },
        { number: 2 ** 29 - 1, wireType: 0, start: 27, end: 28, value: 5 },
      ],
    );
    assert.deepEqual(
      [...fieldsOf(bytes, 12, 17)].map(({ number }) => number),
      [3],
    );
  });

  test('that are messages are those with a length', () => {
    const bytes = bytesOf(field(1, 300), fixed64, field(3, 'abc'), fixed32, field(4, ''));
    assert.deepEqual(
      [...messagesIn(bytes)].map(({ number }) => number),
      [3, 4],
    );
    assert.deepEqual(
      [...messagesIn(bytes, 12, 17)].map(({ number }) => number),
      [3],
    );
  });

  const bad: Record<string, [Buffer, string]> = {
    'of the number 0': [hex('00 01'), 'has no protocol buffer field at byte 0'],
    'of a number above the highest': [varint(2 ** 32), 'has no protocol buffer field at byte 0'],
    'of a negative number': [varint(-8), 'has no protocol buffer field at byte 0'],
    'that begin a group': [hex('0b'), 'has no protocol buffer field at byte 0'],
    'that end a group': [hex('0c'), 'has no protocol buffer field at byte 0'],
    'of the wire type 6': [hex('0e'), 'has no protocol buffer field at byte 0'],
    'of the wire type 7': [hex('0f'), 'has no protocol buffer field at byte 0'],
    'with a negative length': [
      Buffer.concat([hex('0a'), varint(-1)]),
      'is cut off or damaged: field 1 at byte 0 should have -1 bytes, but 0 are left',
    ],
    'with 64 bits that are cut off': [
      fixed64.subarray(0, 8),
      'is cut off or damaged: field 1 at byte 0 should have 8 bytes, but 7 are left',
    ],
    'with 32 bits that are cut off': [
      fixed32.subarray(0, 4),
      'is cut off or damaged: field 2 at byte 0 should have 4 bytes, but 3 are left',
    ],
    'with a text that is cut off': [
      field(3, 'abc').subarray(0, 4),
      'is cut off or damaged: field 3 at byte 0 should have 3 bytes, but 2 are left',
    ],
  };
  for (const [title, [content, message]] of Object.entries(bad)) {
    test(`${title} are refused`, () => {
      assert.throws(() => [...fieldsOf(bytesOf(content))], new MalformedFileError('a.pb', message));
    });
  }

  test('that are numbers may be packed', () => {
    const numbers = (content: Buffer): number[] => {
      const bytes = bytesOf(content);
      return [...fieldsOf(bytes)].flatMap((one) => [...varintsOf(bytes, one)]);
    };
    assert.deepEqual(numbers(field(1, 300)), [300]);
    assert.deepEqual(numbers(field(1, Buffer.concat([varint(300), varint(-1), varint(0)]))), [300, -1, 0]);
    assert.deepEqual(numbers(field(1, '')), []);
    assert.deepEqual(numbers(Buffer.concat([fixed64, fixed32])), []);
    assert.throws(() => numbers(field(1, hex('01 80'))), { message: 'is cut off in a number at byte 3' });
  });
});

suite('A small message', () => {
  const root = Root.fromJSON({ nested: { Pair: { fields: { name: { type: 'string', id: 1 } } } } });
  const PAIR = messageType(root, 'Pair', z.object({ name: z.string().max(70_000) }));

  test('is decoded from its part of the file', () => {
    const bytes = bytesOf(hex('ffff'), field(1, 'abc'), hex('ff'));
    assert.deepEqual(decodeMessage(bytes, PAIR, { start: 2, end: 7 }), { name: 'abc' });
    assert.deepEqual(decodeMessage(bytes, PAIR, { start: 2, end: 2 }), { name: '' });
  });

  test('that is no message of its type is refused on one line', () => {
    assert.throws(() => decodeMessage(bytesOf(hex('00'), hex('0a05')), PAIR, { start: 1, end: 3 }), {
      name: 'Error',
      path: 'a.pb',
      message: /^has no Pair at byte 1: .+$/,
    });
    assert.equal(reasonOf(new Error('a\n  b')), 'a b');
    assert.equal(reasonOf('text'), 'text');
  });

  test('of 64 KiB is decoded, and a larger one is over the limit', () => {
    const largest = field(1, 'a'.repeat(64 * 1024 - 4));
    assert.equal(largest.length, 64 * 1024);
    assert.equal(decodeMessage(bytesOf(largest), PAIR, { start: 0, end: largest.length }).name.length, 65_532);
    // Behind other bytes: the position does not count.
    const behind = bytesOf(Buffer.alloc(9), largest);
    assert.equal(decodeMessage(behind, PAIR, { start: 9, end: behind.size }).name.length, 65_532);
    const larger = bytesOf(hex('00'), largest, hex('00'));
    assert.throws(
      () => decodeMessage(larger, PAIR, { start: 1, end: larger.size }),
      (error: unknown) => {
        assert.ok(error instanceof LimitError);
        assert.deepEqual([error.path, error.message], ['a.pb', 'its Pair at byte 1 has 65537 bytes']);
        return true;
      },
    );
  });

  test('costs three steps a byte', () => {
    const bytes = bytesOf(hex('00'), field(1, 'a'.repeat(62)));
    decodeMessage(bytes, PAIR, { start: 1, end: 65 });
    // Two steps more for the access to its 64 bytes.
    assert.equal(bytes.meter.steps, 194);
  });
});
