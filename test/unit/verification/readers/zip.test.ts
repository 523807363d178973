import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ByteRange } from '../../../../src/verification/readers/sparse-bytes';
import type { ZipEntry } from '../../../../src/verification/readers/zip';
import {
  beginsAsZip,
  endsAsZip,
  STORED,
  zipData,
  zipDirectory,
  zipEntries,
} from '../../../../src/verification/readers/zip';
import type { SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';
import type { ZipFile } from '../../../support/zip';
import { zipArchive } from '../../../support/zip';

interface SeenZip extends SeenInspection {
  /** `undefined` if the file does not end with an archive. */
  readonly entries: readonly (ZipEntry & { readonly data: ByteRange })[] | undefined;
  readonly shift: number | undefined;
}

/** Lists the archive that a file ends with, and finds the data of all its entries. */
async function list(file: Buffer): Promise<SeenZip> {
  let seen: Pick<SeenZip, 'entries' | 'shift'> = { entries: undefined, shift: undefined };
  const inspection = await inspectWith(
    [
      {
        pattern: /./,
        inspect: (bytes) => {
          const directory = zipDirectory(bytes);
          if (directory === undefined) return;
          const entries = [...zipEntries(bytes, directory)];
          seen = {
            entries: entries.map((entry) => ({ ...entry, data: zipData(bytes, directory, entry) })),
            shift: directory.shift,
          };
        },
      },
    ],
    { 'file.zip': file },
  );
  return { ...inspection, ...seen };
}

const FILES: readonly ZipFile[] = [
  { name: 'model/data.pkl', content: 'pickled '.repeat(20), deflated: true, dataDescriptor: true },
  { name: 'model/data/0', content: Buffer.alloc(100, 1), padding: 37 },
  { name: 'model/leer/', content: '' },
  { name: 'model/größe.txt', content: 'ä' },
];

suite('A zip archive', () => {
  const archive = zipArchive(FILES);
  const front = Buffer.from('a model before its archive');
  const good: Record<string, [file: Buffer, shift: number]> = {
    'in a separate file': [archive, 0],
    'with zip64 records': [zipArchive(FILES, { zip64: true }), 0],
    'with a comment': [zipArchive(FILES, { comment: 'made by hand PK\x05\x06, twice' }), 0],
    'with offsets that include the data before it': [
      Buffer.concat([front, zipArchive(FILES, { start: front.length })]),
      0,
    ],
    'that was appended unchanged': [Buffer.concat([front, archive]), front.length],
    'with zip64 records that was appended unchanged': [
      Buffer.concat([front, zipArchive(FILES, { zip64: true })]),
      front.length,
    ],
  };
  for (const [title, [file, shift]] of Object.entries(good)) {
    test(`${title} is listed, with the places of all data`, async () => {
      const seen = await list(file);
      assert.deepEqual(seen.findings, []);
      assert.equal(seen.shift, shift);
      const [pickle, tensor, folder, text] = seen.entries ?? [];
      assert.deepEqual(
        seen.entries?.map(({ name, bytes }) => [name, bytes]),
        FILES.map(({ name, content }) => [name, Buffer.byteLength(content)]),
      );
      assert.equal(pickle?.method, 8);
      assert.ok(pickle.compressedBytes < pickle.bytes);
      assert.equal(folder?.data.length, 0);
      for (const [entry, content] of [[tensor, Buffer.alloc(100, 1)] as const, [text, Buffer.from('ä')] as const]) {
        assert.equal(entry?.method, STORED);
        assert.deepEqual(file.subarray(entry.data.start, entry.data.start + entry.data.length), content);
      }
    });
  }

  test('without entries is listed', async () => {
    assert.deepEqual((await list(zipArchive([]))).entries, []);
  });

  test('is not listed completely wherever it is cut off', async () => {
    for (const whole of [archive, zipArchive(FILES, { comment: 'a comment' }), zipArchive(FILES, { zip64: true })]) {
      for (let length = 1; length < whole.length; length += 1) {
        const { entries, findings } = await list(whole.subarray(0, length));
        assert.ok(entries === undefined || findings.length > 0, `${length} of ${whole.length} bytes`);
      }
    }
  });

  test('that contains another one is not confused with it if it is cut off', async () => {
    const outer = zipArchive([{ name: 'inner.zip', content: archive }, ...FILES]);
    const { entries } = await list(outer.subarray(0, outer.length - 30));
    assert.equal(entries, undefined);
  });

  test('of 6 MB is listed with two reads of it', async () => {
    const large = zipArchive([{ name: 'weights', content: Buffer.alloc(6_000_000) }]);
    const { entries, reads } = await list(large);
    assert.equal(entries?.[0]?.data.length, 6_000_000);
    assert.deepEqual(
      reads.map(({ length }) => length <= 4_096),
      [true, true],
    );
  });

  /** The archive with another number in its end record. */
  function withEnd(offset: number, value: number): Buffer {
    const changed = Buffer.from(archive);
    changed.writeUInt32LE(value, archive.length - 22 + offset);
    return changed;
  }
  const directoryAt = archive.readUInt32LE(archive.length - 6);
  const withDirectory = (offset: number, value: number): Buffer => {
    const changed = Buffer.from(archive);
    changed.writeUInt32LE(value, directoryAt + offset);
    return changed;
  };
  const bad: Record<string, [Buffer, RegExp]> = {
    'whose directory should be after its end': [
      withEnd(16, 1e9),
      /its zip directory should be at the bytes 1000000000/,
    ],
    'whose directory is longer than the file': [withEnd(12, 1e9), /its zip directory should be at/],
    'that has fewer entries than it states': [
      withEnd(10, 5 + 2 ** 16 * (archive.length - 22 - directoryAt)),
      /its zip directory has no entry 5 of 5/,
    ],
    'that states too many entries': [withEnd(8, 0xfff0_fff0), /too short for 65520 entries/],
    'that is a part of a split archive': [withEnd(4, 1), /is one part of a split zip/],
    'whose entry is not at its stated offset': [withDirectory(42, 3), /has no entry model\/data\.pkl at 3/],
    'whose entry reaches into the directory': [
      withDirectory(20, 1e6),
      /its entry model\/data\.pkl of 1000000 bytes at 0 reaches into its zip directory/,
    ],
    'whose names are longer than its directory': [withDirectory(28, 0xffff_ffff), /the entry 1 at \d+ reaches beyond/],
    'without the zip64 record that it names': [
      Buffer.concat([Buffer.from('PK\x06\x07'), Buffer.alloc(16), zipArchive([])]),
      /has no zip64 end record/,
    ],
  };
  for (const [title, [file, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match((await list(file)).findings.join('\n'), message);
    });
  }

  test('is recognized by its first and last bytes', async () => {
    const results: unknown[] = [];
    const files = [archive, zipArchive([]), archive.subarray(0, 2), Buffer.from('PK'), Buffer.from('model')];
    for (const file of files) {
      await inspectWith(
        [
          {
            pattern: /./,
            inspect: (bytes) => {
              bytes.need([{ start: 0, length: bytes.size }]);
              results.push([beginsAsZip(bytes), endsAsZip(bytes)]);
            },
          },
        ],
        { file },
      );
    }
    assert.deepEqual(results, [
      [true, true],
      [true, true],
      [true, false],
      [true, false],
      [false, false],
    ]);
  });
});
