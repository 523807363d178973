import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import type { ArtifactFile } from '../../../src/verification/artifact-file';
import { ChangedFileError } from '../../../src/verification/artifact-file';
import { checkContent } from '../../../src/verification/content';
import { ExportFiles, pathBeside } from '../../../src/verification/export-files';

const MIB = 2 ** 20;

/** A file of zeros. */
function zeros(path: string, bytes: number, read?: ArtifactFile['read']): ArtifactFile {
  return { path, bytes, read: read ?? ((_start, length) => Promise.resolve(Buffer.alloc(length))) };
}

suite('The files of an export', () => {
  const load = async (files: ExportFiles, path: string): Promise<void> => {
    const parts = files.open(path);
    await parts?.load([{ start: 0, length: 1 }]);
  };

  test('keep up to 16 MiB in memory, those that were used last', async () => {
    const files = await ExportFiles.of(Array.from({ length: 17 }, (_, index) => zeros(`${index}`, MIB)));
    for (let index = 0; index < 16; index += 1) await load(files, `${index}`);
    files.trim();
    for (let index = 0; index < 16; index += 1) assert.equal(files.open(`${index}`)?.bytes, MIB, `${index}`);
    files.open('0');
    await load(files, '16');
    files.trim();
    const kept = Array.from({ length: 17 }, (_, index) => index).filter(
      (index) => files.open(`${index}`)?.bytes === MIB,
    );
    assert.deepEqual(kept, [0, ...Array.from({ length: 15 }, (_, index) => index + 2)]);
  });

  test('that have nothing in memory are forgotten first', async () => {
    const files = await ExportFiles.of([zeros('a', 1), zeros('b', 1)]);
    const opened = files.open('a');
    assert.equal(files.open('a'), opened);
    files.trim();
    assert.notEqual(files.open('a'), opened);
    assert.equal(files.open('c'), undefined);
    assert.deepEqual([...files.used], ['a']);
    assert.equal(pathBeside('a', 'b:c', files), undefined);
  });
});

suite('The content of files', () => {
  test('that changed while it was read is a finding; another error ends the check', async () => {
    const changed = zeros('a', 5, () => Promise.reject(new ChangedFileError('a')));
    const { findings, sha256 } = await checkContent([changed, zeros('b', 0)]);
    assert.deepEqual(findings, ['a: was replaced or deleted while it was verified']);
    assert.deepEqual([...sha256], [['b', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']]);
    const failure = new Error('disk failure');
    await assert.rejects(checkContent([zeros('a', 5, () => Promise.reject(failure))]), failure);
  });

  test('is read in parts of 8 MiB, and its checksums cover all of them', async () => {
    const reads: [start: number, length: number][] = [];
    const bytes = 8 * MIB + 3;
    const file = zeros('a', bytes, (start, length) => {
      reads.push([start, length]);
      return Promise.resolve(Buffer.alloc(length, 7));
    });
    const { findings, sha256 } = await checkContent([{ ...file, crc32c: 'AAAAAA==' }]);
    assert.deepEqual(reads, [
      [0, 8 * MIB],
      [8 * MIB, 3],
    ]);
    const content = Buffer.alloc(bytes, 7);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32c(content));
    assert.deepEqual(findings, [
      `a: its bytes have the crc32c ${checksum.toString('base64')}, but AAAAAA== is recorded`,
    ]);
    assert.deepEqual([...sha256], [['a', createHash('sha256').update(content).digest('hex')]]);
  });

  test('of many files has 1,000 findings at most', async () => {
    const files = Array.from({ length: 1_001 }, (_, index) => ({ ...zeros(`${index}`, 0), crc32c: 'x' }));
    const { findings } = await checkContent(files);
    assert.deepEqual([findings.length, findings.at(-1)], [1_001, 'and 1 more findings']);
  });
});
