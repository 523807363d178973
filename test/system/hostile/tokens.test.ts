import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { basicCredentials } from '../../../src/google/credentials';
import { registryRest } from '../../../src/google/registry';
import { vertexEndpoint } from '../../../src/google/resource-url';
import { RestClient } from '../../../src/google/rest';
import { storageRest } from '../../../src/google/storage';
import { vertexRest } from '../../../src/google/vertex';
import { RecordingListener } from './recording-listener';

const TOKEN = 'marked-token-91c7d0';
const VERTEX = 'https://us-central1-aiplatform.googleapis.com';
const STORAGE = 'https://storage.googleapis.com';
const HOST = 'us-central1-docker.pkg.dev';
const CONFIGURED = [VERTEX, STORAGE, `https://${HOST}`];
const PARENT = 'projects/p-one/locations/us-central1';
const MODEL = `${PARENT}/models/123`;
const OPERATION = `${MODEL}/operations/7`;
const IMAGE = { host: HOST, repository: 'p-one/models/churn', reference: 'v1' };
const DIGEST = `sha256:${'a'.repeat(64)}`;

const credentials = {
  headers: () => Promise.resolve({ authorization: `Bearer ${TOKEN}` }),
  refresh: () => undefined,
};
const rest = new RestClient(credentials, { timeoutMs: 5_000 });
const vertex = vertexRest(rest, vertexEndpoint);
const storage = storageRest(rest, STORAGE);
const registry = registryRest(
  new RestClient(basicCredentials(credentials), { timeoutMs: 5_000 }),
  (host) => `https://${host}`,
);

/** Every call, for a resource of this name. */
const CALLS: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'models.get': (name) => vertex.getModel(name),
  'models.export': (name) => vertex.exportModel(name, { outputConfig: { exportFormatId: 'tflite' } }),
  'models.list': (name) => vertex.listModels({ parent: name, pageSize: 1 }),
  'operations.list': (name) => vertex.listOperations(name, ''),
  'operations.get': (name) => vertex.getOperation(name),
  'operations.wait': (name) => vertex.waitOperation(name, 1_000),
  'operations.cancel': (name) => vertex.cancelOperation(name),
  'buckets.get': (name) => storage.getBucket(name),
  'objects.list': async (name) => {
    for await (const page of storage.listObjects(name, '')) assert.ok(page);
  },
  'objects.get': (name) => storage.readRange(name, { name: 'a', generation: '1' }, { start: 0, length: 1 }),
  'objects.insert': (name) => storage.writeObject(name, 'a', '', { contentType: 'text/plain' }),
  'objects.delete': (name) => storage.deleteObject(name, { name: 'a', generation: '1', size: 0 }),
  'manifests.get by host': (name) => registry.getManifest({ ...IMAGE, host: name }),
  'manifests.get by repository': (name) => registry.getManifest({ ...IMAGE, repository: name }),
  'manifests.get by tag': (name) => registry.getManifest({ ...IMAGE, reference: name }),
  'blobs.head': (name) => registry.getBlobSize({ ...IMAGE, host: name }, DIGEST),
  'blobs.get': (name) => registry.readBlob({ ...IMAGE, host: name }, DIGEST, { start: 0, length: 1 }),
};

/** The valid name of each call. */
const GOOD: Readonly<Record<string, string>> = {
  'models.get': MODEL,
  'models.export': MODEL,
  'models.list': PARENT,
  'operations.list': MODEL,
  'operations.get': OPERATION,
  'operations.wait': OPERATION,
  'operations.cancel': OPERATION,
  'buckets.get': 'exports',
  'objects.list': 'exports',
  'objects.get': 'exports',
  'objects.insert': 'exports',
  'objects.delete': 'exports',
  'manifests.get by host': HOST,
  'manifests.get by repository': IMAGE.repository,
  'manifests.get by tag': IMAGE.reference,
  'blobs.head': HOST,
  'blobs.get': HOST,
};

const EVIL = [
  'evil.example',
  'evil.example#',
  'evil.example/',
  'evil.example/x?',
  'evil.example\\',
  'evil.example:443#',
  '@evil.example',
  '@evil.example#',
  'x:y@evil.example/',
  '.evil.example#',
  '//evil.example',
  'http://evil.example#',
  '[::1]#',
  '169.254.169.254#',
  '..',
  '../../../evil.example',
  '%2f%2fevil.example',
  '\t//evil.example',
  'evil.example\u3002',
  '\uff0fevil.example',
];

/** Names that once sent a request to another host, or that could. */
function evilNames(): string[] {
  return EVIL.flatMap((part) => [
    part,
    `projects/p-one/locations/${part}`,
    `projects/p-one/locations/${part}/models/1`,
    `projects/p-one/locations/${part}/operations/1`,
    `projects/p-one/locations/${part}/models/1/operations/1`,
    `projects/${part}/locations/us-central1/models/1/operations/1`,
    `${PARENT}/models/${part}`,
    `${MODEL}/operations/${part}`,
    `${HOST}${part}`,
    `exports${part}`,
    `p-one/${part}`,
  ]);
}

suite('the access token', () => {
  let listener: RecordingListener;
  before(async () => {
    listener = await RecordingListener.start();
  });
  after(() => listener.stop());

  const empty: RequestListener = (_, response) => response.writeHead(200).end('{}');

  for (const [call, send] of Object.entries(CALLS)) {
    test(`of ${call} is sent to the configured host for a valid name`, async () => {
      listener.use(empty);
      await send(GOOD[call] ?? '').catch(() => undefined);
      const [request, ...more] = listener.requests;
      assert.ok(request && CONFIGURED.includes(request.origin), request?.origin ?? 'no request came');
      assert.ok(request.authorization !== undefined, 'the listener sees the token');
      assert.deepEqual(more, []);
    });

    test(`of ${call} is sent to no other host for any name`, async () => {
      listener.use(empty);
      for (const name of evilNames()) await send(name).catch(() => undefined);
      listener.assertTokenStays(TOKEN, CONFIGURED);
      assert.deepEqual(
        listener.requests.filter(({ origin }) => !CONFIGURED.includes(origin)),
        [],
      );
    });

    test(`of ${call} is not sent to the target of a redirect`, async () => {
      for (const target of ['https://evil.example/x', 'http://evil.example/x', 'https://storage.evil.example/?a=b']) {
        listener.use((request, response) => {
          if (request.headers.host?.endsWith('evil.example')) response.writeHead(200).end('x');
          else response.writeHead(307, { location: target }).end();
        });
        await send(GOOD[call] ?? '').catch(() => undefined);
        listener.assertTokenStays(TOKEN, CONFIGURED);
        const followed = listener.requests.filter(({ origin }) => !CONFIGURED.includes(origin));
        const mayFollow = call.startsWith('blobs.') && target.startsWith('https:');
        assert.equal(followed.length, mayFollow ? 1 : 0, `${call} to ${target}`);
      }
    });
  }

  test('is not sent to the host of an operation that an answer names', async () => {
    for (const part of EVIL) {
      for (const name of [
        `projects/1/locations/${part}/models/123/operations/7`,
        `projects/1/locations/${part}/operations/7`,
        `${MODEL}/operations/7/../../../../../../${part}`,
      ]) {
        listener.use((_, response) => response.writeHead(200).end(JSON.stringify({ name, operations: [{ name }] })));
        const operation = await vertex
          .exportModel(MODEL, { outputConfig: { exportFormatId: 'tflite' } })
          .catch(() => undefined);
        assert.equal(operation, undefined, name);
        assert.equal(await vertex.listOperations(PARENT, '').catch(() => undefined), undefined, name);
      }
    }
    listener.assertTokenStays(TOKEN, CONFIGURED);
  });

  test('is not sent over http to another machine, unless a setting allows it', async () => {
    listener.use(empty);
    const endpoint = 'http://vertex.example';
    for (const credentialsOf of [(given: typeof credentials) => given, basicCredentials]) {
      const client = new RestClient(credentialsOf(credentials));
      await assert.rejects(
        vertexRest(client, () => endpoint).getModel(MODEL),
        /http:\/\/vertex\.example would get credentials without encryption/,
      );
    }
    assert.deepEqual(listener.requests, []);
    const allowed = new RestClient(credentials, { allowHttpCredentials: true });
    await vertexRest(allowed, () => endpoint)
      .getModel(MODEL)
      .catch(() => undefined);
    assert.deepEqual(
      listener.requests.map(({ origin, authorization }) => [origin, authorization]),
      [[endpoint, `Bearer ${TOKEN}`]],
    );
  });

  test('is sent over http to this machine', async () => {
    for (const endpoint of [
      'http://127.0.0.1:8080',
      'http://localhost:8080',
      'http://[::1]:8080',
      'http://127.8.8.8',
    ]) {
      listener.use(empty);
      await vertexRest(rest, () => endpoint)
        .getModel(MODEL)
        .catch(() => undefined);
      assert.deepEqual(
        listener.requests.map(({ origin }) => origin),
        [endpoint],
      );
    }
  });
});
