import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import type { VerifiedExport } from '../../../src/contract/export-activities';
import { activitiesOf, run } from '../../support/activities';
import { addModel } from '../../support/models';
import { upload } from '../../support/objects';
import { useGoogleServices } from '../../support/services';
import { exported, findingsOf, verify } from '../../support/verification';

const services = useGoogleServices({ stores: 'independent' });

const FILES = { 'model.bin': 'weights', 'code/serve.py': 'serve()' };
const LONG_AFTER = '2100-01-01T00:00:00Z';
const LONG_BEFORE = '2000-01-01T00:00:00Z';

/** Uploads a Model's files, exports others, and verifies the export as a copy of the upload. */
async function verifyCopy(
  uploaded: Readonly<Record<string, string>>,
  { files = FILES, createTime = LONG_AFTER }: { files?: Readonly<Record<string, string>>; createTime?: string } = {},
): Promise<VerifiedExport> {
  const folder = `uploads/${randomUUID()}`;
  for (const [path, content] of Object.entries(uploaded)) await upload(services().store, `${folder}/${path}`, content);
  const model = addModel(services().vertex, { formats: { 'custom-trained': files } });
  const source = { artifactUri: `gs://exports/${folder}`, createTime };
  return verify(services(), await exported(services(), model, 'custom-trained', { level: 'listing', source }));
}

suite('an export of an uploaded Model', () => {
  test('is compared with the upload file by file', async () => {
    assert.deepEqual((await verifyCopy(FILES)).notes, []);
  });

  const bad: [string, Readonly<Record<string, string>>, RegExp][] = [
    [
      'that lacks a file',
      { ...FILES, 'config.json': '{}' },
      /^config\.json is missing, but exists at the Model's artifactUri$/,
    ],
    ['whose file has another size', { ...FILES, 'model.bin': 'w' }, /^model\.bin has 7 bytes, but the file .* has 1$/],
    [
      'whose file has other bytes',
      { ...FILES, 'model.bin': 'WEIGHTS' },
      /^model\.bin has the crc32c \S+, but the file/,
    ],
  ];
  for (const [title, uploaded, message] of bad) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf(verifyCopy(uploaded)), message);
    });
  }

  test('is not rejected for files that were written to the upload location after the Model was created', async () => {
    const { notes } = await verifyCopy({ ...FILES, 'model.bin': 'retrained' }, { createTime: LONG_BEFORE });
    assert.match(
      notes.join(),
      /model\.bin has 7 bytes, but .* 9; the file at the artifactUri was written after the Model was created/,
    );
  });

  test('may have more files, folder markers at the source and another layout, each with a note', async () => {
    const more = await verifyCopy({ ...FILES, 'code/': '' }, { files: { ...FILES, 'MANIFEST.txt': 'x' } });
    assert.deepEqual(more.notes, ["MANIFEST.txt is not at the Model's artifactUri"]);
    const elsewhere = await verifyCopy({ 'other/model.bin': 'weights' });
    assert.match(elsewhere.notes.join(), /the export has no path of the Model's artifactUri/);
  });

  test('is reported with a count of differences, without file names, if the upload is in a foreign bucket', async () => {
    const { store, vertex } = services();
    const bucket = `private-${randomUUID()}`;
    await vertex.createBucket(bucket);
    const query = new URLSearchParams({ uploadType: 'media', name: 'uploads/secret-customer-list.csv' });
    for (const name of ['uploads/secret-customer-list.csv', 'uploads/model.bin']) {
      query.set('name', name);
      const url = `${store.url}/upload/storage/v1/b/${bucket}/o?${query.toString()}`;
      await (await fetch(url, { method: 'POST', body: 'other' })).arrayBuffer();
    }
    const model = addModel(vertex, { formats: { 'custom-trained': FILES } });
    const source = { artifactUri: `gs://${bucket}/uploads`, createTime: LONG_AFTER };
    const request = await exported(services(), model, 'custom-trained', { level: 'listing', source });
    const findings = await findingsOf(verify(services(), request));
    assert.match(findings, /^2 differences were found when comparing the export with the Model's artifactUri gs:/);
    assert.doesNotMatch(findings, /secret-customer-list|model\.bin/);

    const allowed = activitiesOf(services(), { uploadBuckets: [bucket] });
    assert.match(await findingsOf(run(allowed.verifyExport, request)), /secret-customer-list\.csv is missing/);
  });

  test('has a note that it was not compared if the upload location is empty or unreadable', async () => {
    assert.match((await verifyCopy({})).notes.join(), /is empty: the export was not compared with it/);
    const model = addModel(services().vertex, { formats: { 'custom-trained': FILES } });
    const source = { artifactUri: 'gs://gone-bucket/uploaded' };
    const request = await exported(services(), model, 'custom-trained', { source });
    assert.match((await verify(services(), request)).notes.join(), /can't be read by the worker/);
  });
});
