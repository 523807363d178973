import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import type { ExportManifest, ManifestCheck, ManifestCheckOptions } from '../../../src';
import { exportManifestSchema, ManifestError, verifyManifest, VertexExportClient } from '../../../src';
import type { VerificationLevel } from '../../../src/contract/export-input';
import type { VerifiedExport } from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel } from '../../support/models';
import { remove, upload } from '../../support/objects';
import type { EndedCommand } from '../../support/command-line';
import { runCommand } from '../../support/command-line';
import { useGoogleServices } from '../../support/services';
import { exported, verify } from '../../support/verification';

const services = useGoogleServices({ stores: 'independent' });

const FILES = { 'model.bin': 'weights', 'größe 1.txt': 'x', empty: '' };

interface Written {
  readonly verified: VerifiedExport;
  readonly manifestUri: string;
  /** Name of the export's directory in the bucket, with a slash at its end. */
  readonly directory: string;
}

/** Exports, verifies and writes the manifest. */
async function written(level: VerificationLevel = 'listing'): Promise<Written> {
  const model = addModel(services().vertex, { formats: { 'custom-trained': FILES } });
  const request = await exported(services(), model, 'custom-trained', { level, writeManifest: true });
  const verified = await verify(services(), request);
  const { manifestUri = '' } = verified.files ?? {};
  const directory = `${(request.outputInfo.artifactOutputUri ?? '').replace('gs://exports/', '')}/`;
  return { verified, manifestUri, directory };
}

async function read(uri: string): Promise<ExportManifest> {
  const name = encodeURIComponent(uri.replace('gs://exports/', ''));
  const response = await fetch(`${services().store.url}/storage/v1/b/exports/o/${name}?alt=media`);
  return exportManifestSchema.parse(await response.json());
}

function check(manifest: ExportManifest | string, options: ManifestCheckOptions = {}): Promise<ManifestCheck> {
  const { store } = services();
  return verifyManifest(manifest, { google: { emulators: { storage: store.url } }, ...options });
}

suite('the manifest of an export', () => {
  test('is written beside it as an in-toto Statement with every file and its provenance', async () => {
    const { verified, manifestUri, directory } = await written('content');
    assert.equal(manifestUri, `gs://exports/${directory.replace(/[^/]*\/$/, '')}manifest.json`);
    const { subject, predicate } = await read(manifestUri);
    assert.deepEqual(
      subject.map(({ name, annotations }) => [name, annotations.bytes]),
      [
        ['empty', 0],
        ['größe 1.txt', 1],
        ['model.bin', 7],
      ],
    );
    const [, , weights] = subject;
    assert.equal(weights?.digest.sha256, createHash('sha256').update('weights').digest('hex'));
    assert.equal(weights.digest.md5, createHash('md5').update('weights').digest('hex'));
    assert.equal(predicate.manifestSha256, verified.files?.manifestSha256);
    assert.deepEqual([predicate.count, predicate.bytes, predicate.verificationLevel], [3, 8, 'content']);
    assert.match(predicate.operation, /\/operations\/\d+$/);
  });

  test('omits the SHA-256 of files that were not read', async () => {
    const { manifestUri } = await written();
    const { subject } = await read(manifestUri);
    assert.deepEqual([...new Set(subject.flatMap(({ digest }) => Object.keys(digest)))].sort(), ['crc32c', 'md5']);
  });

  test('causes a failure with the missing role if it cannot be written', async () => {
    const { vertex, store, registry } = services();
    const request = await exported(services(), addModel(vertex), 'tflite', { level: 'listing', writeManifest: true });
    vertex.addFault({ match: { path: '^/upload/' }, times: 1, fault: { status: 403 } });
    const activities = activitiesOf(services(), {
      emulators: { vertex: vertex.url, storage: vertex.url, registry: registry.url },
    });
    assert.ok(store.url);
    const { message } = await failureOf(run(activities.verifyExport, request), ExportFailureType.PermissionDenied);
    assert.match(message, /roles\/storage\.objectUser/);
  });
});

suite('the check of an export against its manifest', () => {
  test('has no findings if nothing changed, whatever notation names the manifest', async () => {
    const { manifestUri, directory } = await written('content');
    const folder = manifestUri.replace('/manifest.json', '');
    for (const place of [manifestUri, folder, `${folder}/`, `gs://exports/${directory}`, await read(manifestUri)]) {
      const { findings, notes } = await check(place, { level: 'content' });
      assert.deepEqual([findings, notes], [[], []]);
    }
  });

  test('is also a method of the client', async () => {
    const { manifestUri } = await written();
    const client = new Client({ connection: Connection.lazy() });
    const exports = new VertexExportClient(client, { google: { emulators: { storage: services().store.url } } });
    assert.deepEqual((await exports.verify(manifestUri)).findings, []);
  });

  test('reports files that are missing or replaced, with the same or another size, and notes additional files', async () => {
    const { manifestUri, directory } = await written();
    const { store } = services();
    await upload(store, `${directory}model.bin`, 'WEIGHTS');
    await remove(store, `${directory}empty`);
    await upload(store, `${directory}größe 1.txt`, 'xx');
    await upload(store, `${directory}more`, 'x');
    const { findings, notes } = await check(manifestUri);
    assert.match(
      findings.join('\n'),
      /^empty is missing\ngröße 1\.txt has 2 bytes, but 1 are recorded\nmodel\.bin has the crc32c/,
    );
    assert.deepEqual(notes, ['more is not in the manifest']);
  });

  test('notes a file that was rewritten with the same bytes', async () => {
    const { manifestUri, directory } = await written();
    await upload(services().store, `${directory}model.bin`, 'weights');
    const { findings, notes } = await check(manifestUri);
    assert.deepEqual([findings, notes], [[], ['model.bin was written again, with the same bytes']]);
  });

  test('can check a copy at another location', async () => {
    const { manifestUri } = await written();
    for (const [name, content] of Object.entries(FILES)) await upload(services().store, `copies/one/${name}`, content);
    const { findings, notes, artifactUri } = await check(manifestUri, { at: 'gs://exports/copies/one' });
    assert.deepEqual([findings, notes, artifactUri], [[], [], 'gs://exports/copies/one']);
  });

  test('reports that the manifest itself was changed', async () => {
    const { manifestUri } = await written();
    const manifest = await read(manifestUri);
    const { findings } = await check({ ...manifest, subject: manifest.subject.slice(1) });
    assert.match(findings.join(), /^the manifest itself was changed/);
  });

  test('reports bytes with another SHA-256 than the recorded one', async () => {
    const { manifestUri } = await written('content');
    const manifest = await read(manifestUri);
    const subject = manifest.subject.map((file) => ({ ...file, digest: { ...file.digest, sha256: '0'.repeat(64) } }));
    const { findings } = await check({ ...manifest, subject }, { level: 'content' });
    assert.equal(findings.filter((finding) => finding.includes('has the sha256')).length, 3);
  });

  test('continues after temporary failures', async () => {
    const { manifestUri } = await written();
    const { vertex } = services();
    const fault = vertex.addFault({
      match: { path: '/storage/v1/b/exports/' },
      skip: 1,
      times: 2,
      fault: { html: 503 },
    });
    const google = { emulators: { storage: vertex.url } };
    assert.deepEqual((await check(manifestUri, { google, level: 'content' })).findings, []);
    assert.equal(vertex.faultUses(fault), 2);
  });

  test('reports its progress', async () => {
    const { manifestUri } = await written();
    const seen: string[] = [];
    await check(manifestUri, {
      level: 'content',
      onProgress: ({ unit, done, total }) => seen.push(`${done} of ${total} ${unit}`),
    });
    assert.deepEqual([seen[0], seen.at(-1)], ['3 of 3 files', '8 of 8 bytes']);
  });

  test('fails if the manifest is missing or the object is not a manifest', async () => {
    await assert.rejects(check('gs://exports/nowhere'), (error: unknown) => {
      assert.ok(error instanceof ManifestError);
      assert.match(
        error.message,
        /no manifest at gs:\/\/exports\/nowhere\/manifest\.json or at gs:\/\/exports\/manifest\.json/,
      );
      return true;
    });
    await upload(services().store, 'wrong/manifest.json', '{"_type": "other"}');
    await assert.rejects(check('gs://exports/wrong'), /wrong\/manifest\.json is not a manifest of an export: _type/);
    await assert.rejects(check('/tmp/manifest.json'), /must be gs:\/\/bucket/);
  });
});

function command(...args: string[]): Promise<EndedCommand> {
  return runCommand(services().store.url, ...args);
}

suite('the command verify', () => {
  test('exits with 0 if nothing changed, and with 1 if something did', async () => {
    const { manifestUri, directory } = await written();
    const intact = await command('verify', manifestUri, '--content');
    assert.equal(intact.code, 0, intact.stderr);
    assert.match(intact.stdout, /intact: 3 files, 8 bytes \(every byte\)/);
    await remove(services().store, `${directory}model.bin`);
    const damaged = await command('verify', `gs://exports/${directory}`);
    assert.equal(damaged.code, 1, damaged.stderr);
    assert.match(damaged.stdout, /NOT intact: 3 files are recorded .*\n {2}model\.bin is missing/);
  });

  test('prints one JSON object with --json, and no progress without a terminal', async () => {
    const { manifestUri } = await written();
    const { stdout, stderr } = await command('verify', manifestUri, '--json');
    assert.deepEqual((JSON.parse(stdout) as ManifestCheck).findings, []);
    assert.equal(stderr, '');
  });

  test('is described in the help', async () => {
    assert.match((await command('--help')).stdout, /verify +Checks an export/);
    assert.match((await command('verify', '--help')).stdout, /--at gs:/);
  });

  const wrong: [string[], RegExp][] = [
    [[], /Usage/],
    [['check'], /check is not a command\. Commands: dev, emulator, verify\./],
    [['verify'], /needs the URI of a manifest/],
    [['verify', '/tmp/x'], /\/tmp\/x is not a Cloud Storage URI/],
    [['verify', 'gs://exports/a', '--level', 'x'], /--level: is not an option/],
    [['verify', 'gs://exports/a', 'gs://exports/b'], /takes one URI, but got 2/],
    [['verify', 'gs://exports/nowhere'], /There is no manifest at/],
  ];
  for (const [args, message] of wrong) {
    test(`exits with 2 and states the reason for the arguments: ${args.join(' ') || '(none)'}`, async () => {
      const { code, stdout, stderr } = await command(...args);
      assert.equal(code, 2);
      assert.match(`${stdout}${stderr}`, message);
    });
  }
});
