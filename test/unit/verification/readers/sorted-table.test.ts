import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import { inspectContent } from '../../../../src/verification/inspection';
import { LimitError } from '../../../../src/verification/readers/limit-error';
import { visitEntries } from '../../../../src/verification/readers/sorted-table';
import { MalformedFileError } from '../../../../src/verification/readers/sparse-bytes';
import { varint } from '../../../support/protobuf';
import { snappyOf } from '../../../support/saved-model';

const MIB = 2 ** 20;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');

/** A block with its type and checksum. */
function sealed(content: Buffer, type = 0): Buffer {
  const typed = Buffer.concat([content, Buffer.from([type])]);
  const checksum = crc32c(typed);
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32LE((((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0);
  return Buffer.concat([typed, trailer]);
}

interface EntrySpec {
  readonly shared?: number;
  readonly key: string;
  readonly value: Buffer | string;
  /** Stated lengths, if they are others than those of the key and of the value. */
  readonly keyBytes?: number;
  readonly valueBytes?: number;
}

const entry = ({ shared = 0, key, value, keyBytes, valueBytes }: EntrySpec): Buffer =>
  Buffer.concat([
    ...[varint(shared), varint(keyBytes ?? key.length), varint(valueBytes ?? value.length)],
    ...[Buffer.from(key), Buffer.from(value)],
  ]);

/** The content of a block: its entries, and this number of restart points of 0. */
function content(entries: readonly EntrySpec[], restarts = 1): Buffer {
  const end = Buffer.alloc(4 + 4 * restarts);
  end.writeUInt32LE(restarts, 4 * restarts);
  return Buffer.concat([...entries.map(entry), end]);
}

const handle = (offset: number, block: Buffer): Buffer => Buffer.concat([varint(offset), varint(block.length - 5)]);

/** A table of sealed blocks. */
function table(...blocks: readonly Buffer[]): Buffer {
  let at = 0;
  const handles = blocks.map((block, index) => {
    const place = { key: String(index), value: handle(at, block) };
    at += block.length;
    return place;
  });
  const meta = sealed(content([]));
  const index = sealed(content(handles));
  const footer = Buffer.alloc(48);
  Buffer.concat([handle(at, meta), handle(at + meta.length, index)]).copy(footer);
  MAGIC.copy(footer, 40);
  return Buffer.concat([...blocks, meta, index, footer]);
}

function entriesOf(file: Buffer): Promise<[key: string, value: string][]> {
  return inspectContent('a.index', file, function* (bytes) {
    const entries: [string, string][] = [];
    yield* visitEntries(bytes, ({ key, value }) => {
      if (entries.length < 10) entries.push([key.toString(), value.toString()]);
    });
    return entries;
  });
}

async function failureOf(file: Buffer): Promise<string> {
  try {
    await entriesOf(file);
  } catch (error) {
    if (error instanceof MalformedFileError) return `finding: ${error.message}`;
    assert.ok(error instanceof LimitError, String(error));
    return `note: ${error.message}`;
  }
  return 'accepted';
}

suite('A sorted table', () => {
  const entries = [
    { key: '', value: 'header' },
    { key: 'layer/a', value: '1' },
    { shared: 6, key: 'b', value: '22' },
    { shared: 7, key: '', value: '' },
  ];
  const expected = [
    ['', 'header'],
    ['layer/a', '1'],
    ['layer/b', '22'],
    ['layer/b', ''],
  ];

  test('has its entries in blocks, plain or packed', async () => {
    assert.deepEqual(await entriesOf(table()), []);
    assert.deepEqual(await entriesOf(table(sealed(content(entries)))), expected);
    assert.deepEqual(await entriesOf(table(sealed(content(entries, 3)))), expected);
    assert.deepEqual(await entriesOf(table(sealed(snappyOf(content(entries)), 1))), expected);
    const two = table(sealed(content(entries.slice(0, 2))), sealed(content([{ key: 'x', value: '3' }])));
    assert.deepEqual(await entriesOf(two), [...expected.slice(0, 2), ['x', '3']]);
    // A block of only the number of its restart points.
    assert.deepEqual(await entriesOf(table(sealed(Buffer.alloc(4)))), []);
  });

  const good = table(sealed(content(entries)));
  const flipped = Buffer.from(good);
  flipped.writeUInt8(flipped.readUInt8(3) ^ 1, 3);
  const withFooter = (...parts: readonly Buffer[]): Buffer => {
    const footer = Buffer.alloc(48);
    Buffer.concat(parts).copy(footer);
    MAGIC.copy(footer, 40);
    return Buffer.concat([good.subarray(0, -48), footer]);
  };
  const one = (spec: EntrySpec): Buffer => table(sealed(content([{ key: 'ab', value: 'x' }, spec])));
  const bad: Record<string, [Buffer, string]> = {
    'of 47 bytes': [good.subarray(-47), 'finding: has 47 bytes, too few for a table'],
    'with another end': [
      Buffer.concat([good, Buffer.from('x')]),
      'finding: is not a complete table: it ends with fb808b247547db78, not with 57fb808b247547db',
    ],
    'with a flipped bit': [flipped, 'finding: is damaged: the checksum of its block at byte 0 is wrong'],
    'with a block of an unknown type': [
      table(sealed(content([]), 2)),
      'finding: has a block of the unknown type 2 at byte 0',
    ],
    'with a block of three bytes': [
      table(sealed(Buffer.alloc(3))),
      'finding: has a block of less than 4 bytes, in its block at byte 0',
    ],
    'with more restart points than bytes': [
      table(sealed(Buffer.from([0, 0, 0, 2, 0, 0, 0]))),
      'finding: has a block with more restart points than bytes, in its block at byte 0',
    ],
    'with a key that shares more than there is': [
      one({ shared: 3, key: 'x', value: '' }),
      'finding: has a key that shares more than there is, in its block at byte 0',
    ],
    'with a key that shares a negative number of bytes': [
      one({ shared: -1, key: 'x', value: '' }),
      'finding: has a key that shares more than there is, in its block at byte 0',
    ],
    'with a key beyond its block': [
      one({ key: 'x', value: '', keyBytes: 10 }),
      'finding: has an entry that reaches beyond its block, in its block at byte 0',
    ],
    'with a key of a negative length': [
      one({ key: 'x', value: '', keyBytes: -1 }),
      'finding: has an entry that reaches beyond its block, in its block at byte 0',
    ],
    'with a value beyond its block': [
      one({ key: 'x', value: 'y', valueBytes: 10 }),
      'finding: has an entry that reaches beyond its block, in its block at byte 0',
    ],
    'with a value that reaches into the restart points': [
      one({ key: 'x', value: 'y', valueBytes: 2 }),
      'finding: has an entry that reaches beyond its block, in its block at byte 0',
    ],
    'with a block that is packed wrongly': [
      table(sealed(Buffer.from([5, 0, 0x61]), 1)),
      'finding: its block at byte 0 is damaged: it unpacks to 1 bytes, not to 5',
    ],
    'with a block of a negative size': [
      withFooter(varint(0), varint(-1)),
      `finding: names a block of -1 bytes, in its block at byte ${good.length - 48}`,
    ],
    'with a block outside of the file': [
      withFooter(varint(good.length), varint(1)),
      `finding: is cut off or damaged: the bytes ${good.length} to ${good.length + 6} belong to it, but the file has ${good.length}`,
    ],
  };
  for (const [title, [file, failure]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.equal(await failureOf(file), failure);
    });
  }

  test('has names of up to 4,096 bytes', async () => {
    const named = (length: number): Buffer => table(sealed(content([{ key: 'x'.repeat(length), value: '' }])));
    assert.equal(await failureOf(named(4_096)), 'accepted');
    assert.equal(await failureOf(named(4_097)), 'note: it has a name of more than 4096 bytes');
    const grown = [
      { key: 'x'.repeat(4_096), value: '' },
      { shared: 4_096, key: 'x', value: '' },
    ];
    assert.equal(await failureOf(table(sealed(content(grown)))), 'note: it has a name of more than 4096 bytes');
  });

  const block = (bytes: number): Buffer => {
    const empty = content([{ key: '', value: Buffer.alloc(bytes) }]);
    return content([{ key: '', value: Buffer.alloc(bytes - (empty.length - bytes)) }]);
  };

  test('has blocks of up to 4 MiB, and of 8 MiB together', async () => {
    const largest = block(4 * MIB);
    assert.equal(largest.length, 4 * MIB);
    assert.equal(await failureOf(table(sealed(largest))), 'accepted');
    const larger = Buffer.concat([Buffer.alloc(1), largest]);
    assert.equal(await failureOf(table(sealed(larger))), 'note: its block at byte 0 has 4194305 bytes');
    const parts = [4 * MIB, 4 * MIB - 8_192].map((bytes) => sealed(block(bytes)));
    assert.equal(await failureOf(table(...parts.slice(0, 1), sealed(block(2 * MIB)))), 'accepted');
    assert.match(
      await failureOf(table(...parts, sealed(block(8_192)))),
      /^note: its index has \d+ bytes, more than 8388608$/,
    );
  });

  test('counts 64 bytes more for each block, so that it has no endless number of small ones', async () => {
    const small = sealed(content([]));
    const index = (times: number): Buffer => {
      const meta = sealed(content([]));
      const places = Array<EntrySpec>(times).fill({ key: '', value: handle(0, small) });
      const sealedIndex = sealed(content(places));
      const footer = Buffer.alloc(48);
      Buffer.concat([handle(small.length, meta), handle(small.length + meta.length, sealedIndex)]).copy(footer);
      MAGIC.copy(footer, 40);
      return Buffer.concat([small, meta, sealedIndex, footer]);
    };
    assert.equal(await failureOf(index(10_000)), 'accepted');
    assert.equal(await failureOf(index(120_000)), 'note: it has more than 8388608 bytes of entries');
  });

  test('has packed blocks of up to 1 MiB that unpack to 4 MiB at most', async () => {
    const states = (size: number, packedBytes: number): Buffer =>
      table(sealed(Buffer.concat([varint(size), Buffer.alloc(packedBytes - varint(size).length)]), 1));
    assert.match(await failureOf(states(4 * MIB, MIB)), /^finding: its block at byte 0 is damaged: it unpacks to /);
    assert.equal(await failureOf(states(5, MIB + 1)), 'note: its block at byte 0 has 1048577 bytes');
    // These bytes can't unpack to that size: the block is damaged, not large.
    const most = 300_000 * 22;
    assert.equal(await failureOf(states(most, 300_000)), `note: its block at byte 0 has ${most} bytes`);
    assert.equal(
      await failureOf(states(most + 1, 300_000)),
      `finding: its block at byte 0 is damaged: it unpacks to ${most + 1} bytes`,
    );
  });
});
