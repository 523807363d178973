import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { VertexResource } from '../../../src/google/resource-url';
import {
  InvalidResourceNameError,
  registryTarget,
  storageUrl,
  vertexEndpoint,
  vertexTarget,
} from '../../../src/google/resource-url';

const PARENT = 'projects/p-one/locations/us-central1';
const MODEL = `${PARENT}/models/123`;
const OPERATION = `${MODEL}/operations/7`;
const STORAGE = 'https://storage.googleapis.com';
const HOST = 'us-central1-docker.pkg.dev';
const DIGEST = `sha256:${'0'.repeat(64)}`;

const NAMES: readonly (readonly [VertexResource, path: string, parameter: string])[] = [
  [{ kind: 'model', name: `${MODEL}@2` }, `${MODEL}@2`, `name=${encodeURIComponent(`${MODEL}@2`)}`],
  [{ kind: 'model', name: `${MODEL}%40gold` }, `${MODEL}@gold`, `name=${encodeURIComponent(`${MODEL}@gold`)}`],
  [{ kind: 'model:export', name: MODEL }, `${MODEL}:export`, `name=${encodeURIComponent(MODEL)}`],
  [{ kind: 'operation', name: OPERATION }, OPERATION, `name=${encodeURIComponent(OPERATION)}`],
  [{ kind: 'operation:wait', name: OPERATION }, `${OPERATION}:wait`, `name=${encodeURIComponent(OPERATION)}`],
  [{ kind: 'operation:cancel', name: OPERATION }, `${OPERATION}:cancel`, `name=${encodeURIComponent(OPERATION)}`],
  [{ kind: 'models', parent: PARENT }, `${PARENT}/models`, `parent=${encodeURIComponent(PARENT)}`],
  [
    { kind: 'operations', parent: `${MODEL}@2` },
    `${MODEL}/operations`,
    `name=${encodeURIComponent(`${MODEL}/operations`)}`,
  ],
  [
    { kind: 'operations', parent: PARENT },
    `${PARENT}/operations`,
    `name=${encodeURIComponent(`${PARENT}/operations`)}`,
  ],
];

/** The resource of each kind with this text as its name. */
function allKinds(text: string): VertexResource[] {
  return [
    ...(['model', 'model:export', 'operation', 'operation:wait', 'operation:cancel'] as const).map((kind) => ({
      kind,
      name: text,
    })),
    ...(['models', 'operations'] as const).map((kind) => ({ kind, parent: text })),
  ];
}

/** Parts that changed a host, a path or a header. */
const HOSTILE_PARTS = [
  'evil.example#',
  'evil.example/',
  'evil.example?',
  'evil.example\\',
  'evil.example:443',
  'evil@example',
  'user:pass@evil.example',
  '..',
  '.',
  '%2e%2e',
  '%2E%2E',
  '..%2f..',
  '%23',
  '%00',
  '',
  ' ',
  '\r\nx: y',
  '\u0000',
  '\ud800',
  '\u{1f600}',
  'us-central1.evil.example',
  'US-CENTRAL1',
  'us_central1',
  'us-central1\n',
  'x'.repeat(100_000),
  '__proto__',
  '１２３',
];

/** The URL, or `undefined` if the name is rejected. Any other error fails the test. */
function orInvalid<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    assert.ok(error instanceof InvalidResourceNameError, String(error));
    assert.ok(error.message.length < 600);
    return undefined;
  }
}

suite('the URL of a resource of Vertex AI', () => {
  for (const [resource, path, parameter] of NAMES) {
    test(`has the path ${path} and a parameter for routing`, () => {
      const target = vertexTarget(vertexEndpoint, resource, { a: 'b&c' });
      assert.equal(target.url.href, `https://us-central1-aiplatform.googleapis.com/v1beta1/${path}?a=b%26c`);
      assert.equal(target.resource, path);
      assert.equal(target.headers['x-goog-request-params'], parameter);
    });
  }

  test('has the host of the location', () => {
    const hostOf = (location: string) =>
      vertexTarget(vertexEndpoint, { kind: 'models', parent: `projects/p-one/locations/${location}` }).url.origin;
    assert.equal(hostOf('europe-west4'), 'https://europe-west4-aiplatform.googleapis.com');
    assert.equal(hostOf('us'), 'https://aiplatform.us.rep.googleapis.com');
    assert.equal(hostOf('eu'), 'https://aiplatform.eu.rep.googleapis.com');
  });

  test('keeps the path of a configured endpoint', () => {
    const { url } = vertexTarget(() => 'https://proxy.example:8443/vertex/', { kind: 'model', name: MODEL });
    assert.equal(url.href, `https://proxy.example:8443/vertex/v1beta1/${MODEL}`);
  });

  test('does not exist if the location is hostile, for any kind', () => {
    for (const part of HOSTILE_PARTS) {
      const names = ['', '/models/1', '/models/1@2', '/operations/1', '/models/1/operations/2'].map(
        (rest) => `projects/p-one/locations/${part}${rest}`,
      );
      for (const resource of [part, ...names].flatMap(allKinds)) {
        assert.throws(() => vertexTarget(vertexEndpoint, resource), InvalidResourceNameError, JSON.stringify(resource));
      }
    }
  });

  test('does not exist, or has exactly the parts of the name, if another part of the name is hostile', () => {
    for (const part of HOSTILE_PARTS) {
      const names = [
        `projects/${part}/locations/us-central1`,
        `projects/${part}/locations/us-central1/models/1`,
        `${PARENT}/${part}`,
        `${PARENT}/models/${part}`,
        `${MODEL}@${part}`,
        `${MODEL}/operations/${part}`,
        `${PARENT}/models/${part}/operations/1`,
      ];
      for (const resource of names.flatMap(allKinds)) {
        const target = orInvalid(() => vertexTarget(vertexEndpoint, resource));
        if (target === undefined) continue;
        const { origin, pathname, search } = new URL(target.url.href);
        assert.deepEqual([origin, search], ['https://us-central1-aiplatform.googleapis.com', '']);
        assert.equal(pathname, `/v1beta1/${target.resource}`);
        assert.ok(target.resource.startsWith('projects/') && target.resource.includes('/locations/us-central1'));
        assert.doesNotMatch(target.headers['x-goog-request-params'], /[^\w.%=-]/);
      }
    }
  });

  test('exists only for a name of its own kind', () => {
    for (const name of [PARENT, MODEL, `${MODEL}@1`, OPERATION, `${PARENT}/operations/7`]) {
      const kinds = allKinds(name).filter(
        (resource) => orInvalid(() => vertexTarget(vertexEndpoint, resource)) !== undefined,
      );
      const expected = name.includes('/operations/') ? 3 : name === PARENT ? 2 : 3;
      assert.equal(kinds.length, expected, name);
    }
  });

  test('has a configured host for any name', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_PARTS), fc.webUrl());
    const name = fc.array(
      fc.oneof(part, fc.constantFrom('projects', 'locations', 'models', 'operations', 'p-one', 'us-central1', '1')),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(name, (parts) => {
        for (const resource of allKinds(parts.join('/'))) {
          const target = orInvalid(() => vertexTarget(vertexEndpoint, resource));
          if (target === undefined) continue;
          const { hostname, pathname } = new URL(target.url.href);
          assert.match(
            hostname,
            /^(?:[a-z]+-[a-z]+\d{1,2}-aiplatform|[a-z]+-aiplatform|aiplatform\.(?:us|eu)\.rep)\.googleapis\.com$/,
          );
          assert.equal(pathname, `/v1beta1/${target.resource}`);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

suite('the URL of an object', () => {
  test('has the name as one segment of its path for any name', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc
        .array(fc.constantFrom('.', '..', '/', '%2e', '%2F', '\\', '?', '#', ';', 'a', '\n'), { maxLength: 8 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(name, (object) => {
        try {
          const { href } = storageUrl(
            STORAGE,
            { kind: 'object', bucket: 'exports', name: object },
            { generation: '1' },
          );
          const { origin, pathname, search, hash } = new URL(href);
          assert.deepEqual([origin, search, hash], [STORAGE, '?generation=1', '']);
          const [, , , , , , segment, ...more] = pathname.split('/');
          assert.equal(decodeURIComponent(segment ?? ''), object);
          assert.deepEqual(more, []);
        } catch (error) {
          assert.ok(error instanceof InvalidResourceNameError, String(error));
          assert.ok(['', '.', '..'].includes(object) || /\p{Surrogate}/u.test(object), JSON.stringify(object));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not exist for names that would change the path, or for invalid names', () => {
    for (const name of ['', '.', '..', '\ud800', 'x'.repeat(1_025), '\u{1f600}'.repeat(257)]) {
      for (const kind of ['object', 'upload'] as const) {
        assert.throws(
          () => storageUrl(STORAGE, { kind, bucket: 'exports', name }),
          InvalidResourceNameError,
          name.slice(0, 9),
        );
      }
    }
    for (const prefix of ['\ud800', 'x'.repeat(1_025)]) {
      assert.throws(
        () => storageUrl(STORAGE, { kind: 'objects', bucket: 'exports', prefix }),
        InvalidResourceNameError,
      );
    }
  });

  test('does not exist for an invalid bucket name', () => {
    const others = ['a/b', 'exports/o', 'exports/../x', 'gs://exports', '-a-', 'x'.repeat(300)];
    for (const bucket of [...HOSTILE_PARTS, ...others]) {
      const url = orInvalid(() => storageUrl(STORAGE, { kind: 'bucket', bucket }));
      if (url !== undefined) assert.equal(url.href, `${STORAGE}/storage/v1/b/${bucket}`);
      assert.ok(url === undefined || /^[a-z0-9][a-z0-9._-]+$/.test(bucket), bucket.slice(0, 40));
    }
  });

  test('keeps prefix and name of a list and an upload in the query', () => {
    const list = storageUrl(STORAGE, { kind: 'objects', bucket: 'exports', prefix: '../a&b#' }, { maxResults: '1' });
    assert.equal(list.href, `${STORAGE}/storage/v1/b/exports/o?prefix=..%2Fa%26b%23&maxResults=1`);
    const upload = storageUrl(STORAGE, { kind: 'upload', bucket: 'exports', name: 'a/../b' }, { uploadType: 'media' });
    assert.equal(upload.href, `${STORAGE}/upload/storage/v1/b/exports/o?uploadType=media&name=a%2F..%2Fb`);
  });

  test('cannot get another prefix or name from its query', () => {
    const { href } = storageUrl(STORAGE, { kind: 'upload', bucket: 'exports', name: 'mine' }, { name: 'other' });
    assert.equal(new URL(href).searchParams.get('name'), 'mine');
  });
});

suite('the URL of a part of an image', () => {
  const image = { host: HOST, repository: 'p-one/models/churn', reference: 'v1' };
  const endpoint = (host: string) => `https://${host}`;

  test('has the host of the image, and the tag or the digest', () => {
    const hrefOf = (reference: string) =>
      registryTarget(endpoint, { kind: 'manifest', image: { ...image, reference } }).url.href;
    assert.equal(hrefOf('v1'), `https://${HOST}/v2/p-one/models/churn/manifests/v1`);
    assert.equal(hrefOf(DIGEST), `https://${HOST}/v2/p-one/models/churn/manifests/${DIGEST}`);
    const blob = registryTarget(endpoint, { kind: 'blob', image, digest: DIGEST });
    assert.equal(blob.url.href, `https://${HOST}/v2/p-one/models/churn/blobs/${DIGEST}`);
  });

  test('does not exist if the host or a digest is hostile', () => {
    for (const part of [...HOSTILE_PARTS, 'evil.example', 'evil.example/gcr.io', `${HOST}@evil.example`]) {
      for (const host of [part, `${HOST}${part}x#`, `${part}.pkg.dev/`]) {
        const hostile = { ...image, host };
        assert.throws(() => registryTarget(endpoint, { kind: 'manifest', image: hostile }), InvalidResourceNameError);
      }
      const blob = { kind: 'blob', image, digest: part } as const;
      assert.throws(() => registryTarget(endpoint, blob), InvalidResourceNameError, part.slice(0, 40));
    }
  });

  test('does not exist, or has exactly the parts of the URI, if another part is hostile', () => {
    for (const part of [...HOSTILE_PARTS, 'a/../b', 'v1@x', 'v1:x', `${DIGEST}/..`, 'sha256:..', 'v1/../../x']) {
      const images = [
        { ...image, repository: part },
        { ...image, repository: `p-one/models/${part}` },
        { ...image, reference: part },
      ];
      for (const hostile of images) {
        const target = orInvalid(() => registryTarget(endpoint, { kind: 'manifest', image: hostile }));
        if (target === undefined) continue;
        const { origin, pathname } = new URL(target.url.href);
        assert.equal(origin, `https://${HOST}`);
        assert.equal(pathname, `/v2/${hostile.repository}/manifests/${hostile.reference}`);
      }
    }
  });
});
