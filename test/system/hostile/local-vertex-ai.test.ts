import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { RawRequest } from '../../support/hostile-requests';
import {
  assertRefusal,
  CONTROL,
  EXPORT,
  FAULT,
  GOOD_EXPORT,
  JSON_TYPE,
  post,
  posted,
  send,
  sendBytes,
  stateOf,
} from '../../support/hostile-requests';
import { at, call } from '../../support/http';
import { MODELS, PARENT } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices({ stores: 'independent' });

beforeEach(() => {
  services().vertex.clearFaults();
});

/** The description of a request, and the status of its rejection. */
type Row = readonly [title: string, request: RawRequest, status: number];

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
    test(`with ${title} is rejected with ${status} and JSON, and changes nothing`, async () => {
      const before = await stateOf(services());
      assertRefusal(await send(services().vertex.url, wanted), status, title);
      assert.deepEqual(await stateOf(services()), before);
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
  }

  test('with a URL of a megabyte is rejected with 431 and JSON', async () => {
    const { url } = services().vertex;
    const { host } = new URL(url);
    const text = await sendBytes(url, `GET /v1/${'x'.repeat(20_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 431 [^]*content-type: application\/json[^]*"code": 431/);
    assert.match(await sendBytes(url, 'not HTTP\r\n\r\n'), /^HTTP\/1\.1 400 [^]*"code": 400/);
  });

  test('with an upload of more than 100 MiB through the gateway is rejected with 413', async () => {
    const body = Buffer.alloc(100 * 1024 * 1024 + 1);
    const target = '/upload/storage/v1/b/exports/o?uploadType=media&name=large';
    assertRefusal(await send(services().vertex.url, { method: 'POST', target, body }), 413, 'upload');
  });

  test('does not affect later exports', async () => {
    const { vertex } = services();
    const started = await call('POST', `${vertex.url}${EXPORT}`, GOOD_EXPORT);
    assert.equal(started.status, 200);
    const ended = await call('POST', `${vertex.url}/v1/${String(at(started.body, 'name'))}:wait`);
    assert.ok(at(ended.body, 'response'));
  });
});
