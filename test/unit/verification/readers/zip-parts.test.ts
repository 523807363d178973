import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { suite, test } from 'node:test';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { WorkMeter } from '../../../../src/verification/readers/work';
import type { ZipEntry } from '../../../../src/verification/readers/zip';
import { beginsAsZip, endsAsZip, zipDirectory, zipEntries } from '../../../../src/verification/readers/zip';
import { zipContent } from '../../../../src/verification/readers/zip-content';
import { zipArchive } from '../../../support/zip';

const MIB = 2 ** 20;

const bytesOf = (file: Buffer): SparseBytes => new SparseBytes(LoadedParts.of('a.zip', file), new WorkMeter('a.zip'));

function entriesOf(file: Buffer): ZipEntry[] {
  const bytes = bytesOf(file);
  const directory = zipDirectory(bytes);
  assert.ok(directory);
  return [...zipEntries(bytes, directory)];
}

/** The content of the only entry; `undefined` if it is not inflated. */
function contentOf(file: Buffer): string | undefined {
  const bytes = bytesOf(file);
  const directory = zipDirectory(bytes);
  assert.ok(directory);
  const [entry] = [...zipEntries(bytes, directory)];
  assert.ok(entry);
  const content = zipContent(bytes, directory, entry);
  return content?.bytes.slice(content.start, content.length).toString();
}

/** The archive with a number replaced; `at` counts from a signature on. */
function changed(file: Buffer, signature: string, at: number, value: number, bytes: 2 | 4 = 4): Buffer {
  const copy = Buffer.from(file);
  copy.writeUIntLE(value, copy.lastIndexOf(signature) + at, bytes);
  return copy;
}

const ENTRY = 'PK\x01\x02';
const END = 'PK\x05\x06';

suite('The content of a zip entry', () => {
  test('is stored, or inflated up to 1 MiB', () => {
    assert.equal(contentOf(zipArchive([{ name: 'a', content: 'stored' }])), 'stored');
    assert.equal(contentOf(zipArchive([{ name: 'a', content: 'x'.repeat(99), deflated: true }])), 'x'.repeat(99));
    assert.equal(contentOf(zipArchive([{ name: 'a', content: '', deflated: true }])), '');
    const of = (length: number): Buffer => zipArchive([{ name: 'a', content: 'x'.repeat(length), deflated: true }]);
    assert.equal(contentOf(of(MIB))?.length, MIB);
    assert.equal(contentOf(of(MIB + 1)), undefined);
  });

  test('is not inflated by an unknown method', () => {
    const file = zipArchive([{ name: 'a', content: 'x', deflated: true }]);
    assert.equal(contentOf(changed(file, ENTRY, 10, 9, 2)), undefined);
  });

  test('that inflates to another size is refused', () => {
    const file = zipArchive([{ name: 'a', content: 'x'.repeat(99), deflated: true }]);
    for (const size of [0, 98, 100]) {
      assert.throws(() => contentOf(changed(file, ENTRY, 24, size)), {
        path: 'a.zip',
        message: `is damaged: its entry a can't be inflated to ${size} bytes`,
      });
    }
    const damaged = Buffer.from(file);
    damaged.fill(0xff, 31, 31 + deflateRawSync('x'.repeat(99)).length);
    assert.throws(() => contentOf(damaged), { message: "is damaged: its entry a can't be inflated to 99 bytes" });
  });

  test('costs a step for 16 bytes', () => {
    const bytes = bytesOf(zipArchive([{ name: 'a', content: 'x'.repeat(160_000), deflated: true }]));
    const directory = zipDirectory(bytes);
    assert.ok(directory);
    const [entry] = [...zipEntries(bytes, directory)];
    assert.ok(entry);
    const before = bytes.meter.steps;
    zipContent(bytes, directory, entry);
    const steps = bytes.meter.steps - before;
    assert.ok(steps >= 10_000 && steps < 10_100, `${steps} steps`);
  });
});

suite('The directory of a zip archive', () => {
  const file = zipArchive([{ name: 'a', content: 'x' }]);

  test('may be of any of its disks that is the first, or is in a zip64 record', () => {
    assert.equal(entriesOf(changed(file, END, 4, 0xffff, 2)).length, 1);
    assert.equal(entriesOf(changed(file, END, 6, 0xffff, 2)).length, 1);
    for (const at of [4, 6]) {
      assert.throws(() => entriesOf(changed(file, END, at, 1, 2)), { message: 'is one part of a split zip' });
    }
  });

  test('has entries whose data ends before it', () => {
    const [entry] = entriesOf(file);
    assert.deepEqual(entry, { name: 'a', method: 0, compressedBytes: 1, bytes: 1, headerAt: 0 });
    assert.throws(() => entriesOf(changed(file, ENTRY, 20, 3)), {
      message: 'its entry a of 3 bytes at 0 reaches into its zip directory',
    });
    // The name follows the header: two bytes fit by the directory, but not by the local header.
    assert.equal(entriesOf(changed(file, ENTRY, 20, 2)).length, 1);
    assert.throws(() => contentOf(changed(file, ENTRY, 20, 2)), { message: /reaches into its zip directory$/ });
  });

  test('has as many entries as its end record states, each within it', () => {
    const two = zipArchive([
      { name: 'a', content: 'x' },
      { name: 'b', content: 'y' },
    ]);
    assert.deepEqual(
      entriesOf(two).map(({ name }) => name),
      ['a', 'b'],
    );
    assert.throws(() => entriesOf(changed(file, END, 10, 2, 2)), {
      message: 'its zip directory of 47 bytes is too short for 2 entries',
    });
    assert.throws(() => entriesOf(changed(two, ENTRY, 0, 7)), {
      message: /its zip directory has no entry 2 of 2 at \d+$/,
    });
    assert.throws(() => entriesOf(changed(file, ENTRY, 30, 1, 2)), {
      message: 'the entry 1 at 32 reaches beyond its zip directory',
    });
  });

  test('may be at its offset instead of right before its end', () => {
    const gap = Buffer.concat([file.subarray(0, -22), Buffer.from('gap'), file.subarray(-22)]);
    assert.deepEqual(
      entriesOf(gap).map(({ name }) => name),
      ['a'],
    );
  });

  test('is not behind its end', () => {
    assert.throws(() => entriesOf(changed(file, END, 16, 33)), {
      message: 'its zip directory should be at the bytes 33 to 80, but its end record is at 79',
    });
  });

  test('has a comment that reaches to the end of the file', () => {
    const longest = zipArchive([{ name: 'a', content: 'x' }], { comment: 'c'.repeat(0xffff) });
    assert.equal(entriesOf(longest).length, 1);
    assert.equal(zipDirectory(bytesOf(Buffer.concat([longest, Buffer.from('c')]))), undefined);
    assert.equal(zipDirectory(bytesOf(Buffer.from('PK\x05\x06'))), undefined);
    assert.equal(endsAsZip(bytesOf(longest)), false);
    assert.equal(endsAsZip(bytesOf(file)), true);
  });

  test('has wide numbers in zip64 records, whatever other records are beside them', () => {
    const wide = zipArchive([{ name: 'a', content: 'x' }], { zip64: true });
    const at = wide.lastIndexOf(ENTRY);
    assert.deepEqual(entriesOf(wide), [{ name: 'a', method: 0, compressedBytes: 1, bytes: 1, headerAt: 0 }]);
    const extraAt = at + 46 + 1;
    const short = Buffer.from(wide);
    // The record has room for two of the three numbers.
    short.writeUInt16LE(16, extraAt + 2);
    assert.throws(() => entriesOf(short), { message: `the zip64 record of the entry at ${at} is too short` });
    const other = Buffer.from(wide);
    other.writeUInt16LE(2, extraAt);
    assert.throws(() => entriesOf(other), { message: /its entry a of 4294967295 bytes at 4294967295 reaches into/ });
    const long = Buffer.from(wide);
    long.writeUInt16LE(25, extraAt + 2);
    assert.throws(() => entriesOf(long), { message: /its entry a of 4294967295 bytes/ });
  });

  test('begins with an entry or with its end', () => {
    const at = (text: string, from = 0): boolean => beginsAsZip(bytesOf(Buffer.from(text)), from);
    assert.equal(at('xPK\x03\x04y', 1), true);
    assert.equal(at('xPK\x05\x06y', 1), true);
    assert.equal(at('xPK\x01\x02y', 1), false);
    assert.equal(at('xPK\x03', 1), true);
    assert.equal(at('x', 1), false);
    assert.equal(at('PX\x03\x04'), false);
  });
});
