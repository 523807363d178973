import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { beforeEach, suite, test } from 'node:test';
import { startEmulator } from '../../../emulator';
import { exportBody } from '../../support/emulator';
import { at, call } from '../../support/http';
import { MODELS, PARENT, temporaryFolder } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const ROOT = temporaryFolder('vertex-export-root-');
const HOME = temporaryFolder('vertex-export-home-');
mkdirSync(path.join(ROOT, 'files', 'good'), { recursive: true });
writeFileSync(path.join(ROOT, 'files', 'good', 'model.tflite'), 'model');
writeFileSync(path.join(ROOT, 'not-a-folder'), 'x');
writeFileSync(path.join(HOME, 'key.pem'), 'secret of the home folder');
symlinkSync(HOME, path.join(ROOT, 'files', 'link'));
symlinkSync(path.join(HOME, 'none'), path.join(ROOT, 'files', 'dangling'));

const services = useGoogleServices({ emulator: { filesRoot: ROOT } });

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** Sends a request with exactly these headers. */
function send(base: string, { method = 'GET', target, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(base);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { hostname, port, method, path: target, headers: { host, ...length, ...headers }, setHost: false };
    request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() });
      });
      answer.on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/** Sends bytes that need not be HTTP, and reads to the end. */
function sendBytes(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('end', () => {
      socket.end();
      resolve(text);
    });
    socket.on('error', reject);
  });
}

/** All that a hostile request could change. */
async function state(): Promise<unknown> {
  const { vertex, store } = services();
  const models = await call('GET', `${vertex.url}/v1/${PARENT}/models?pageSize=1000`);
  const objects = await call('GET', `${store.url}/storage/v1/b/exports/o`);
  const buckets = await call('GET', `${store.url}/storage/v1/b`);
  return { operations: vertex.operations(), models: models.body, objects: objects.body, buckets: buckets.body };
}

function assertRefusal(answer: RawAnswer, status: number, title: string): void {
  assert.equal(answer.status, status, `${title}: ${answer.body.slice(0, 300)}`);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/, title);
  const parsed: unknown = JSON.parse(answer.body);
  assert.ok(typeof at(parsed, 'error', 'message') === 'string' || Array.isArray(at(parsed, 'problems')), title);
  assert.doesNotMatch(answer.body, /\n? {4}at |node:internal|\.ts:\d/, title);
  assert.ok(answer.body.length < 20_000, `${title}: ${answer.body.length} characters`);
  assertNoPageCanRead(answer, title);
}

function assertNoPageCanRead({ headers }: RawAnswer, title: string): void {
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('access-control-')),
    [],
    title,
  );
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin', title);
  assert.equal(headers['x-content-type-options'], 'nosniff', title);
}

const JSON_TYPE = { 'content-type': 'application/json' };
const CONTROL = '/emulator/v1';
const EXPORT = `/v1/${MODELS.flowers}:export`;
const GOOD_EXPORT = JSON.stringify(exportBody('tflite', 'gs://exports/hostile'));
const FAULT = JSON.stringify({ match: { path: '.' }, fault: { status: 500 } });

let lastModel = 8_000_000_000;

function posted(files: Readonly<Record<string, unknown>>): string {
  lastModel += 1;
  const model = { name: `${PARENT}/models/${lastModel}`, supportedExportFormats: [{ id: 'tflite' }] };
  return JSON.stringify([{ model, exports: { tflite: files } }]);
}

beforeEach(() => {
  services().vertex.clearFaults();
});

suite('a request that a web page may have sent', () => {
  const hosts = [
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evil.example@127.0.0.1',
    '127.0.0.1@evil.example',
    '127.0.0.1:80:80',
    '127.0.0.1:port',
    '127.0.0.2',
    '127.1',
    '2130706433',
    '0.0.0.0',
    '[::]',
    '[::ffff:127.0.0.1]',
    'localhost.',
    'xlocalhost',
    '',
    ' ',
    '127.0.0.1, evil.example',
    '192.168.0.1',
  ];
  const pageHeaders: Readonly<Record<string, string>>[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'http://localhost' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'file://' },
    { origin: 'chrome-extension://abc' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'anything' },
  ];
  const requests: readonly RawRequest[] = [
    { target: `${CONTROL}/operations` },
    { method: 'POST', target: `${CONTROL}/faults`, headers: JSON_TYPE, body: FAULT },
    { method: 'DELETE', target: `${CONTROL}/requests` },
    { target: `/v1/${PARENT}/models` },
    { method: 'POST', target: EXPORT, headers: JSON_TYPE, body: GOOD_EXPORT },
    { target: '/storage/v1/b/exports/o' },
    { method: 'POST', target: '/upload/storage/v1/b/exports/o?uploadType=media&name=page', body: 'x' },
    { method: 'POST', target: '/v2/page/blobs/uploads/' },
    { target: '/nowhere' },
  ];

  /** The local Vertex AI with its gateways, and the stores themselves: each with the paths that it has. */
  function targets(): readonly [string, RawRequest][] {
    const { vertex, store, registry } = services();
    return [
      ...requests.map((wanted): [string, RawRequest] => [vertex.url, wanted]),
      ...requests
        .filter(({ target }) => target.includes('storage/v1'))
        .map((w): [string, RawRequest] => [store.url, w]),
      ...requests.filter(({ target }) => target.startsWith('/v2/')).map((w): [string, RawRequest] => [registry.url, w]),
    ];
  }

  async function assertRefusedEverywhere(headers: Readonly<Record<string, string>>): Promise<void> {
    const before = await state();
    for (const [base, wanted] of targets()) {
      const title = `${wanted.method ?? 'GET'} ${base}${wanted.target} ${JSON.stringify(headers)}`;
      assertRefusal(await send(base, { ...wanted, headers: { ...wanted.headers, ...headers } }), 403, title);
    }
    assert.deepEqual(await state(), before);
  }

  for (const host of hosts) {
    test(`is refused on all routes when its Host header is ${JSON.stringify(host)}`, () =>
      assertRefusedEverywhere({ host }));
  }
  for (const headers of pageHeaders) {
    test(`is refused on all routes when it has the header ${JSON.stringify(headers)}`, () =>
      assertRefusedEverywhere(headers));
  }

  test('is refused when it asks for permission first', async () => {
    for (const [base, { target }] of targets()) {
      const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
      assertRefusal(await send(base, { method: 'OPTIONS', target, headers: preflight }), 403, target);
      const withOrigin = { ...preflight, origin: 'https://evil.example' };
      assertRefusal(await send(base, { method: 'OPTIONS', target, headers: withOrigin }), 403, target);
    }
  });

  test('is refused when it has two Host headers, or none', async () => {
    const { vertex, store } = services();
    for (const base of [vertex.url, store.url]) {
      const { host } = new URL(base);
      const two = `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
      assert.match(await sendBytes(base, two), /^HTTP\/1\.1 40[03] /);
      assert.match(await sendBytes(base, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /);
      assert.match(await sendBytes(base, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /);
    }
  });

  test('is refused when its body has a content type that a page may send without asking', async () => {
    const { vertex } = services();
    const before = await state();
    const types = [
      'text/plain',
      'text/plain;charset=UTF-8',
      'TEXT/PLAIN',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain; application/json',
    ];
    const bodies: readonly RawRequest[] = [
      { method: 'POST', target: EXPORT, body: GOOD_EXPORT },
      { method: 'POST', target: `${CONTROL}/faults`, body: FAULT },
      { method: 'PATCH', target: `${CONTROL}/capabilities`, body: '{"wait":"unimplemented"}' },
      { method: 'DELETE', target: `${CONTROL}/faults`, body: '{}' },
    ];
    for (const body of bodies) {
      for (const type of types) {
        const title = `${body.method ?? ''} ${body.target} ${type}`;
        assertRefusal(await send(vertex.url, { ...body, headers: { 'content-type': type } }), 415, title);
      }
    }
    for (const type of ['', 'application/jsonx', 'text/json', 'application/json, text/plain', 'application/xml']) {
      const headers = { 'content-type': type };
      const fault: RawRequest = { method: 'POST', target: `${CONTROL}/faults`, headers, body: FAULT };
      assertRefusal(await send(vertex.url, fault), 415, type);
    }
    assertRefusal(await send(vertex.url, { method: 'POST', target: `${CONTROL}/faults`, body: FAULT }), 415, 'none');
    assert.deepEqual(await state(), before);
  });

  test('is answered when it comes from a program by any name of loopback', async () => {
    const { vertex, store, registry } = services();
    for (const [base, target] of [
      [vertex.url, `/v1/${PARENT}/models`],
      [vertex.url, `${CONTROL}/operations`],
      [vertex.url, '/storage/v1/b/exports/o'],
      [store.url, '/storage/v1/b/exports/o'],
      [registry.url, '/v2/'],
    ] as const) {
      for (const host of ['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST:1', '127.0.0.1:65535', '[::1]:8080']) {
        const answer = await send(base, { target, headers: { host } });
        assert.equal(answer.status, 200, `${target} ${host}`);
        assertNoPageCanRead(answer, target);
      }
      const typed = await send(base, { target, headers: { 'sec-fetch-site': 'none' } });
      assert.equal(typed.status, 200, target);
    }
  });
});

/** What a request is, and the status of its refusal. */
type Row = readonly [title: string, request: RawRequest, status: number];

const post = (target: string, body: string | Buffer): RawRequest => ({
  method: 'POST',
  target,
  headers: JSON_TYPE,
  body,
});
const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

const ROWS: readonly Row[] = [
  ['a path with half of an escape', { target: '/v1/%' }, 400],
  ['a path with an escape that is not hexadecimal', { target: `/v1/${PARENT}/models/%zz` }, 400],
  ['a path with half of a character', { target: `/v1/${PARENT}/models/%C3` }, 400],
  ['a path with a lone surrogate', { target: `/v1/${PARENT}/models/%ED%A0%80` }, 400],
  ['a path with an overlong slash', { target: `/v1/${PARENT}/models/%C0%AF` }, 400],
  ['a path of the control API with half of an escape', { target: `${CONTROL}/faults/%` }, 400],
  ['a target of two slashes', { target: '//' }, 400],
  ['a target that names another host', { target: '//evil.example/emulator/v1/operations' }, 400],
  ['a target with a backslash', { target: '/\\evil.example/v1' }, 400],
  ['a target that is a URL', { target: 'http://evil.example/emulator/v1/operations' }, 400],
  ['a target that is a star', { target: '*' }, 400],
  ['a Model that does not exist', { target: `/v1/${PARENT}/models/__proto__` }, 404],
  ['a Model with a NUL in its name', { target: `/v1/${PARENT}/models/%00` }, 404],
  ['a version that every object has', { target: `/v1/${MODELS.flowers}@constructor` }, 404],
  ['an operation that every object has', { target: `/v1/${PARENT}/operations/__proto__` }, 404],
  ['a filter that every object has', { target: `/v1/${PARENT}/models?filter=constructor%3D1` }, 400],
  ['a filter of white space', { target: `/v1/${PARENT}/models?filter=a${'+'.repeat(10_000)}` }, 400],
  ['a page size that is negative', { target: `/v1/${PARENT}/models?pageSize=-1` }, 400],
  ['a page size that is not a number', { target: `/v1/${PARENT}/models?pageSize=NaN` }, 400],
  ['a page token that is not one', { target: `/v1/${PARENT}/models?pageToken=%F0%9F` }, 400],
  ['an unknown control route', { target: `${CONTROL}/__proto__` }, 404],
  ['a body that is not JSON', post(EXPORT, '{'), 400],
  ['a body that is not an object', post(EXPORT, '[]'), 400],
  ['a body of null', post(EXPORT, 'null'), 400],
  ['a body that is a text', post(EXPORT, '"x"'), 400],
  ['a body that is not UTF-8', post(EXPORT, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400],
  ['a body with a byte order mark of UTF-16', post(EXPORT, Buffer.from('\ufeff{}', 'utf16le')), 400],
  ['a body with the name __proto__', post(EXPORT, '{"__proto__": {"outputConfig": {}}}'), 400],
  ['a body with the name __proto__ in an object', post(EXPORT, '{"outputConfig": {"__proto__": {"x": 1}}}'), 400],
  ['a body with an escaped __proto__', post(EXPORT, '{"\\u005f_proto__": 1}'), 400],
  ['a body with the name constructor', post(EXPORT, '{"constructor": {"prototype": {"x": 1}}}'), 400],
  ['a body with the name toString', post(EXPORT, '{"outputConfig": {"toString": "x"}}'), 400],
  ['a body with the name hasOwnProperty', post(EXPORT, '{"outputConfig": {"hasOwnProperty": {"name": "x"}}}'), 400],
  ['a format that is a lone surrogate', post(EXPORT, GOOD_EXPORT.replace('tflite', '\\ud800')), 400],
  ['a format that every object has', post(EXPORT, GOOD_EXPORT.replace('tflite', 'constructor')), 400],
  ['a format that is an object', post(EXPORT, '{"outputConfig": {"exportFormatId": {"a": 1}}}'), 400],
  ['a prefix with a line break', post(EXPORT, GOOD_EXPORT.replace('/hostile', '/a\\r\\nb')), 400],
  ['a prefix with a lone surrogate', post(EXPORT, GOOD_EXPORT.replace('/hostile', '/\\udfff')), 400],
  ['a prefix of a megabyte', post(EXPORT, GOOD_EXPORT.replace('/hostile', `/${'x'.repeat(1_000_000)}`)), 400],
  ['an image that climbs', post(EXPORT, imageBody('us-docker.pkg.dev/p/r/../../x')), 400],
  ['an image with a dot as its name', post(EXPORT, imageBody('us-docker.pkg.dev/p/./x')), 400],
  ['a body of arrays in arrays', post(EXPORT, deep('[', ']', 100_000)), 400],
  ['a body of objects in objects', post(EXPORT, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), 400],
  ['a name of a megabyte', post(EXPORT, `{"${'x'.repeat(1_000_000)}": 1}`), 400],
  ['a body of more than 16 MiB', post(EXPORT, ' '.repeat(16 * 1024 * 1024 + 1)), 413],
  ['a control body of more than 16 MiB', post(`${CONTROL}/models`, ' '.repeat(16 * 1024 * 1024 + 1)), 413],
  ['a control body that is not JSON', post(`${CONTROL}/faults`, '{'), 400],
  ['a control body of nothing', post(`${CONTROL}/faults`, ''), 400],
  [
    'a fault with the name __proto__',
    post(`${CONTROL}/faults`, FAULT.replace('"match"', '"__proto__":{},"match"')),
    400,
  ],
  ['a fault with a pattern that is not one', post(`${CONTROL}/faults`, FAULT.replace('"."', '"("')), 400],
  ['a fault with a status that is not one', post(`${CONTROL}/faults`, FAULT.replace('500', '100')), 400],
  ['a fault that never ends', post(`${CONTROL}/faults`, fault({ delayMs: 1e308 })), 400],
  [
    'a fault with a header of two lines',
    post(`${CONTROL}/faults`, fault({ status: 500, headers: { a: 'b\r\nc: d' } })),
    400,
  ],
  [
    'a fault with a header without a name',
    post(`${CONTROL}/faults`, fault({ status: 500, headers: { '': 'b' } })),
    400,
  ],
  [
    'a fault that lets pages read answers',
    post(`${CONTROL}/faults`, fault({ status: 500, headers: { 'Access-Control-Allow-Origin': '*' } })),
    400,
  ],
  ['an outcome with a duration that never ends', post(`${CONTROL}/outcomes`, outcome({ durationMs: 1e308 })), 400],
  ['an outcome that is not one', post(`${CONTROL}/outcomes`, outcome({ outcome: 'constructor' })), 400],
  [
    'a capability with the name __proto__',
    { method: 'PATCH', target: `${CONTROL}/capabilities`, headers: JSON_TYPE, body: '{"__proto__": {"wait": "x"}}' },
    400,
  ],
  ['models that are not a list', post(`${CONTROL}/models`, '{}'), 400],
  [
    'a model with the name __proto__',
    post(`${CONTROL}/models`, posted({}).replace('"name"', '"__proto__":{},"name"')),
    400,
  ],
  [
    'a model with a lone surrogate',
    post(`${CONTROL}/models`, posted({}).replace('"name"', '"displayName":"\\ud800","name"')),
    400,
  ],
  [
    'a model with a format that it lacks',
    post(`${CONTROL}/models`, posted({}).replace('"exports":{"tflite"', '"exports":{"constructor"')),
    400,
  ],
  [
    'a model that is nested too deep',
    post(`${CONTROL}/models`, posted({}).replace('"name"', `"x":${deep('[', ']', 5_000)},"name"`)),
    400,
  ],
];

function fault(value: unknown): string {
  return JSON.stringify({ match: { path: '.' }, fault: value });
}

function outcome(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ model: MODELS.flowers, outcome: 'success', ...change });
}

function imageBody(outputUri: string): string {
  return JSON.stringify({ outputConfig: { exportFormatId: 'tflite', imageDestination: { outputUri } } });
}

suite('a hostile request', () => {
  for (const [title, wanted, status] of ROWS) {
    test(`with ${title} is refused with ${status} and JSON, and changes nothing`, async () => {
      const before = await state();
      assertRefusal(await send(services().vertex.url, wanted), status, title);
      assert.deepEqual(await state(), before);
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
  }

  test('with a URL of a megabyte is refused with 431 and JSON', async () => {
    const { url } = services().vertex;
    const { host } = new URL(url);
    const text = await sendBytes(url, `GET /v1/${'x'.repeat(20_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 431 [^]*content-type: application\/json[^]*"code": 431/);
    assert.match(await sendBytes(url, 'not HTTP\r\n\r\n'), /^HTTP\/1\.1 400 [^]*"code": 400/);
  });

  test('with an upload of more than 100 MiB through the gateway is refused with 413', async () => {
    const body = Buffer.alloc(100 * 1024 * 1024 + 1);
    const target = '/upload/storage/v1/b/exports/o?uploadType=media&name=large';
    assertRefusal(await send(services().vertex.url, { method: 'POST', target, body }), 413, 'upload');
  });

  test('leaves a service that exports as before', async () => {
    const { vertex } = services();
    const started = await call('POST', `${vertex.url}${EXPORT}`, GOOD_EXPORT);
    assert.equal(started.status, 200);
    const ended = await call('POST', `${vertex.url}/v1/${String(at(started.body, 'name'))}:wait`);
    assert.ok(at(ended.body, 'response'));
  });
});

/** Folders that a posted entry must not have, with what the answer says. */
const FOLDERS: readonly (readonly [string, RegExp])[] = [
  [HOME, /is not a relative path without/],
  ['/etc', /is not a relative path without/],
  ['/', /is not a relative path without/],
  [path.join(ROOT, 'files', 'good'), /is not a relative path without/],
  ['..', /is not a relative path without/],
  [path.relative(ROOT, HOME), /is not a relative path without/],
  ['files/../../..', /is not a relative path without/],
  ['files/good/..', /is not a relative path without/],
  ['..\\..', /is not a relative path without/],
  ['files/link', /leads outside of .* by a symbolic link/],
  ['files/link/.', /leads outside of .* by a symbolic link/],
  ['files/dangling', /there is no folder/],
  ['files/nowhere', /there is no folder/],
  ['not-a-folder', /there is no folder/],
  ['files\0/good', /NUL/],
];

suite('the folder of an entry', () => {
  for (const [folder, message] of FOLDERS) {
    for (const kind of ['directory', 'image']) {
      test(`that is posted as ${kind} and is ${JSON.stringify(folder)} is refused`, async () => {
        const before = await state();
        const answer = await send(services().vertex.url, post(`${CONTROL}/models`, posted({ [kind]: folder })));
        assertRefusal(answer, 400, folder);
        assert.match(answer.body, message);
        assert.deepEqual(await state(), before);
      });
    }
  }

  test('that is posted and lies below the stated root is exported, without what links lead to', async () => {
    const { vertex, store } = services();
    symlinkSync(path.join(HOME, 'key.pem'), path.join(ROOT, 'files', 'good', 'linked.pem'));
    const body = posted({ directory: 'files/good' });
    assert.equal((await call('POST', `${vertex.url}${CONTROL}/models`, body)).status, 200);
    const name = `${PARENT}/models/${lastModel}`;
    const started = await call('POST', `${vertex.url}/v1/${name}:export`, exportBody('tflite', 'gs://exports/posted'));
    await call('POST', `${vertex.url}/v1/${String(at(started.body, 'name'))}:wait`);
    const listed = await call('GET', `${store.url}/storage/v1/b/exports/o?prefix=posted/`);
    const names = (at(listed.body, 'items') as { name: string }[]).map((item) => item.name.split('/').at(-1));
    assert.deepEqual(names, ['model.tflite']);
  });

  test('that is posted is refused where the emulator has neither a models file nor a root', async () => {
    const emulator = await startEmulator({ models: [] });
    try {
      const answer = await send(emulator.url, post(`${CONTROL}/models`, posted({ directory: 'test' })));
      assertRefusal(answer, 400, 'no root');
      assert.match(answer.body, /no folder can be named\. Start the emulator with --files-root/);
    } finally {
      await emulator.stop();
    }
  });

  test('of a models file lies below the folder of the file or below the stated root', async () => {
    const folder = temporaryFolder('vertex-export-models-');
    mkdirSync(path.join(folder, 'own'));
    symlinkSync(HOME, path.join(folder, 'link'));
    const start = async (directory: string, filesRoot?: string): Promise<void> => {
      const file = path.join(folder, 'models.json');
      writeFileSync(file, posted({ directory }));
      await (await startEmulator({ models: file, ...(filesRoot !== undefined && { filesRoot }) })).stop();
    };
    await start('own');
    await start(path.join(folder, 'own'));
    await start(path.join(ROOT, 'files', 'good'), ROOT);
    await assert.rejects(start(path.join(ROOT, 'files', 'good')), /is outside of .*--files-root/);
    await assert.rejects(start('..'), /is outside of/);
    await assert.rejects(start('/etc'), /is outside of/);
    await assert.rejects(start('link'), /leads outside of/);
    await assert.rejects(start('own', path.join(folder, 'nowhere')), /filesRoot has 1 problem.*\n.*there is no folder/);
  });
});
