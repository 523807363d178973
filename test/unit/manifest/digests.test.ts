import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { ExportedFile } from '../../../src/contract/export-result';
import { manifestDigest, manifestOf } from '../../../src/manifest/digests';
import type { ManifestPredicate } from '../../../src/manifest/statement';
import { filesOf, statementOf } from '../../../src/manifest/statement';

const WHOLE: ExportedFile = {
  path: 'b',
  bytes: 7,
  crc32c: 'AAAAAQ==',
  md5: 'AAAAAAAAAAAAAAAAAAAAAA==',
  generation: '3',
};
const BARE: ExportedFile = { path: 'a', bytes: 2, generation: '4' };
const LINES = `a\t2\t\t\t4\nb\t7\tAAAAAQ==\tAAAAAAAAAAAAAAAAAAAAAA==\t3\n`;

const PREDICATE: ManifestPredicate = {
  model: 'm',
  exportFormatId: 'f',
  operation: 'o',
  artifactOutputUri: 'gs://b/p',
  workflowId: 'w',
  runId: 'r',
  verificationLevel: 'listing',
  verifiedAt: '2026-01-01T00:00:00Z',
  count: 2,
  bytes: 9,
  manifestSha256: '',
};

suite('the digest of a manifest', () => {
  test('is the SHA-256 of one line for each file, in the order of their paths', async () => {
    const expected = createHash('sha256').update(LINES).digest('hex');
    assert.equal(await manifestDigest([WHOLE, BARE]), expected);
    assert.equal(await manifestDigest([BARE, WHOLE]), expected);
  });

  test('orders paths by code unit and not by language', async () => {
    const named = (path: string): ExportedFile => ({ ...BARE, path });
    const { entries } = await manifestOf(['ä', 'b', 'B', 'a', 'a'].map(named));
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['B', 'a', 'a', 'b', 'ä'],
    );
  });
});

suite('the totals of verified files', () => {
  test('contain the count, the sum of the sizes, the digest and the sorted entries', async () => {
    assert.deepEqual(await manifestOf([WHOLE, BARE]), {
      count: 2,
      bytes: 9,
      manifestSha256: createHash('sha256').update(LINES).digest('hex'),
      entries: [BARE, WHOLE],
      truncated: false,
    });
  });

  test('list 500 entries, and count the others', async () => {
    const files = Array.from({ length: 501 }, (_, index) => ({ ...BARE, path: String(index).padStart(3, '0') }));
    const exact = await manifestOf(files.slice(0, 500));
    assert.deepEqual([exact.entries.length, exact.truncated], [500, false]);
    const more = await manifestOf(files);
    assert.deepEqual([more.entries.length, more.count, more.truncated], [500, 501, true]);
    assert.equal(more.entries.at(-1)?.path, '499');
  });
});

suite('the subjects of a manifest', () => {
  test('have digests in hex, SHA-256 where it is known, and the order of their paths', async () => {
    assert.deepEqual((await statementOf(PREDICATE, [WHOLE, BARE], new Map([['b', 'f'.repeat(64)]]))).subject, [
      { name: 'a', digest: {}, annotations: { bytes: 2, generation: '4' } },
      {
        name: 'b',
        digest: { crc32c: '00000001', md5: '0'.repeat(32), sha256: 'f'.repeat(64) },
        annotations: { bytes: 7, generation: '3' },
      },
    ]);
    assert.deepEqual((await statementOf(PREDICATE, [WHOLE])).subject[0]?.digest, {
      crc32c: '00000001',
      md5: '0'.repeat(32),
    });
  });

  test('become the same files again', async () => {
    assert.deepEqual(await filesOf(await statementOf(PREDICATE, [WHOLE, BARE])), [BARE, WHOLE]);
  });
});
