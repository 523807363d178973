import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { ManifestCheck, ManifestCheckOptions } from '../../../src/manifest/check';
import { ManifestError, verifyManifest } from '../../../src/manifest/check';
import { manifestOf } from '../../../src/manifest/digests';
import type { ExportManifest } from '../../../src/manifest/statement';
import { filesOf, statementOf } from '../../../src/manifest/statement';
import { googleServices } from '../../../src/google/services';
import { DirectoryReader } from '../../../src/google/storage-directory';
import type { ObjectServer } from '../../support/stored-objects';
import { withStoredObjects } from '../../support/stored-objects';

const FOLDER = 'runs/1/';
const DIRECTORY = `${FOLDER}model/`;
const MANIFEST = `${FOLDER}manifest.json`;
const FILES = { 'a.bin': 'weights', 'b/c.txt': 'x' };

interface Stored extends ObjectServer {
  readonly manifest: ExportManifest;
  readonly check: (manifest?: ExportManifest | string, options?: ManifestCheckOptions) => Promise<ManifestCheck>;
}

/** A store with an export and its manifest, written at the level `content`. */
function withExport<T>(use: (stored: Stored) => Promise<T>, files: Record<string, string> = FILES): Promise<T> {
  return withStoredObjects(async (store) => {
    const google = { emulators: { storage: store.url } };
    for (const [name, content] of Object.entries(files)) store.put(`${DIRECTORY}${name}`, content);
    const { storage } = googleServices(google);
    const reader = new DirectoryReader(storage, new AbortController().signal);
    const listed = await reader.files({ bucket: 'exports', path: DIRECTORY });
    const sha256 = Object.entries(files).map(
      ([name, content]) => [name, createHash('sha256').update(content).digest('hex')] as const,
    );
    const { count, bytes, manifestSha256 } = await manifestOf(listed);
    const manifest = await statementOf(
      {
        model: 'projects/p/locations/us-central1/models/1@1',
        exportFormatId: 'custom-trained',
        operation: 'projects/p/locations/us-central1/models/1/operations/2',
        artifactOutputUri: `gs://exports/${DIRECTORY}`,
        workflowId: 'w',
        runId: 'r',
        verificationLevel: 'content',
        verifiedAt: '2026-01-01T00:00:00Z',
        count,
        bytes,
        manifestSha256,
      },
      listed,
      new Map(sha256),
    );
    store.put(MANIFEST, JSON.stringify(manifest));
    store.requests.length = 0;
    const check: Stored['check'] = (named = `gs://exports/${MANIFEST}`, options = {}) =>
      verifyManifest(named, { google, ...options });
    return use({ ...store, manifest, check });
  });
}

/** The message of the ManifestError that a promise rejects with. */
async function manifestError(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ManifestError, String(error));
  assert.equal(error.name, 'ManifestError');
  return error.message;
}

suite('the check of a manifest finds it', () => {
  for (const place of [MANIFEST, FOLDER, FOLDER.slice(0, -1), DIRECTORY, DIRECTORY.slice(0, -1)]) {
    test(`by ${place}, and checks the directory beside it`, async () => {
      await withExport(async ({ check, manifest }) => {
        assert.deepEqual(await check(`gs://exports/${place}`), {
          export: manifest.predicate,
          manifestUri: `gs://exports/${MANIFEST}`,
          artifactUri: `gs://exports/${DIRECTORY}`,
          findings: [],
          notes: [],
          reads: place.startsWith(DIRECTORY.slice(0, -1))
            ? { listRequests: 3, readRequests: 1, bytes: JSON.stringify(manifest).length }
            : { listRequests: 2, readRequests: 1, bytes: JSON.stringify(manifest).length },
        });
      });
    });
  }

  test('as an object, reads no manifest, and checks the directory that it names', async () => {
    await withExport(async ({ check, manifest, requests }) => {
      const result = await check(manifest);
      assert.deepEqual([result.findings, result.notes, result.manifestUri], [[], [], undefined]);
      assert.ok(!('manifestUri' in result));
      assert.equal(result.artifactUri, `gs://exports/${DIRECTORY}`);
      assert.deepEqual(requests, [`list ${DIRECTORY}`]);
    });
  });

  test('if its directory is the top of the bucket', async () => {
    await withStoredObjects(async (store) => {
      const google = { emulators: { storage: store.url } };
      assert.match(
        await manifestError(verifyManifest('gs://exports', { google })),
        /^There is no manifest at gs:\/\/exports\/manifest\.json or at gs:\/\/exports\/manifest\.json\. Export with manifest: /,
      );
    });
  });
});

suite('the check of a manifest reports', () => {
  test('files that are missing, changed, new or written again', async () => {
    await withExport(
      async ({ check, put, objects }) => {
        put(`${DIRECTORY}changed`, 'WEIGHTS');
        put(`${DIRECTORY}longer`, 'xx');
        put(`${DIRECTORY}new`, 'x');
        put(`${DIRECTORY}again`, 'x', { generation: '2' });
        put(`${DIRECTORY}composed`, 'x', { isComposed: true });
        objects.delete(`${DIRECTORY}gone`);
        const { findings, notes } = await check();
        assert.equal(findings.length, 4);
        assert.match(findings.join('\n'), /^changed has the crc32c \S+==, but \S+== is recorded$/m);
        assert.match(findings.join('\n'), /^changed has the md5 \S+==, but \S+== is recorded$/m);
        assert.match(findings.join('\n'), /^gone is missing$/m);
        assert.match(findings.join('\n'), /^longer has 2 bytes, but 1 are recorded$/m);
        assert.deepEqual(notes, ['again was written again, with the same bytes', 'new is not in the manifest']);
      },
      { again: 'x', changed: 'weights', composed: 'x', gone: 'x', longer: 'x' },
    );
  });

  test('nothing about other generations of a copy, and a directory that the manifest does not name', async () => {
    await withExport(async ({ check, put, manifest }) => {
      for (const [name, content] of Object.entries(FILES)) put(`copy/${name}`, content, { generation: '9' });
      const copy = await check(manifest, { at: 'gs://exports/copy' });
      assert.deepEqual([copy.findings, copy.notes, copy.artifactUri], [[], [], 'gs://exports/copy']);

      for (const [name, content] of Object.entries(FILES)) put(`moved/model/${name}`, content, { generation: '9' });
      put('moved/manifest.json', JSON.stringify(manifest));
      const moved = await check('gs://exports/moved');
      assert.deepEqual([moved.findings, moved.artifactUri], [[], 'gs://exports/moved/model/']);
      assert.deepEqual(moved.notes, [
        `the manifest names gs://exports/${DIRECTORY} as its export's directory, but gs://exports/moved/model/ was checked; to check the named one, pass it with --at or the option at`,
      ]);
    });
  });

  test('that the directory itself was checked if it was named, whatever its manifest names', async () => {
    await withExport(async ({ check, put, manifest }) => {
      for (const [name, content] of Object.entries(FILES)) put(`moved/other/${name}`, content);
      put('moved/manifest.json', JSON.stringify(manifest));
      const { artifactUri, findings } = await check('gs://exports/moved/other');
      assert.deepEqual([artifactUri, findings], ['gs://exports/moved/other/', []]);
    });
  });

  test('entries that were removed from the manifest, or a count that is not theirs', async () => {
    await withExport(async ({ check, manifest }) => {
      const { predicate, subject } = manifest;
      const changed = /^the manifest itself was changed: its entries have the digest [0-9a-f]{64}, not [0-9a-f]{64}$/;
      const cut = await check({ ...manifest, subject: subject.slice(1) });
      assert.equal(cut.findings.length, 1);
      assert.match(cut.findings[0] ?? '', changed);
      const miscounted = await check({ ...manifest, predicate: { ...predicate, count: 3 } });
      assert.match(miscounted.findings[0] ?? '', changed);
    });
  });

  test('bytes that have another SHA-256 at the level content, and reads none at the level listing', async () => {
    await withExport(async ({ check, manifest, requests, put }) => {
      put(`${DIRECTORY}new`, 'not recorded');
      const [first, ...others] = manifest.subject;
      assert.ok(first);
      const other = { ...first, digest: { ...first.digest, sha256: '0'.repeat(64) } };
      const wrong = { ...manifest, subject: [other, ...others] };
      assert.deepEqual((await check(wrong)).findings, []);
      assert.ok(!requests.some((request) => request.startsWith('read ')));
      const { findings } = await check(wrong, { level: 'content' });
      const sha256 = createHash('sha256').update('weights').digest('hex');
      assert.deepEqual(findings, [`a.bin has the sha256 ${sha256}, but ${'0'.repeat(64)} is recorded`]);
      const reads = requests.filter((request) => request.startsWith('read '));
      assert.deepEqual(reads.sort(), [`read ${DIRECTORY}a.bin bytes=0-6`, `read ${DIRECTORY}b/c.txt bytes=0-0`]);
    });
  });

  test('no SHA-256 that the manifest does not have, and bytes that differ from the listing', async () => {
    await withExport(async ({ check, manifest, objects }) => {
      const { subject } = await statementOf(manifest.predicate, await filesOf(manifest));
      assert.deepEqual((await check({ ...manifest, subject }, { level: 'content' })).findings, []);
      const stored = objects.get(`${DIRECTORY}a.bin`);
      assert.ok(stored);
      objects.set(`${DIRECTORY}a.bin`, { ...stored, generation: '1', content: Buffer.from('weightS') });
      const { findings } = await check(manifest, { level: 'content' });
      assert.match(findings.join('\n'), /^a\.bin has the crc32c/m);
    });
  });

  test('its progress in files, and then in bytes', async () => {
    await withExport(async ({ check, put }) => {
      put(`${DIRECTORY}new`, 'not recorded');
      const progress: unknown[] = [];
      await check(undefined, { level: 'content', onProgress: (one) => progress.push(one) });
      assert.deepEqual(progress[0], { unit: 'files', done: 2, total: 2 });
      assert.equal(progress.length, 3);
      assert.deepEqual(progress.at(-1), { unit: 'bytes', done: 8, total: 8 });
    });
  });
});

suite('the check of a manifest fails', () => {
  test('for an object that is not a manifest, or that names no directory', async () => {
    await withExport(async ({ check, put, manifest }) => {
      put('other/manifest.json', 'text');
      assert.match(
        await manifestError(check('gs://exports/other')),
        /^gs:\/\/exports\/other\/manifest\.json is not a manifest of an export: \S/,
      );
      const named = { ...manifest, predicate: { ...manifest.predicate, artifactOutputUri: 'here' } };
      assert.equal(
        await manifestError(check(named)),
        "The manifest names here as its export's directory, which is not gs://bucket/path. Use a manifest that an export wrote.",
      );
      put('other/manifest.json', JSON.stringify(named));
      assert.match(
        await manifestError(check('gs://exports/other')),
        /^gs:\/\/exports\/other\/manifest\.json names here/,
      );
      assert.match(await manifestError(check(manifest, { at: 'here' })), /^here: must be gs:\/\/bucket/);
    });
  });

  test('for a named manifest that does not exist, although another object begins with its name', async () => {
    await withExport(async ({ check, put }) => {
      put('other/manifest.json.backup', '{}');
      assert.equal(
        await manifestError(check('gs://exports/other/manifest.json')),
        'There is no manifest at gs://exports/other/manifest.json. Export with manifest: {"write": true} in the input to get one.',
      );
    });
  });

  test('for a manifest of more than 64 MiB, without reading it', async () => {
    await withExport(async ({ check, objects, requests, manifest }) => {
      const size = 64 * 1024 * 1024;
      const content = Buffer.from(JSON.stringify(manifest));
      objects.set(MANIFEST, { content, generation: '1', size: size + 1 });
      assert.equal(
        await manifestError(check()),
        `gs://exports/${MANIFEST} has ${size + 1} bytes, but a manifest has at most ${size}. Name the manifest that the export wrote.`,
      );
      assert.ok(!requests.some((request) => request.startsWith('read ')));
      // The largest one is requested; this server sends fewer bytes than it announced.
      objects.set(MANIFEST, { content, generation: '1', size });
      const stop = new AbortController();
      const read = check(undefined, { signal: stop.signal });
      while (!requests.some((request) => request.startsWith('read ')))
        await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error('seen'));
      await assert.rejects(read);
    });
  });

  test('with the role that is missing if the bucket refuses the list', async () => {
    await withExport(async ({ check, refusals }) => {
      refusals.push(403);
      assert.equal(
        await manifestError(check()),
        `GET gs://exports/${MANIFEST}*: PERMISSION_DENIED: refused. Check that the bucket exists, and that your account has roles/storage.objectViewer on it.`,
      );
    });
  });

  test('with the reason of its signal', async () => {
    await withExport(async ({ check }) => {
      const reason = new Error('no longer wanted');
      await assert.rejects(check(undefined, { signal: AbortSignal.abort(reason) }), reason);
    });
  });

  test('only after another attempt if the answer may pass', async () => {
    await withExport(async ({ check, refusals }) => {
      refusals.push(503);
      assert.deepEqual((await check()).findings, []);
    });
  });
});
