import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { RawRequest } from '../../support/hostile-requests';
import {
  assertNoPageCanRead,
  assertRefusal,
  CONTROL,
  EXPORT,
  FAULT,
  GOOD_EXPORT,
  JSON_TYPE,
  send,
  sendBytes,
  stateOf,
} from '../../support/hostile-requests';
import { PARENT } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();

suite('a request that may come from a web page', () => {
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

  /** The local Vertex AI with its gateways, and the stores, each with its paths. */
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
    const before = await stateOf(services());
    for (const [base, wanted] of targets()) {
      const title = `${wanted.method ?? 'GET'} ${base}${wanted.target} ${JSON.stringify(headers)}`;
      assertRefusal(await send(base, { ...wanted, headers: { ...wanted.headers, ...headers } }), 403, title);
    }
    assert.deepEqual(await stateOf(services()), before);
  }

  for (const host of hosts) {
    test(`is rejected on all routes if its Host header is ${JSON.stringify(host)}`, () =>
      assertRefusedEverywhere({ host }));
  }
  for (const headers of pageHeaders) {
    test(`is rejected on all routes if it has the header ${JSON.stringify(headers)}`, () =>
      assertRefusedEverywhere(headers));
  }

  test('is rejected if it is a preflight', async () => {
    for (const [base, { target }] of targets()) {
      const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
      assertRefusal(await send(base, { method: 'OPTIONS', target, headers: preflight }), 403, target);
      const withOrigin = { ...preflight, origin: 'https://evil.example' };
      assertRefusal(await send(base, { method: 'OPTIONS', target, headers: withOrigin }), 403, target);
    }
  });

  test('is rejected if it has two Host headers, or none', async () => {
    const { vertex, store } = services();
    for (const base of [vertex.url, store.url]) {
      const { host } = new URL(base);
      const two = `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
      assert.match(await sendBytes(base, two), /^HTTP\/1\.1 40[03] /);
      assert.match(await sendBytes(base, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /);
      assert.match(await sendBytes(base, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /);
    }
  });

  test('is rejected if its body has a content type that a page may send without a preflight', async () => {
    const { vertex } = services();
    const before = await stateOf(services());
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
    assert.deepEqual(await stateOf(services()), before);
  });

  test('is answered if it comes from a program, by any name of loopback', async () => {
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
