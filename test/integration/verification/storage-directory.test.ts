import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { storageDirectory, StorageDirectoryError, verifyDirectory } from '../../../src/verification';
import type { StorageDirectoryOptions, StorageDirectoryProblem } from '../../../src/verification';
import { isolateCredentials, listen, restoreEnvironment } from '../../support/credential-sources';
import { temporaryFolder } from '../../support/models';
import { remove, upload } from '../../support/objects';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();
const MODEL_FILES = path.join(__dirname, '..', '..', '..', 'emulator', 'models', 'files');

/** Uploads a shipped model below a new prefix of the bucket `exports`. */
async function uploaded(model: string, prefix: string): Promise<void> {
  const root = path.join(MODEL_FILES, model);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    await upload(services().store, `${prefix}/${path.relative(root, file)}`, readFileSync(file));
  }
}

const open = (uri: string, options: StorageDirectoryOptions = {}) =>
  storageDirectory(uri, { storageUrl: services().store.url, ...options });

/** Asserts that a directory can't be read, and why. */
async function assertProblem(work: Promise<unknown>, problem: StorageDirectoryProblem, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StorageDirectoryError, String(error));
    assert.equal(error.problem, problem, error.message);
    assert.match(error.message, message);
    return true;
  });
}

suite('storageDirectory', () => {
  for (const [model, format] of Object.entries({ 'image/tf-saved-model': 'tf-saved-model', tuned: 'custom-trained' })) {
    test(`gives the verification every byte of the model ${model} in a bucket, with its checksum`, async () => {
      const prefix = `good/${format}`;
      await uploaded(model, prefix);
      for (const uri of [`gs://exports/${prefix}`, `gs://exports/${prefix}/`]) {
        const files = await open(uri);
        assert.ok(files.every(({ crc32c }) => crc32c !== undefined));
        const { findings, notes, inspected } = await verifyDirectory(files, { format, level: 'content' });
        assert.deepEqual({ findings, notes }, { findings: [], notes: [] });
        assert.ok(inspected.length > 0);
      }
    });
  }

  test('lists neither a sibling directory whose name begins the same nor markers of directories', async () => {
    await upload(services().store, 'siblings/model/', '');
    await upload(services().store, 'siblings/model/variables/', '');
    await upload(services().store, 'siblings/model/a.bin', 'a');
    await upload(services().store, 'siblings/model/empty.bin', '');
    await upload(services().store, 'siblings/model-2/b.bin', 'b');
    const files = await open('gs://exports/siblings/model');
    assert.deepEqual(
      files.map(({ path: name, bytes }) => [name, bytes]),
      [
        ['a.bin', 1],
        ['empty.bin', 0],
      ],
    );
  });

  for (const change of ['replaced', 'deleted'] as const) {
    test(`lets the verification report a file that is ${change} after the listing`, async () => {
      const prefix = `changed/${change}`;
      await uploaded('image/tflite', prefix);
      const files = await open(`gs://exports/${prefix}`);
      const name = `${prefix}/model.tflite`;
      if (change === 'deleted') await remove(services().store, name);
      else await upload(services().store, name, 'another model');
      const { findings } = await verifyDirectory(files, { format: 'tflite' });
      assert.deepEqual(findings, ['model.tflite: was replaced or deleted while it was verified']);
    });
  }

  test('names a bucket that does not exist', async () => {
    const work = open('gs://no-such-bucket/model');
    await assertProblem(work, 'bucket-not-found', /^gs:\/\/no-such-bucket does not exist: .*Check the bucket's name/);
  });

  test('names a directory that has no file', async () => {
    await upload(services().store, 'empty/marker/', '');
    for (const uri of ['gs://exports/nothing/here', 'gs://exports/empty/marker']) {
      await assertProblem(
        open(uri),
        'empty',
        new RegExp(`^${uri}: there is no file below this path\\. Check the path`),
      );
    }
  });

  test('refuses a URI that is not a directory of Cloud Storage, without a request', async () => {
    for (const uri of ['./model', 's3://bucket/model', 'gs://', 'gs://UPPER/x']) {
      await assertProblem(storageDirectory(uri), 'invalid', /is not a directory of Cloud Storage\. Use gs:/);
    }
  });

  test('refuses a storageUrl that is not a URL, or that would get credentials without encryption', async () => {
    await assertProblem(open('gs://exports', { storageUrl: 'ftp://x' }), 'invalid', /^storageUrl: .*must be https/);
    const plain = { storageUrl: 'http://storage.example' };
    await assertProblem(open('gs://exports', plain), 'invalid', /http:\/\/storage\.example would get credentials/);
  });

  test('ends with the reason of its signal', async () => {
    const reason = new Error('no longer needed');
    await assert.rejects(open('gs://exports/model', { signal: AbortSignal.abort(reason) }), reason);
  });
});

suite('storageDirectory against a store that refuses', () => {
  let answer = { status: 403, body: '' };
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  let storageUrl = '';
  const saved = { ...process.env };

  before(async () => {
    storageUrl = await listen(server);
    isolateCredentials(temporaryFolder('vertex-export-home-'));
  });

  after(() => {
    restoreEnvironment(saved);
    server.close();
  });

  test('names the role when the account may not list the bucket', async () => {
    answer = { status: 403, body: JSON.stringify({ error: { code: 403, message: 'x has no storage.objects.list' } }) };
    const credentials = { headers: () => Promise.resolve({ authorization: 'Bearer t' }), refresh: () => undefined };
    const work = storageDirectory('gs://private/model', { storageUrl, credentials });
    await assertProblem(work, 'refused', /PERMISSION_DENIED: x has no .*roles\/storage\.objectViewer/);
    assert.equal(authorizations.at(-1), 'Bearer t');
  });

  test('names the role when the account may list the bucket, but not read a file', async () => {
    const item = { name: 'm/a.tflite', size: '5000', generation: '1' };
    answer = { status: 200, body: JSON.stringify({ kind: 'storage#objects', items: [item] }) };
    const files = await storageDirectory('gs://private/m', { storageUrl });
    answer = { status: 403, body: JSON.stringify({ error: { code: 403, message: 'no storage.objects.get' } }) };
    await assertProblem(verifyDirectory(files, { format: 'tflite' }), 'refused', /no storage\.objects\.get/);
  });

  test('sends no credentials to a server on this machine, unless they are given', async () => {
    answer = { status: 404, body: JSON.stringify({ error: { code: 404, message: 'no bucket' } }) };
    await assertProblem(storageDirectory('gs://private', { storageUrl }), 'bucket-not-found', /no bucket/);
    assert.equal(authorizations.at(-1), undefined);
  });

  test('explains how to get credentials when there are none', async () => {
    await assertProblem(
      storageDirectory('gs://private/model'),
      'credentials',
      /there are no Application Default Credentials\. Run `gcloud auth application-default login`/,
    );
  });
});
