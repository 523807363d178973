import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, suite, test } from 'node:test';
import type { Emulator, EmulatorOptions, Fault } from '../../../emulator';
import { startEmulator } from '../../../emulator';
import { at, call } from '../../support/http';
import { addModel, MODELS, temporaryFolder } from '../../support/models';
import { RegistryCalls } from '../../support/registry-calls';

const BUILT_IN = { storageUrl: 'built-in', registryUrl: 'built-in' } as const;
const IMAGE = 'us-central1-docker.pkg.dev/demo-project/models/churn:v1';

const objectUrl = ({ storage }: Emulator, bucket: string, name: string): string =>
  `${storage}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;

async function upload({ storage }: Emulator, bucket: string, name: string, content: string): Promise<number> {
  const url = `${storage}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
  return (await call('POST', url, content)).status;
}

/** Exports a model and its image, and waits until the operations are done. Returns their errors. */
async function exportAll(emulator: Emulator): Promise<unknown[]> {
  const model = addModel(emulator, {
    durationMs: 10,
    exportableContents: { tflite: ['ARTIFACT', 'IMAGE'] },
    image: true,
  });
  const errors: unknown[] = [];
  for (const destination of [
    { artifactDestination: { outputUriPrefix: 'gs://exports/one' } },
    { imageDestination: { outputUri: IMAGE } },
  ]) {
    const outputConfig = { exportFormatId: 'tflite', ...destination };
    const started = await call('POST', `${emulator.url}/v1/${model}:export`, { outputConfig });
    const ended = await call('POST', `${emulator.url}/v1/${String(at(started.body, 'name'))}:wait`);
    errors.push(at(ended.body, 'error') ?? at(started.body, 'error'));
  }
  return errors;
}

/** The three services, each with a request that succeeds. */
const SERVICES: readonly (readonly [string, string, (emulator: Emulator) => string, RegExp])[] = [
  ['Vertex AI', 'models.get', ({ url }) => `${url}/v1/${MODELS.iris}`, /"displayName"/],
  ['object store', 'storage', (emulator) => `${objectUrl(emulator, 'exports', 'a/b')}?alt=media`, /^{"content":1}$/],
  ['registry', 'registry', ({ registry }) => `${registry}/v2/tests/faults/manifests/v1`, /schemaVersion/],
];

suite('an emulator with built-in stores', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator(BUILT_IN);
    assert.equal(await upload(emulator, 'exports', 'a/b', '{"content":1}'), 200);
    const { manifest, config, layer } = await new RegistryCalls(emulator.url).pushImage('v1');
    const registry = Object.assign(new RegistryCalls(emulator.url), { name: 'tests/faults' });
    for (const blob of [config, layer]) await registry.pushBlob(blob);
    assert.equal((await registry.pushManifest('v1', manifest)).status, 201);
  });
  after(() => emulator.stop());
  afterEach(() => {
    emulator.clearFaults();
    emulator.clearRequests();
  });

  test('serves Vertex AI, an object store and a registry on one port', async () => {
    assert.deepEqual([emulator.storage, emulator.registry], [emulator.url, emulator.url]);
    assert.deepEqual(await exportAll(emulator), [undefined, undefined]);
    const { body } = await call('GET', `${emulator.url}/storage/v1/b/exports/o?prefix=one/`);
    assert.equal((at(body, 'items') as unknown[]).length, 1);
    const pulled = await call('GET', `${emulator.url}/v2/demo-project/models/churn/manifests/v1`);
    assert.equal((at(pulled.body, 'layers') as unknown[]).length, 1);
  });

  test('counts and fails only requests of clients, not those of the emulated Vertex AI', async () => {
    emulator.addFault({ match: { path: 'storage|/v2/' }, fault: { status: 503 } });
    assert.deepEqual(await exportAll(emulator), [undefined, undefined]);
    assert.deepEqual(emulator.requests().countByRoute, { 'models.export': 2, 'operations.wait': 2 });
  });

  test('refuses an export to a bucket that does not exist, until the bucket is created', async () => {
    const model = addModel(emulator, { location: 'europe-west4', durationMs: 0 });
    const artifactDestination = { outputUriPrefix: 'gs://european/one' };
    const body = { outputConfig: { exportFormatId: 'tflite', artifactDestination } };
    const refused = await call('POST', `${emulator.url}/v1/${model}:export`, body);
    assert.deepEqual([refused.status, at(refused.body, 'error', 'status')], [400, 'FAILED_PRECONDITION']);
    await emulator.createBucket('european', { location: 'europe-west4' });
    assert.equal((await call('POST', `${emulator.url}/v1/${model}:export`, body)).status, 200);
    await assert.rejects(emulator.createBucket('european'), /The bucket european was not created: HTTP 409/);
  });

  for (const [service, route, url, content] of SERVICES) {
    const read = async (): Promise<{ status: number; text: string; headers: Headers }> => {
      const response = await fetch(url(emulator));
      return { status: response.status, text: await response.text(), headers: response.headers };
    };
    const path = (): string => new URL(url(emulator)).pathname.replaceAll('%2F', '/');
    const add = (fault: Fault, when?: 'before' | 'after'): string =>
      emulator.addFault({ match: { path: `^${path()}$` }, times: 1, fault, ...(when && { when }) });

    for (const when of ['before', 'after'] as const) {
      test(`answers a request to the ${service} with a given status ${when} it takes effect`, async () => {
        const id = add({ status: 503, body: { error: 'none' }, headers: { 'retry-after': '7' } }, when);
        const { status, headers } = await read();
        assert.deepEqual([status, headers.get('retry-after'), emulator.faultUses(id)], [503, '7', 1]);
        assert.match((await read()).text, content);
      });

      test(`delays a request to the ${service} ${when} it takes effect`, async () => {
        const id = add({ delayMs: 20 }, when);
        const { status, text, headers } = await read();
        assert.equal(status, 200);
        assert.match(text, content);
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.equal(emulator.faultUses(id), 1);
      });
    }

    test(`answers a request to the ${service} with a page, resets it, and truncates its answer`, async () => {
      add({ html: 502 });
      assert.match((await read()).text, /<html/);
      add({ reset: true });
      await assert.rejects(read(), /fetch failed/);
      add({ truncate: true });
      await assert.rejects(read(), /terminated/);
      assert.equal((await read()).status, 200);
      const { requests, countByRoute } = emulator.requests();
      assert.deepEqual(
        requests.map((request) => [request.route, request.status]),
        [502, 0, 200, 200].map((status) => [route, status]),
      );
      assert.equal(countByRoute[route], 4);
    });

    test(`refuses a web page that sends a request to the ${service}`, async () => {
      assert.equal((await call('GET', url(emulator), undefined, { origin: 'https://page.example' })).status, 403);
      assert.deepEqual(emulator.requests().requests, []);
    });
  }

  test('keeps what a request wrote if a fault replaces its answer', async () => {
    emulator.addFault({ match: { method: 'POST', path: '^/upload/' }, when: 'after', times: 1, fault: { html: 502 } });
    assert.equal(await upload(emulator, 'exports', 'kept', 'content'), 502);
    assert.equal((await fetch(`${objectUrl(emulator, 'exports', 'kept')}?alt=media`)).status, 200);
    emulator.addFault({
      match: { method: 'PUT', path: '/manifests/' },
      when: 'after',
      times: 1,
      fault: { reset: true },
    });
    const registry = new RegistryCalls(emulator.registry);
    await assert.rejects(registry.pushImage('v1'), /fetch failed/);
    assert.equal((await registry.send('GET', 'manifests/v1')).status, 200);
  });

  test('writes nothing if a fault hides the request', async () => {
    emulator.addFault({ match: { method: 'POST', path: '^/upload/' }, times: 1, fault: { status: 503 } });
    assert.equal(await upload(emulator, 'exports', 'hidden', 'x'.repeat(1_000_000)), 503);
    assert.equal((await fetch(objectUrl(emulator, 'exports', 'hidden'))).status, 404);
  });
});

suite('an emulator', () => {
  async function withEmulator(options: EmulatorOptions, use: (emulator: Emulator) => Promise<void>): Promise<void> {
    const emulator = await startEmulator(options);
    try {
      await use(emulator);
    } finally {
      await emulator.stop();
    }
  }

  test('keeps buckets, objects and images in its data folder, and forgets operations', async () => {
    const options = { ...BUILT_IN, dataFolder: temporaryFolder('vertex-export-data-'), buckets: [{ name: 'kept' }] };
    await withEmulator(options, async (emulator) => {
      assert.equal(await upload(emulator, 'kept', 'a/b', 'content'), 200);
      await emulator.createBucket('exports');
      assert.deepEqual(await exportAll(emulator), [undefined, undefined]);
    });
    await withEmulator(options, async (emulator) => {
      assert.equal(await (await fetch(`${objectUrl(emulator, 'kept', 'a/b')}?alt=media`)).text(), 'content');
      const { status, body } = await call('GET', `${emulator.url}/v2/demo-project/models/churn/manifests/v1`);
      assert.equal(status, 200);
      const digest = String(at(body, 'layers', 0, 'digest'));
      const layer = await fetch(`${emulator.url}/v2/demo-project/models/churn/blobs/${digest}`);
      assert.equal((await layer.arrayBuffer()).byteLength, at(body, 'layers', 0, 'size'));
      assert.deepEqual(emulator.operations(), []);
    });
  });

  test('forgets everything without a data folder', async () => {
    await withEmulator(BUILT_IN, async (emulator) => {
      assert.equal(await upload(emulator, 'exports', 'a', 'content'), 200);
    });
    await withEmulator(BUILT_IN, async (emulator) => {
      assert.equal((await fetch(objectUrl(emulator, 'exports', 'a'))).status, 404);
    });
  });

  test('creates the bucket exports in us-central1, or the named buckets instead', async () => {
    const bucket = async ({ storage }: Emulator, name: string): Promise<unknown> =>
      at((await call('GET', `${storage}/storage/v1/b/${name}`)).body, 'location');
    await withEmulator(BUILT_IN, async (emulator) => {
      assert.equal(await bucket(emulator, 'exports'), 'US-CENTRAL1');
    });
    const buckets = [{ name: 'mine', location: 'europe-west4' }];
    await withEmulator({ ...BUILT_IN, buckets }, async (emulator) => {
      assert.deepEqual(
        [await bucket(emulator, 'mine'), await bucket(emulator, 'exports')],
        ['EUROPE-WEST4', undefined],
      );
    });
    const wrong = { ...BUILT_IN, buckets: [{ name: 'NOT A BUCKET' }] };
    await assert.rejects(startEmulator(wrong), /The bucket NOT A BUCKET was not created: HTTP 400/);
  });

  test('forwards requests to the stores that it is given', async () => {
    const seen: string[] = [];
    const behind = createServer((request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"from": "behind"}');
    });
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
    const address = behind.address();
    assert.ok(address !== null && typeof address === 'object');
    const url = `http://127.0.0.1:${address.port}`;
    try {
      await withEmulator({ storageUrl: url, registryUrl: url.replace('http://', '') }, async (emulator) => {
        assert.deepEqual([emulator.storage, emulator.registry], [url, url]);
        for (const path of ['/storage/v1/b/exports', '/v2/a/tags/list']) {
          assert.deepEqual((await call('GET', `${emulator.url}${path}`)).body, { from: 'behind' });
        }
        assert.deepEqual(seen, ['GET /storage/v1/b/exports', 'GET /v2/a/tags/list']);
      });
    } finally {
      behind.close();
    }
  });

  test('uses its built-in stores if its own address is given', async () => {
    let port = 0;
    await withEmulator(BUILT_IN, (emulator) => {
      port = Number(new URL(emulator.url).port);
      return Promise.resolve();
    });
    const host = `localhost:${port}`;
    await withEmulator({ port, storageUrl: host, registryUrl: `http://${host}/` }, async (emulator) => {
      assert.deepEqual([emulator.storage, emulator.registry], [emulator.url, emulator.url]);
      assert.equal((await call('GET', `${emulator.url}/storage/v1/b/exports`)).status, 200);
    });
  });
});
