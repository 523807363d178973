import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anonymous } from '../../../src/google/credentials';
import type { RegistryApi } from '../../../src/google/registry';
import { registryRest } from '../../../src/google/registry';
import { RestClient } from '../../../src/google/rest';
import type { AnsweringService } from '../../support/answering-service';
import { withAnsweringService } from '../../support/answering-service';
import { descriptor, OCI_INDEX, OCI_MANIFEST, sha256 } from '../../support/registry-calls';

const IMAGE = { host: 'us-docker.pkg.dev', repository: 'p/r/i', reference: 'latest' };
const DIGEST = sha256('blob');

function withRegistry<T>(use: (registry: RegistryApi, service: AnsweringService) => Promise<T>): Promise<T> {
  return withAnsweringService((service) =>
    use(
      registryRest(new RestClient(anonymous), (host) => {
        assert.equal(host, IMAGE.host);
        return service.endpoint;
      }),
      service,
    ),
  );
}

suite("an image's manifest", () => {
  const layer = descriptor('application/vnd.oci.image.layer.v1.tar', 'layer');
  const content = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: layer, layers: [layer] };

  test('is returned with the digest and the length of its bytes', async () => {
    await withRegistry(async (registry, service) => {
      const body = JSON.stringify(content);
      service.answerWith({ body });
      const found = await registry.getManifest(IMAGE);
      assert.deepEqual(found, {
        digest: sha256(body),
        size: body.length,
        mediaType: OCI_MANIFEST,
        manifest: content,
      });
      const [request] = service.requests;
      assert.deepEqual([request?.method, request?.path], ['GET', '/v2/p/r/i/manifests/latest']);
      assert.deepEqual(request?.headers.accept?.split(', '), [
        OCI_MANIFEST,
        OCI_INDEX,
        'application/vnd.docker.distribution.manifest.v2+json',
        'application/vnd.docker.distribution.manifest.list.v2+json',
      ]);
    });
  });

  test('has the type of its content, or that of the answer, or none', async () => {
    await withRegistry(async (registry, service) => {
      for (const [headers, mediaType] of [
        [{ 'content-type': OCI_INDEX }, OCI_INDEX],
        [{ 'content-type': 'x'.repeat(300) }, `${'x'.repeat(254)}…`],
        [{}, 'unknown'],
      ] as const) {
        service.answerWith({ headers, body: { schemaVersion: 2, manifests: [] } });
        assert.equal((await registry.getManifest(IMAGE)).mediaType, mediaType);
      }
    });
  });

  test('must have the digest that was requested, or that the registry names', async () => {
    await withRegistry(async (registry, service) => {
      const body = JSON.stringify(content);
      const wrong = { 'docker-content-digest': DIGEST };
      const problem = { message: new RegExp(`the manifest has digest ${sha256(body)}, not ${DIGEST}$`) };
      service.answerWith({ body });
      await assert.rejects(registry.getManifest({ ...IMAGE, reference: DIGEST }), problem);
      await registry.getManifest({ ...IMAGE, reference: sha256(body) });
      service.answerWith({ body, headers: { 'docker-content-digest': sha256(body) } });
      await registry.getManifest(IMAGE);
      service.answerWith({ body, headers: wrong });
      await assert.rejects(registry.getManifest(IMAGE), problem);
    });
  });

  const invalid: Readonly<Record<string, unknown>> = {
    'has another version': { ...content, schemaVersion: 1 },
    'has an invalid digest': { ...content, config: { ...layer, digest: DIGEST.toUpperCase() } },
    'has text after a digest': { ...content, config: { ...layer, digest: `${DIGEST}0` } },
    'has text before a digest': { ...content, config: { ...layer, digest: `a${DIGEST}` } },
    'has a negative size': { ...content, config: { ...layer, size: -1 } },
    'has a size that is not whole': { ...content, config: { ...layer, size: 1.5 } },
    'has too many layers': { ...content, layers: Array.from({ length: 5_001 }, () => layer) },
    'has too long a type': { ...content, mediaType: 'x'.repeat(256) },
    'is not JSON': 'manifest',
  };
  for (const [title, body] of Object.entries(invalid)) {
    test(`is refused if it ${title}`, async () => {
      await withRegistry(async (registry, service) => {
        service.answerWith({ body });
        await assert.rejects(registry.getManifest(IMAGE), {
          name: 'GoogleTransportError',
          message: 'GET us-docker.pkg.dev/p/r/i/manifests/latest: the answer is not a manifest',
        });
      });
    });
  }

  test('may have 5,000 layers, of which one is empty, and platforms', async () => {
    await withRegistry(async (registry, service) => {
      const layers = Array.from({ length: 5_000 }, () => ({ ...layer, size: 0 }));
      const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
      const manifests = [
        { ...layer, platform },
        { ...layer, platform: { os: 'linux', architecture: 'amd64' } },
      ];
      service.answerWith({ body: { schemaVersion: 2, layers, manifests } });
      const { manifest } = await registry.getManifest(IMAGE);
      assert.equal(manifest.layers?.length, 5_000);
      assert.deepEqual(manifest.manifests, manifests);
    });
  });

  test('is refused before it is read if it is longer than 4 MB', async () => {
    await withRegistry(async (registry, service) => {
      service.answerWith({ headers: { 'content-length': '4000001' } });
      await assert.rejects(registry.getManifest(IMAGE), { message: /the answer has more than 4000000 bytes/ });
    });
  });
});

suite("a blob's size", () => {
  test('is the length that the registry announces', async () => {
    await withRegistry(async (registry, service) => {
      for (const headers of [
        { 'content-length': '7' },
        { 'content-length': '7', 'content-type': 'application/octet-stream' },
        { 'content-length': '7', 'content-type': 'application/json', 'docker-content-digest': DIGEST },
      ]) {
        service.answerWith({ headers });
        assert.equal(await registry.getBlobSize(IMAGE, DIGEST), 7);
      }
      const [request] = service.requests;
      assert.deepEqual(
        [request?.method, request?.path, request?.headers.accept],
        ['HEAD', `/v2/p/r/i/blobs/${DIGEST}`, '*/*'],
      );
    });
  });

  test('is not that of a page of a proxy, and not unknown or too large for a number', async () => {
    await withRegistry(async (registry, service) => {
      for (const [headers, message] of [
        [{ 'content-length': '7', 'content-type': 'text/html' }, /the answer is not a blob$/],
        [{ 'content-length': '7', 'content-type': 'application/json' }, /the answer is not a blob$/],
        [{ 'transfer-encoding': 'chunked' }, /the answer has no content-length$/],
        [{ 'content-length': '9'.repeat(16) }, /the answer has no content-length$/],
      ] as const) {
        service.answerWith({ headers });
        await assert.rejects(registry.getBlobSize(IMAGE, DIGEST), { name: 'GoogleTransportError', message });
      }
    });
  });

  test('is read at the place that the registry redirects to', async () => {
    await withRegistry(async (registry, service) => {
      service.answerWith(
        { status: 307, headers: { location: '/stored' } },
        { headers: { 'content-length': '9007199254740991' } },
      );
      assert.equal(await registry.getBlobSize(IMAGE, DIGEST), Number.MAX_SAFE_INTEGER);
      assert.deepEqual(
        service.requests.map(({ path }) => path),
        [`/v2/p/r/i/blobs/${DIGEST}`, '/stored'],
      );
    });
  });
});

suite("a part of a blob's content", () => {
  test('is read by its range, at the place that the registry redirects to', async () => {
    await withRegistry(async (registry, service) => {
      service.answerWith(
        { status: 302, headers: { location: '/stored' } },
        { status: 206, headers: { 'content-range': 'bytes 2-4/9' }, body: 'abc' },
      );
      assert.equal((await registry.readBlob(IMAGE, DIGEST, { start: 2, length: 3 })).toString(), 'abc');
      assert.deepEqual(
        service.requests.map(({ path, headers: { range } }) => [path, range]),
        [
          [`/v2/p/r/i/blobs/${DIGEST}`, 'bytes=2-4'],
          ['/stored', 'bytes=2-4'],
        ],
      );
      service.answerWith({ status: 206, headers: { 'content-range': 'bytes 3-5/9' }, body: 'abc' });
      await assert.rejects(registry.readBlob(IMAGE, DIGEST, { start: 2, length: 3 }), {
        message: /the answer has another range: bytes 3-5\/9$/,
      });
    });
  });

  test('is not read by a signal that is aborted', async () => {
    await withRegistry(async (registry, service) => {
      const reason = new Error('stopped');
      const signal = AbortSignal.abort(reason);
      for (const call of [
        registry.getManifest(IMAGE, signal),
        registry.getBlobSize(IMAGE, DIGEST, signal),
        registry.readBlob(IMAGE, DIGEST, { start: 0, length: 1 }, signal),
      ]) {
        await assert.rejects(call, (error) => error === reason);
      }
      assert.equal(service.requests.length, 0);
    });
  });
});
