import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LimitError } from '../../../../src/verification/readers/limit-error';
import type { ByteRange } from '../../../../src/verification/readers/loaded-parts';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { MissingBytesError } from '../../../../src/verification/readers/missing-bytes';
import { MalformedFileError, SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { WorkMeter } from '../../../../src/verification/readers/work';

const KIB = 1024;
const MIB = KIB * KIB;

const bytesOf = (content: Buffer): SparseBytes =>
  new SparseBytes(LoadedParts.of('a.bin', content), new WorkMeter('a.bin'));

/** A file of this size, each byte of which depends on its position; `reads` has what was read of it. */
function fileOf(size: number) {
  const reads: ByteRange[] = [];
  const parts = new LoadedParts({
    path: 'a.bin',
    bytes: size,
    read: (start, length) => {
      reads.push({ start, length });
      const content = Buffer.alloc(length);
      for (let index = 0; index < length; index += 1) content[index] = byteAt(start + index);
      return Promise.resolve(content);
    },
  });
  return { reads, parts, bytes: new SparseBytes(parts, new WorkMeter('a.bin')) };
}

const byteAt = (at: number): number => (at * 31 + (at >> 8)) & 0xff;

const outside = (start: number, end: number, size: number): MalformedFileError =>
  new MalformedFileError(
    'a.bin',
    `is cut off or damaged: the bytes ${start} to ${end} belong to it, but the file has ${size}`,
  );

suite('Bytes of a file', () => {
  const content = Buffer.from('8001fffe0102030405060708fffefdfc', 'hex');

  test('are read as numbers', () => {
    const bytes = bytesOf(content);
    assert.deepEqual(
      [bytes.u8(0), bytes.i8(0), bytes.i8(1), bytes.u16(2), bytes.u32(12), bytes.i32(12)],
      [0x80, -128, 1, 0xfeff, 0xfcfdfeff, -50462977],
    );
    assert.equal(bytesOf(Buffer.from('ffffffffffff1f00', 'hex')).u64(0), Number.MAX_SAFE_INTEGER);
    assert.throws(
      () => bytesOf(Buffer.from('ff00000000000020 00'.replace(' ', ''), 'hex')).u64(1),
      new MalformedFileError('a.bin', 'has the impossible number 9007199254740992 at 1'),
    );
  });

  test('are read up to the last one, and not beyond', () => {
    const bytes = bytesOf(content);
    const size = content.length;
    const reads: Readonly<Record<number, (at: number) => number>> = {
      1: (at) => bytes.u8(at),
      2: (at) => bytes.u16(at),
      4: (at) => bytes.u32(at),
    };
    for (const [length, read] of Object.entries(reads)) {
      read(size - Number(length));
      const at = size - Number(length) + 1;
      assert.throws(() => read(at), outside(at, size + 1, size));
      assert.throws(() => read(-1), outside(-1, -1 + Number(length), size));
      assert.throws(() => read(0.5), outside(0.5, 0.5 + Number(length), size));
    }
    assert.deepEqual(bytes.slice(0, size), content);
    assert.deepEqual(bytes.slice(size, 0), Buffer.alloc(0));
    assert.throws(() => bytes.slice(0, size + 1), outside(0, size + 1, size));
    assert.throws(() => bytes.slice(4, -1), outside(4, 3, size));
  });

  test('are text if they are valid UTF-8', () => {
    const bytes = bytesOf(Buffer.from('xäy\xff', 'latin1'));
    assert.equal(bytesOf(Buffer.from('xäy')).text(1, 2), 'ä');
    assert.throws(() => bytes.text(0, 4), new MalformedFileError('a.bin', 'has no UTF-8 text at 0'));
    assert.throws(() => bytes.text(2, 4), outside(2, 6, 4));
  });

  test('are the same across the borders of pages', async () => {
    const { bytes, parts } = fileOf(3 * MIB);
    for (const at of [4 * KIB - 3, 4 * KIB - 1, 8 * KIB - 2]) {
      await parts.load([{ start: at, length: 4 }]);
      const expected = Buffer.from([0, 1, 2, 3].map((index) => byteAt(at + index)));
      assert.deepEqual(bytes.slice(at, 4), expected);
      assert.equal(bytes.u32(at), expected.readUInt32LE());
      assert.equal(bytes.u16(at), expected.readUInt16LE());
      assert.equal(bytes.u8(at), expected[0]);
    }
    await parts.load([{ start: 0, length: 12 * KIB }]);
    const long = bytes.slice(100, 10 * KIB);
    assert.deepEqual(long, Buffer.from(Array.from({ length: 10 * KIB }, (_, index) => byteAt(100 + index))));
  });

  test('that are not loaded are missing, and only those', async () => {
    const { bytes, parts } = fileOf(3 * MIB);
    assert.throws(() => bytes.u8(5_000), MissingBytesError);
    await parts.load([{ start: 5_000, length: 1 }]);
    bytes.u8(4 * KIB);
    bytes.u8(8 * KIB - 1);
    assert.throws(() => bytes.u8(8 * KIB), MissingBytesError);
    assert.throws(
      () => {
        bytes.need([
          { start: 4 * KIB, length: 4 * KIB },
          { start: 4 * KIB, length: 4 * KIB + 1 },
          { start: 20, length: 1 },
        ]);
      },
      (error: unknown) => {
        assert.ok(error instanceof MissingBytesError);
        assert.deepEqual(error.ranges, [
          { start: 4 * KIB, length: 4 * KIB + 1 },
          { start: 20, length: 1 },
        ]);
        return true;
      },
    );
    assert.throws(
      () => {
        bytes.need([{ start: 3 * MIB, length: 1 }]);
      },
      outside(3 * MIB, 3 * MIB + 1, 3 * MIB),
    );
    assert.deepEqual([bytes.isReadWhole, bytes.isLoaded], [false, false]);
  });

  test('that are read once do not stay in memory', async () => {
    const { bytes, parts } = fileOf(3 * MIB);
    assert.equal((await bytes.readOnce(3 * MIB - 5, 5)).length, 5);
    assert.equal(parts.bytes, 0);
    await assert.rejects(bytes.readOnce(3 * MIB - 5, 6), outside(3 * MIB - 5, 3 * MIB + 1, 3 * MIB));
  });
});

suite('The parts of a file', () => {
  test('are all of it if it has up to 1 MiB', async () => {
    const small = fileOf(MIB);
    await small.parts.load([{ start: 0, length: 1 }]);
    assert.deepEqual(small.reads, [{ start: 0, length: MIB }]);
    assert.deepEqual([small.bytes.isReadWhole, small.bytes.isLoaded, small.parts.bytes], [true, true, MIB]);
    const large = fileOf(MIB + 1);
    await large.parts.load([{ start: 0, length: 1 }]);
    assert.deepEqual(large.reads, [{ start: 0, length: 4 * KIB }]);
  });

  test('are whole pages; adjacent ones are read together, in order, and none is read twice', async () => {
    const { parts, reads } = fileOf(2 * MIB + 100);
    await parts.load([
      { start: 40 * KIB - 1, length: 2 },
      { start: 2 * MIB + 50, length: 50 },
      { start: 0, length: 4 * KIB },
      { start: 10, length: 0 },
    ]);
    assert.deepEqual(reads, [
      { start: 0, length: 4 * KIB },
      { start: 36 * KIB, length: 8 * KIB },
      { start: 2 * MIB, length: 100 },
    ]);
    assert.equal(parts.bytes, 12 * KIB + 100);
    await parts.load([{ start: 36 * KIB, length: 8 * KIB }]);
    assert.equal(reads.length, 3);
  });

  test('are read ahead by the number of bytes read before, up to 64 KiB', async () => {
    const { parts, reads } = fileOf(2 * MIB);
    const lengths = [1, 1, 2, 4, 8, 16, 16].map((pages) => pages * 4 * KIB);
    while (reads.length < lengths.length) await parts.load([{ start: parts.bytes, length: 1 }]);
    assert.deepEqual(
      reads.map(({ length }) => length),
      lengths,
    );
  });

  test('are at most 1 MiB of a larger file', async () => {
    const { parts } = fileOf(3 * MIB);
    await parts.load([{ start: 0, length: MIB }]);
    assert.equal(parts.bytes, MIB);
    await parts.load([{ start: 0, length: MIB }]);
    await assert.rejects(parts.load([{ start: MIB, length: 1 }]), (error: unknown) => {
      assert.ok(error instanceof LimitError);
      assert.deepEqual([error.path, error.message], ['a.bin', 'only 1048576 of 3145728 bytes were read']);
      return true;
    });
  });

  test('may have the index of a format in addition, of up to 8 MiB', async () => {
    const { parts, bytes, reads } = fileOf(9 * MIB);
    assert.throws(
      () => {
        bytes.needIndex(0, 8 * MIB + 1);
      },
      new LimitError('a.bin', 'its index has 8388609 bytes, more than 8388608'),
    );
    assert.throws(
      () => {
        bytes.needIndex(0, 9 * MIB + 1);
      },
      outside(0, 9 * MIB + 1, 9 * MIB),
    );
    assert.throws(() => {
      bytes.needIndex(0, 8 * MIB);
    }, MissingBytesError);
    await parts.load([{ start: 0, length: 8 * MIB }]);
    // A read has at most 4 MiB.
    assert.deepEqual(reads, [
      { start: 0, length: 4 * MIB },
      { start: 4 * MIB, length: 4 * MIB },
    ]);
    bytes.needIndex(0, 8 * MIB);
    await parts.load([{ start: 8 * MIB, length: MIB }]);
    assert.equal(bytes.isLoaded, true);
    // A smaller index later takes nothing away.
    parts.allow(1);
    await parts.load([{ start: 0, length: 9 * MIB }]);
  });
});
