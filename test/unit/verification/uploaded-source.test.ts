import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ListedFile } from '../../../src/verification/artifact-file';
import { changesBetween } from '../../../src/verification/changes';
import type { SourceFile, UploadedSource } from '../../../src/verification/source';
import { compareWithSource } from '../../../src/verification/source';

const URI = 'gs://uploaded/model';
const UPLOADED_AT = '2026-03-01T12:00:00Z';

const listed = (path: string, more: Partial<SourceFile> = {}): SourceFile => ({
  path,
  bytes: 1,
  crc32c: 'AAAA',
  ...more,
});

const compare = (files: readonly ListedFile[], source: readonly SourceFile[], more: Partial<UploadedSource> = {}) =>
  compareWithSource(files, { uri: URI, files: source, uploadedAt: UPLOADED_AT, mayNameFiles: true, ...more });

suite('The comparison of an export with the uploaded files', () => {
  const equal: Record<string, [ListedFile[], SourceFile[]]> = {
    'the same files': [
      [listed('a'), listed('b/c')],
      [listed('b/c'), listed('a')],
    ],
    'a file without a checksum in the export': [[{ path: 'a', bytes: 1 }], [listed('a')]],
    'a file without a checksum at the source': [[listed('a')], [{ path: 'a', bytes: 1 }]],
    'markers of folders on both sides': [
      [listed('a'), listed('c/', { bytes: 0 })],
      [listed('a'), listed('b/', { bytes: 0 }), listed('', { bytes: 0 })],
    ],
  };
  for (const [title, [files, source]] of Object.entries(equal)) {
    test(`finds no difference between ${title}`, async () => {
      assert.deepEqual(await compare(files, source), { findings: [], notes: [] });
    });
  }

  const different: Record<string, [ListedFile[], SourceFile[], string[]]> = {
    'a missing file': [
      [listed('a')],
      [listed('a'), listed('b')],
      ["b is missing, but exists at the Model's artifactUri"],
    ],
    'another size': [
      [listed('a', { bytes: 2 })],
      [listed('a')],
      ["a has 2 bytes, but the file at the Model's artifactUri has 1"],
    ],
    'another checksum': [
      [listed('a', { crc32c: 'BBBB' })],
      [listed('a')],
      ["a has the crc32c BBBB, but the file at the Model's artifactUri has AAAA"],
    ],
    'a file that was written when the Model was created': [
      [listed('a', { bytes: 2 })],
      [listed('a', { timeCreated: UPLOADED_AT })],
      ["a has 2 bytes, but the file at the Model's artifactUri has 1"],
    ],
  };
  for (const [title, [files, source, findings]] of Object.entries(different)) {
    test(`reports ${title}`, async () => {
      assert.deepEqual(await compare(files, source), { findings, notes: [] });
    });
  }

  test('only notes a difference from a file that was written after the Model was created', async () => {
    const newer = listed('a', { timeCreated: '2026-03-01T12:00:00.001Z' });
    assert.deepEqual(await compare([listed('a', { bytes: 2 })], [newer]), {
      findings: [],
      notes: [
        "a has 2 bytes, but the file at the Model's artifactUri has 1; the file at the artifactUri was written after the Model was created",
      ],
    });
    const unknown = await compare([listed('a', { bytes: 2 })], [newer], { uploadedAt: undefined });
    assert.equal(unknown.findings.length, 1);
  });

  test('notes a file that is not at the source', async () => {
    assert.deepEqual(await compare([listed('a'), listed('b')], [listed('a')]), {
      findings: [],
      notes: ["b is not at the Model's artifactUri"],
    });
  });

  test('is left out with a note if no path is on both sides', async () => {
    assert.deepEqual(await compare([listed('a'), listed('x')], [listed('b')]), {
      findings: [],
      notes: ["the export has no path of the Model's artifactUri: they were not compared"],
    });
  });

  test('only counts differences and notes if the files must not be named', async () => {
    const source = [listed('a'), listed('secret-1'), listed('secret-2')];
    const hidden = `the export with the Model's artifactUri ${URI}; files in that bucket are named only if the worker's setting uploadBuckets lists it`;
    assert.deepEqual(await compare([listed('a'), listed('b')], source, { mayNameFiles: false }), {
      findings: [`2 differences were found when comparing ${hidden}`],
      notes: [`1 notes were made when comparing ${hidden}`],
    });
    assert.deepEqual(await compare([listed('a')], [listed('a')], { mayNameFiles: false }), { findings: [], notes: [] });
  });

  test('keeps 1,000 findings and 1,000 notes, and counts the others', async () => {
    const many = (prefix: string) => Array.from({ length: 1_001 }, (_, index) => listed(`${prefix}${index}`));
    const { findings, notes } = await compare([listed('a'), ...many('new')], [listed('a'), ...many('old')]);
    assert.deepEqual([findings.length, findings.at(-1)], [1_001, 'and 1 more findings']);
    assert.deepEqual([notes.length, notes.at(-1)], [1_001, 'and 1 more notes']);
  });
});

suite('The comparison of two listings of one directory', () => {
  const before = [listed('a', { generation: '1' }), listed('b', { generation: '1' })];

  test('names files that appeared, disappeared or were replaced', async () => {
    assert.deepEqual(await changesBetween(before, before), []);
    assert.deepEqual(
      await changesBetween(before, [listed('c', { generation: '1' }), listed('b', { generation: '2' })]),
      [
        'c appeared while it was verified',
        'a disappeared while it was verified',
        'b was replaced while it was verified',
      ],
    );
  });

  test('keeps 1,000 findings, and counts the others', async () => {
    const changes = await changesBetween(
      [],
      Array.from({ length: 1_001 }, (_, index) => listed(`${index}`)),
    );
    assert.deepEqual([changes.length, changes.at(-1)], [1_001, 'and 1 more findings']);
  });
});
