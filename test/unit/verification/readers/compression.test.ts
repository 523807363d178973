import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectContent } from '../../../../src/verification/inspection';
import { compressionOf, decompressed } from '../../../../src/verification/readers/compression';
import { countLines } from '../../../../src/verification/readers/lines';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { elementsOf } from '../../../../src/verification/readers/shape';
import { MalformedFileError, SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { WorkMeter } from '../../../../src/verification/readers/work';

const bytesOf = (content: Buffer): SparseBytes =>
  new SparseBytes(LoadedParts.of('a.bin', content), new WorkMeter('a.bin'));

suite('A compressed file', () => {
  const BZIP2_END = 0x177245385090n;
  /** A stream whose end begins at any bit of a byte. */
  function bzip2(padding: number, end = BZIP2_END): Buffer {
    const tail = ((end << 32n) | 0x01020304n) << BigInt(padding);
    return Buffer.concat([Buffer.from('BZh9'), Buffer.from(tail.toString(16).padStart(22, '0'), 'hex')]);
  }

  const names: Record<string, string> = {
    ...{ '7801': 'zlib', '785e': 'zlib', '789c': 'zlib', '78da': 'zlib', '1f8b': 'gzip', '425a68': 'bzip2' },
    ...{ fd377a585a00: 'xz', '5d0000': 'lzma', '04224d18': 'lz4', '28b52ffd': 'zstd' },
    ...{ '5a46': 'zlib of joblib before 0.10' },
  };
  for (const [magic, name] of Object.entries(names)) {
    test(`of ${name} begins with ${magic}`, () => {
      const first = Buffer.from(magic, 'hex');
      assert.equal(compressionOf(bytesOf(first))?.name, name);
      assert.equal(compressionOf(bytesOf(Buffer.concat([Buffer.from([0]), first]))), undefined);
      assert.equal(compressionOf(bytesOf(first.subarray(0, -1)))?.name, undefined);
      const other = Buffer.from(first);
      other.writeUInt8(other.readUInt8(other.length - 1) ^ 0x80, other.length - 1);
      assert.equal(compressionOf(bytesOf(other)), undefined);
    });
  }

  const isWhole = async (content: Buffer): Promise<boolean> => {
    try {
      await inspectContent('a.bin', content, function* (bytes) {
        const compression = compressionOf(bytes);
        assert.ok(compression);
        yield* decompressed(bytes, compression);
      });
      return true;
    } catch (error) {
      assert.ok(error instanceof MalformedFileError);
      assert.match(error.message, /^is cut off or damaged: its (bzip2|xz) stream has no end$/);
      return false;
    }
  };

  test('of bzip2 ends with its end at any bit of the last byte', async () => {
    for (let padding = 0; padding < 8; padding += 1) {
      assert.equal(await isWhole(bzip2(padding)), true, `padding ${padding}`);
      assert.equal(await isWhole(bzip2(padding, BZIP2_END ^ 1n)), false);
    }
    assert.equal(await isWhole(bzip2(8)), false);
    assert.equal(await isWhole(Buffer.from('BZh9123456')), false);
    assert.equal(await isWhole(bzip2(0).subarray(0, -1)), false);
  });

  test('of xz ends with YZ', async () => {
    const stream = (end: string): Buffer => Buffer.from(`fd377a585a00${end}`, 'hex');
    assert.equal(await isWhole(stream('00595a')), true);
    assert.equal(await isWhole(stream('595a00')), false);
    assert.equal(await isWhole(stream('00005a')), false);
  });

  test('of an unsupported compression is not decompressed', async () => {
    const result = await inspectContent('a.bin', Buffer.from('28b52ffd00', 'hex'), function* (bytes) {
      const compression = compressionOf(bytes);
      assert.ok(compression);
      return yield* decompressed(bytes, compression);
    });
    assert.equal(result, undefined);
  });
});

suite('The number of elements of a shape', () => {
  const shapes: readonly [shape: number[], elements: number][] = [
    [[], 1],
    [[2, 3], 6],
    [[0], 0],
    [[1e200, 1e200, 0], 0],
  ];
  for (const [shape, elements] of shapes) {
    test(`[${shape.join(', ')}] is ${elements}`, () => {
      assert.equal(elementsOf(shape), elements);
    });
  }
});

suite('The lines of a text', () => {
  const count = (content: string, start = 0, length = Buffer.byteLength(content) - start): Promise<number> =>
    inspectContent('a.txt', Buffer.from(content), (bytes) => countLines(bytes, start, length));

  test('are counted in a part of a file', async () => {
    assert.equal(await count(''), 0);
    assert.equal(await count('\n'), 1);
    assert.equal(await count('a\n\nb'), 3);
    assert.equal(await count('x\na\nb\ny', 2, 4), 2);
    assert.equal(await count('x\na\nb\ny', 2, 3), 2);
  });

  test('are counted across the borders of 64 KiB', async () => {
    const border = 64 * 1024;
    assert.equal(await count('x'.repeat(border)), 1);
    assert.equal(await count(`${'x'.repeat(border - 1)}\n`), 1);
    assert.equal(await count(`${'x'.repeat(border)}\n`), 1);
    assert.equal(await count(`${'x'.repeat(border - 1)}\ny`), 2);
    assert.equal(await count('\n'.repeat(2 * border + 3)), 2 * border + 3);
  });
});
