import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifiedExport, VerifyExportRequest } from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel, MODELS } from '../../support/models';
import { remove, upload } from '../../support/objects';
import { useGoogleServices } from '../../support/services';
import {
  exported,
  findingsOf,
  verify as verifyRequest,
  verifyFiles as verifyOwnFiles,
} from '../../support/verification';

const services = useGoogleServices({ stores: 'independent' });
beforeEach(() => {
  services().vertex.clearFaults();
});

const verify = (request: VerifyExportRequest): Promise<VerifiedExport> => verifyRequest(services(), request);

function paths({ files }: VerifiedExport): string[] {
  return (files?.entries ?? []).map(({ path }) => path);
}

/** Exports the files of a test, and verifies their listing. */
const verifyFiles = (formatId: string, files: Record<string, string>): Promise<VerifiedExport> =>
  verifyOwnFiles(services(), formatId, files, { level: 'listing' });

const listingOf = (
  model: string,
  formatId: string,
  changes: Partial<VerifyExportRequest> = {},
): Promise<VerifyExportRequest> => exported(services(), model, formatId, { level: 'listing', ...changes });

suite('verifyExport', () => {
  test('lists every file with size, crc32c and generation, and the digest of the sorted manifest', async () => {
    const verified = await verifyFiles('tflite', { 'model.tflite': 'weights', 'dict.txt': 'rose\n' });
    assert.deepEqual(paths(verified), ['dict.txt', 'model.tflite']);
    assert.deepEqual([verified.files?.count, verified.files?.bytes, verified.files?.truncated], [2, 12, false]);
    const [labels] = verified.files?.entries ?? [];
    assert.ok(labels);
    assert.equal(labels.crc32c?.length, 8);
    assert.match(labels.generation, /^\d+$/);
    const lines = (verified.files?.entries ?? [])
      .map(({ path, bytes, crc32c, md5, generation }) => `${[path, bytes, crc32c, md5, generation].join('\t')}\n`)
      .join('');
    assert.equal(verified.files?.manifestSha256, createHash('sha256').update(lines).digest('hex'));
    assert.deepEqual(verified.notes, []);
  });

  test('lists 2,500 objects, more than two pages, and keeps the first 500 entries', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 2_500 }, (_, index) => [`shards/${String(index).padStart(4, '0')}.bin`, 'x']),
    );
    const verified = await verifyFiles('tflite', { ...files, 'model.tflite': 'weights' });
    assert.deepEqual([verified.files?.count, verified.files?.bytes, verified.files?.truncated], [2_501, 2_507, true]);
    assert.equal(verified.files?.entries.length, 500);
    assert.equal(paths(verified)[0], 'model.tflite');
  });

  test('keeps names with spaces, unicode, %, #, ? and +', async () => {
    const names = [
      'a b.bin',
      'größe-日本.bin',
      '100%.bin',
      'a#b.bin',
      'what?.bin',
      'a+b.bin',
      'a%20b.bin',
      'model.tflite',
    ];
    const files = Object.fromEntries(names.map((name) => [name, 'x']));
    assert.deepEqual(paths(await verifyFiles('tflite', files)), [...names].sort());
  });

  test('keeps an odd display name, which is a part of the directory', async () => {
    const name = addModel(services().vertex, { displayName: 'größe 100% #1?' });
    const verified = await verify(await listingOf(name, 'tflite'));
    assert.deepEqual(paths(verified), ['model.tflite']);
  });

  test('lists the directory only, not a neighbour whose name has the same beginning', async () => {
    const request = await listingOf(addModel(services().vertex), 'tflite');
    const { artifactOutputUri = '' } = request.outputInfo;
    await upload(services().store, `${artifactOutputUri.replace('gs://exports/', '')}-other/file.bin`, 'x');
    assert.deepEqual(paths(await verify(request)), ['model.tflite']);
  });

  const complete: [string, string][] = [
    ['tflite', MODELS.flowers],
    ['edgetpu-tflite', MODELS.flowers],
    ['tf-saved-model', MODELS.flowers],
    ['core-ml', MODELS.flowers],
    ['tf-js', MODELS.flowers],
    ['tf-saved-model', MODELS.iris],
    ['custom-trained', MODELS.assistant],
  ];
  for (const [format, model] of complete) {
    test(`accepts the real ${format} of ${model.slice(-2)}`, async () => {
      const { files } = await verify(await listingOf(model, format));
      assert.ok((files?.count ?? 0) > 0 && (files?.bytes ?? 0) > 1_000);
    });
  }

  const incomplete: [string, Record<string, string>, RegExp][] = [
    ['tflite', { 'dict.txt': 'x' }, /a \.tflite file is missing/],
    ['edgetpu-tflite', { 'model.pb': 'x' }, /a \.tflite file is missing/],
    ['tf-saved-model', { 'variables/variables.index': 'x' }, /saved_model\.pb is missing/],
    ['tf-saved-model', { 'predict/001/variables/x': 'x' }, /environment\.json is missing.*saved_model\.pb is missing/],
    ['tf-js', { 'model.json': '{}' }, /a weight shard beside model\.json is missing/],
    ['core-ml', { 'dict.txt': 'x' }, /a \.mlmodel file is missing/],
    ['tflite', { 'model.tflite': '' }, /model\.tflite is empty \(0 bytes\)/],
  ];
  for (const [format, files, message] of incomplete) {
    test(`rejects ${format} with ${Object.keys(files).join(', ')}: ${message.source}`, async () => {
      const failure = await failureOf(verifyFiles(format, files), ExportFailureType.VerificationFailed);
      assert.match(failure.message, message);
      assert.equal(failure.details.exportAgain, true);
    });
  }

  const damages = [
    ['without-files', /there is no file in the directory/],
    ['empty-file', /is empty \(0 bytes\)/],
  ] as const;
  for (const [outcome, message] of damages) {
    test(`rejects an operation that succeeded ${outcome}`, async () => {
      const name = addModel(services().vertex, { outcome });
      const failure = await failureOf(verify(await listingOf(name, 'tflite')), ExportFailureType.VerificationFailed);
      assert.match(failure.message, message);
    });
  }

  test('notes an empty file that the format does not need, and a format whose files it does not know', async () => {
    const { notes } = await verifyFiles('paddle', { 'weights.bin': 'x', MARKER: '' });
    assert.match(notes.join('\n'), /^MARKER is empty \(0 bytes\)\nthe export format paddle is not known: only names/);
  });

  test('notes a file that the format does not have, but no folder markers', async () => {
    const files = { 'model.tflite': 'weights', 'dict.txt': 'rose', 'notes.doc': 'x' };
    assert.deepEqual((await verifyFiles('tflite', files)).notes, ['notes.doc is not a file of this format']);
  });

  test('rejects a listing that changes between its pages', async () => {
    const { vertex, store, registry } = services();
    const files = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`m/${1_000 + index}.bin`, 'x']));
    const model = addModel(vertex, { formats: { 'custom-trained': files } });
    const request = await listingOf(model, 'custom-trained');
    const directory = (request.outputInfo.artifactOutputUri ?? '').replace('gs://exports/', '');
    const activities = activitiesOf(services(), {
      emulators: { vertex: vertex.url, storage: vertex.url, registry: registry.url },
    });
    // The second page is delayed until the first one is outdated.
    vertex.addFault({ match: { path: '/b/exports/o$' }, skip: 1, times: 1, fault: { delayMs: 1_500 } });
    const verifying = findingsOf(run(activities.verifyExport, request));
    await sleep(700);
    await upload(store, `${directory}/m/0.bin`, 'new');
    await remove(store, `${directory}/m/1005.bin`);
    await upload(store, `${directory}/m/1007.bin`, 'other');
    const changes = ['m/0.bin appeared', 'm/1005.bin disappeared', 'm/1007.bin was replaced'];
    assert.equal(await verifying, changes.map((change) => `${change} while it was verified`).join('\n'));
  });

  test('pins an image by the digest of its manifest', async () => {
    const imageUri = 'us-central1-docker.pkg.dev/demo-project/models/churn:verify';
    const { image, files } = await verify(
      await listingOf(MODELS.churn, 'custom-trained', { destinations: { imageUri } }),
    );
    assert.equal(files, undefined);
    assert.ok(image);
    assert.match(image.digest, /^sha256:[0-9a-f]{64}$/);
    assert.equal(image.pinnedUri, `us-central1-docker.pkg.dev/demo-project/models/churn@${image.digest}`);
    const manifest = await fetch(`${services().registry.url}/v2/demo-project/models/churn/manifests/${image.digest}`);
    assert.equal(manifest.status, 200);
  });

  test('rejects an image that is not in the registry', async () => {
    const imageUri = 'us-central1-docker.pkg.dev/demo-project/models/churn:missing';
    const request = await listingOf(MODELS.churn, 'custom-trained', { destinations: { imageUri } });
    const other = imageUri.replace('missing', 'other');
    const asked = { outputInfo: { imageOutputUri: other }, destinations: { imageUri: other } };
    const failure = await failureOf(verify({ ...request, ...asked }), ExportFailureType.VerificationFailed);
    assert.match(failure.message, /the image is not in the registry/);
  });

  const elsewhere: readonly (readonly [what: string, uri: (asked: string) => string])[] = [
    ['another bucket', () => 'gs://other-bucket/exports/directory'],
    ['another folder of the bucket', () => 'gs://exports/others/directory'],
    ['a folder whose name begins with that of the folder', (asked) => `${asked.slice(0, -1)}-2/directory`],
    ['the folder itself', (asked) => asked],
    ['the folder itself, without its slash', (asked) => asked.slice(0, -1)],
    ['a folder above, by a relative path', (asked) => `${asked}../directory`],
    ['something that is not in Cloud Storage', () => 'https://exports.example/directory'],
  ];
  for (const [what, uri] of elsewhere) {
    test(`rejects an operation whose output is in ${what}`, async () => {
      const request = await listingOf(addModel(services().vertex), 'tflite');
      const outputInfo = { artifactOutputUri: uri(request.destinations.outputUriPrefix ?? '') };
      const failure = await failureOf(
        verify({ ...request, outputInfo, writeManifest: true }),
        ExportFailureType.VerificationFailed,
      );
      assert.match(failure.message, /the operation's artifactOutputUri/);
    });
  }

  test('rejects an operation that does not state its output', async () => {
    const request = await listingOf(addModel(services().vertex), 'tflite');
    const failure = await failureOf(verify({ ...request, outputInfo: {} }), ExportFailureType.VerificationFailed);
    assert.match(failure.message, /outputInfo has no artifactOutputUri/);
  });

  test('fails if the bucket does not exist any more', async () => {
    const request = await listingOf(addModel(services().vertex), 'tflite');
    const gone = {
      outputInfo: { artifactOutputUri: 'gs://gone-bucket/exports/directory' },
      destinations: { outputUriPrefix: 'gs://gone-bucket/exports/' },
    };
    const failure = await failureOf(verify({ ...request, ...gone }), ExportFailureType.DestinationNotFound);
    assert.match(failure.message, /gs:\/\/gone-bucket/);
  });
});
