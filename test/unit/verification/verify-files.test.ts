import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ArtifactFile } from '../../../src/verification/artifact-file';
import type { FilesRequest } from '../../../src/verification/verify-files';
import { verifyFiles } from '../../../src/verification/verify-files';
import { savedModel } from '../../support/saved-model';

function fileOf(path: string, text: string | Buffer): ArtifactFile {
  const content = Buffer.from(text);
  return {
    ...{ path, bytes: content.length, generation: '1' },
    read: (start, length) => Promise.resolve(content.subarray(start, start + length)),
  };
}

const FILES = [fileOf('a.bin', 'abc'), fileOf('b.bin', 'd')];

const verify = (request: Partial<FilesRequest>, files: readonly ArtifactFile[] = FILES) =>
  verifyFiles(files, { formatId: 'custom-trained', level: 'listing', expectsChecksums: false, ...request });

suite('The verification of files', () => {
  test('at the level listing reads nothing', async () => {
    const unreadable = FILES.map((file) => ({ ...file, read: () => Promise.reject(new Error('was read')) }));
    assert.deepEqual(await verify({}, unreadable), { findings: [], notes: [], inspected: [], sha256: new Map() });
  });

  test('at the level structure reports if nothing could be inspected', async () => {
    const { findings, notes, sha256 } = await verify({ level: 'structure' });
    assert.deepEqual([findings, notes, sha256.size], [[], ['no file is of a kind that can be inspected'], 0]);
  });

  test('at the level content has the SHA-256 of each file', async () => {
    const { sha256 } = await verify({ level: 'content' });
    assert.deepEqual(
      [...sha256],
      [
        ['a.bin', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
        ['b.bin', '18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4'],
      ],
    );
  });

  test('of an unknown format checks names, sizes and checksums, at any level', async () => {
    for (const level of ['listing', 'structure'] as const) {
      const { findings, notes } = await verify({ formatId: 'genie', level, expectsChecksums: true });
      assert.deepEqual(findings, []);
      assert.deepEqual(notes, [
        ...['a.bin has no crc32c', 'b.bin has no crc32c'],
        'the export format genie is not known: only names, sizes and checksums were checked',
      ]);
    }
  });

  test('compares with what was uploaded, and with the second listing', async () => {
    const source = { uri: 'gs://x', uploadedAt: undefined, mayNameFiles: true, files: [{ path: 'a.bin', bytes: 4 }] };
    const listAgain = () => Promise.resolve([{ path: 'a.bin', bytes: 3, generation: '2' }]);
    const { findings, notes } = await verify({ source, listAgain });
    assert.deepEqual(findings, [
      "a.bin has 3 bytes, but the file at the Model's artifactUri has 4",
      'a.bin was replaced while it was verified',
      'b.bin disappeared while it was verified',
    ]);
    assert.deepEqual(notes, ["b.bin is not at the Model's artifactUri"]);
  });

  test('names unexpected files, but not those that an inspected file names', async () => {
    const kind = { formatId: 'tf-saved-model', level: 'structure' } as const;
    const model = savedModel({ assets: ['vocabulary.txt'] });
    const files = [
      fileOf('saved_model.pb', model),
      fileOf('assets/vocabulary.txt', 'x'),
      fileOf('other/vocabulary.txt', 'x'),
    ];
    const { findings, notes } = await verify(kind, files);
    assert.deepEqual([findings, notes], [[], ['other/vocabulary.txt is not a file of this format']]);
    const saved = await verify({ formatId: 'core-ml' }, [fileOf('m.mlmodel', 'x'), fileOf('x.exe', 'x')]);
    assert.deepEqual(saved.notes, ['x.exe is not a file of this format']);
  });
});
