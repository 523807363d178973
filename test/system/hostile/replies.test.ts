import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { GoogleApiError, GoogleTransportError } from '../../../src/google/api-error';
import { basicCredentials } from '../../../src/google/credentials';
import { pagesOf } from '../../../src/google/pages';
import { registryRest } from '../../../src/google/registry';
import { RestClient } from '../../../src/google/rest';
import type { StorageObject } from '../../../src/google/storage';
import { storageRest } from '../../../src/google/storage';
import { vertexRest } from '../../../src/google/vertex';
import { assertSafe, HostileServer, raw, repeated, stream } from './hostile-server';

const TOKEN = 'marked-token-7f3c91';
const OTHER_SECRET = 'marked-ticket-20aa17';
const PARENT = 'projects/p-one/locations/us-central1';
const MODEL = `${PARENT}/models/123`;
const OPERATION = `projects/42/locations/us-central1/models/123/operations/7`;
const PREFIX = 'run/';
const IMAGE = { host: 'us-central1-docker.pkg.dev', repository: 'p-one/models/churn', reference: 'v1' };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const TIMEOUT_MS = 5_000;
const MEGABYTE = 1_000_000;

/** The clients of the package against one server, with credentials of a marked token. */
function clientsOf(url: string, timeoutMs = TIMEOUT_MS) {
  const credentials = {
    headers: () => Promise.resolve({ authorization: `Bearer ${TOKEN}` }),
    refresh: () => undefined,
  };
  const rest = new RestClient(credentials, { timeoutMs });
  const vertex = vertexRest(rest, () => url);
  const storage = storageRest(rest, url);
  const registry = registryRest(new RestClient(basicCredentials(credentials), { timeoutMs }), () => url);
  return { vertex, storage, registry };
}

type Clients = ReturnType<typeof clientsOf>;

async function allObjects({ storage }: Clients): Promise<StorageObject[]> {
  const objects: StorageObject[] = [];
  for await (const page of storage.listObjects('exports', PREFIX)) objects.push(...page);
  return objects;
}

async function allOperations({ vertex }: Clients, parent: string): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pagesOf(parent, (token) => vertex.listOperations(parent, token))) {
    names.push(...page.operations.map(({ name }) => name));
  }
  return names;
}

async function allModels({ vertex }: Clients): Promise<string[]> {
  const names: string[] = [];
  const read = (pageToken: string) => vertex.listModels({ parent: PARENT, pageSize: 100, pageToken });
  for await (const page of pagesOf(PARENT, read)) names.push(...page.models.map(({ name }) => name));
  return names;
}

const calls = {
  'models.get': ({ vertex }: Clients) => vertex.getModel(`${MODEL}@2`).then(({ model }) => model),
  'models.list': allModels,
  'models.export': ({ vertex }: Clients) => vertex.exportModel(MODEL, { outputConfig: { exportFormatId: 'tflite' } }),
  'operations.list of a Model': (clients: Clients) => allOperations(clients, MODEL),
  'operations.list of a location': (clients: Clients) => allOperations(clients, PARENT),
  'operations.get': ({ vertex }: Clients) => vertex.getOperation(OPERATION),
  'operations.wait': ({ vertex }: Clients) => vertex.waitOperation(OPERATION, 100),
  'operations.cancel': ({ vertex }: Clients) => vertex.cancelOperation(OPERATION),
  'buckets.get': ({ storage }: Clients) => storage.getBucket('exports'),
  'objects.list': allObjects,
  'objects.get': ({ storage }: Clients) =>
    storage.readRange('exports', { name: 'run/model.bin', generation: '1' }, { start: 10, length: 100 }),
  'objects.insert': ({ storage }: Clients) =>
    storage.writeObject('exports', 'run/manifest.json', '{}', { contentType: 'application/json' }),
  'objects.delete': ({ storage }: Clients) =>
    storage.deleteObject('exports', { name: 'run/model.bin', generation: '1', size: 1 }),
  'manifests.get': ({ registry }: Clients) => registry.getManifest(IMAGE),
  'blobs.head': ({ registry }: Clients) => registry.getBlobSize(IMAGE, DIGEST),
  'blobs.get': ({ registry }: Clients) => registry.readBlob(IMAGE, DIGEST, { start: 10, length: 100 }),
} satisfies Readonly<Record<string, (clients: Clients) => Promise<unknown>>>;

/** How a call must end: with one of the two typed errors, or with a value that passes a check. */
type Ending =
  | { readonly error: 'transport'; readonly message?: RegExp }
  | { readonly error: 'api'; readonly check: (error: GoogleApiError) => void }
  | { readonly value: (value: unknown) => void };

interface Row {
  readonly call: keyof typeof calls;
  readonly reply: RequestListener;
  readonly ending: Ending;
  /** What the server may have sent at most, with the buffers of the sockets. */
  readonly maxBytesSent?: number;
  readonly timeoutMs?: number;
}

const json = (value: unknown): RequestListener => text(JSON.stringify(value));
const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
const streamed =
  (pieces: () => Iterable<string | Buffer>, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers);
    void stream(response, pieces());
  };
const rawly =
  (bytes: string, end = true): RequestListener =>
  (request) => {
    raw(request, bytes, end);
  };
const refused = (message?: RegExp): Ending => ({ error: 'transport', ...(message && { message }) });
const apiError = (check: (error: GoogleApiError) => void): Ending => ({ error: 'api', check });
const gives = (check: (value: unknown) => void): Ending => ({ value: check });
const givesEqual = (expected: unknown): Ending => ({
  value: (value) => {
    assert.deepEqual(value, expected);
  },
});

const model = (changes: Record<string, unknown> = {}) => ({
  name: MODEL,
  versionId: '2',
  supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
  ...changes,
});
const operation = (changes: Record<string, unknown> = {}) => ({ name: OPERATION, ...changes });
const object = (changes: Record<string, unknown> = {}) => ({
  name: 'run/model.bin',
  size: '100',
  generation: '1',
  ...changes,
});
const objects = (...items: unknown[]) => ({ kind: 'storage#objects', items });
const failure = (error: Record<string, unknown>) => JSON.stringify({ error: { code: 429, ...error } });
const retryInfo = (retryDelay: unknown) =>
  failure({
    status: 'RESOURCE_EXHAUSTED',
    message: 'quota',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }],
  });
const delayIs = (expected: number | undefined): Ending =>
  apiError(({ retryDelayMs, httpStatus }) => {
    assert.equal(httpStatus, 429);
    assert.equal(retryDelayMs, expected);
  });
const delayIsAtMostTenMinutes = apiError(({ retryDelayMs = 0 }) => {
  assert.ok(retryDelayMs >= 0 && retryDelayMs <= 600_000, String(retryDelayMs));
});
const fieldsOf = (value: unknown): Record<string, unknown> => ({ ...(value as object) });

/** Gives a page for each token, without an end. */
function endless(page: (token: string) => unknown): RequestListener {
  return (request, response) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('pageToken') ?? '';
    response.writeHead(200).end(JSON.stringify(page(token)));
  };
}
const next = (token: string) => String(Number(token) + 1);
const cycle = (token: string) => (token === 'a' ? 'b' : 'a');

const ROWS: Readonly<Record<string, Row>> = {
  // Sizes.
  'a body of 300 MB': {
    call: 'models.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  'a body of 300 MB that is announced': {
    call: 'operations.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300), 200, { 'content-length': String(300 * MEGABYTE) }),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a body of 300 MB in a list of objects': {
    call: 'objects.list',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  '300 MB of brackets': {
    call: 'models.get',
    reply: streamed(() => repeated('['.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  '15 MB of brackets': {
    call: 'models.get',
    reply: streamed(() => repeated('['.repeat(MEGABYTE), 15)),
    ending: refused(/not what the API documents/),
  },
  '15 MB of nested objects': {
    call: 'operations.get',
    reply: streamed(() => repeated('{"a":'.repeat(200_000), 15)),
    ending: refused(/not what the API documents/),
  },
  'a nested value that is well closed': {
    call: 'models.get',
    reply: text(`{"name":"${MODEL}","metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    ending: refused(/not what the API documents/),
  },
  '5 million empty objects as formats': {
    call: 'models.get',
    reply: streamed(function* () {
      yield `{"name":"${MODEL}","supportedExportFormats":[`;
      yield* repeated('{},'.repeat(100_000), 50);
      yield '{}]}';
    }),
    ending: refused(/not what the API documents/),
  },
  '100,000 formats': {
    call: 'models.get',
    reply: json(model({ supportedExportFormats: Array.from({ length: 100_000 }, () => ({ id: 'tflite' })) })),
    ending: refused(/supportedExportFormats/),
  },
  '1 million numbers as listed objects': {
    call: 'objects.list',
    reply: text(`{"kind":"storage#objects","items":[${'0,'.repeat(1_000_000)}0]}`),
    ending: refused(/not what the API documents at items/),
  },
  '1 million numbers as listed operations': {
    call: 'operations.list of a location',
    reply: text(`{"operations":[${'0,'.repeat(1_000_000)}0]}`),
    ending: refused(/not what the API documents at operations/),
  },
  '1 million keys in the answer to a cancel': {
    call: 'operations.cancel',
    reply: text(`{${Array.from({ length: 1_000_000 }, (_, key) => `"k${key}":0`).join(',')}}`),
    ending: refused(/not what the API documents/),
  },
  'chunks of one byte': {
    call: 'models.get',
    reply: (request) => {
      raw(request, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', false);
      raw(request, '1\r\n \r\n'.repeat(500_000));
    },
    ending: refused(),
  },
  'a ranged read that gets 300 MB': {
    call: 'objects.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 300), 206),
    ending: refused(/more than 100 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a ranged read that gets the whole object': {
    call: 'objects.get',
    reply: text('x'.repeat(1_000)),
    ending: refused(/more than 100 bytes/),
  },
  'a ranged read that gets less': {
    call: 'objects.get',
    reply: text('x'.repeat(99), 206),
    ending: refused(/99 bytes/),
  },
  'a ranged read that gets another range': {
    call: 'objects.get',
    reply: text('x'.repeat(100), 206, { 'content-range': 'bytes 0-99/1000' }),
    ending: refused(/another range/),
  },
  'a blob of 300 MB instead of a range': {
    call: 'blobs.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 300)),
    ending: refused(/more than 100 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a manifest of 100 MB': {
    call: 'manifests.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 100)),
    ending: refused(/more than 4000000 bytes/),
    maxBytesSent: 16 * MEGABYTE,
  },
  'a manifest with 100,000 layers': {
    call: 'manifests.get',
    reply: text(`{"schemaVersion":2,"layers":[${'0,'.repeat(100_000)}0]}`),
    ending: refused(/not a manifest/),
  },
  'a manifest of brackets': {
    call: 'manifests.get',
    reply: text('['.repeat(3_900_000)),
    ending: refused(/not a manifest/),
  },
  'an error body of 100 MB': {
    call: 'models.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 100), 500),
    ending: refused(/more than 1000000 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'an error of a ranged read that is longer than the range': {
    call: 'objects.get',
    reply: text(failure({ status: 'PERMISSION_DENIED', message: `denied ${'x'.repeat(500)}` }), 403),
    ending: apiError(({ status }) => {
      assert.equal(status, 'PERMISSION_DENIED');
    }),
  },
  'an error page of 300 KB of <': {
    call: 'models.get',
    reply: text('<'.repeat(300_000), 502),
    ending: apiError(({ message, status }) => {
      assert.equal(status, 'UNAVAILABLE');
      assert.ok(message.length < 300);
    }),
  },
  'an error page of tags': {
    call: 'models.get',
    reply: text('<b>busy</b><br>'.repeat(20_000), 502),
    ending: apiError(({ message }) => {
      assert.match(message, /^HTTP 502: busy busy/);
    }),
  },
  'an error message of 900 KB': {
    call: 'models.get',
    reply: text(failure({ status: 'INTERNAL', message: '\u{1f600}'.repeat(220_000) }), 500),
    ending: apiError(({ message }) => {
      assert.ok(message.startsWith('\u{1f600}'));
    }),
  },
  'an error with 500,000 wrong details': {
    call: 'models.get',
    reply: text(`{"error":{"message":"busy","status":"UNAVAILABLE","details":[${'0,'.repeat(490_000)}0]}}`, 503),
    ending: apiError(({ message }) => {
      assert.equal(message, 'busy');
    }),
  },
  'an error of brackets': {
    call: 'models.get',
    reply: text(`{"error":${'['.repeat(900_000)}`, 503),
    ending: apiError(({ status }) => {
      assert.equal(status, 'UNAVAILABLE');
    }),
  },
  'an error with fields of wrong types': {
    call: 'models.get',
    reply: text('{"error":{"message":7,"status":["x"],"details":"y","code":{}}}', 403),
    ending: apiError(({ status }) => {
      assert.equal(status, 'PERMISSION_DENIED');
    }),
  },
  'a header of 1 MB': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\nx-bomb: ${'x'.repeat(MEGABYTE)}\r\ncontent-length: 2\r\n\r\n{}`),
    ending: refused(),
  },
  '100,000 headers': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\n${'x-bomb: 1\r\n'.repeat(100_000)}\r\n`),
    ending: refused(),
  },
  'a body compressed from 100 MB that nobody asked for': {
    call: 'models.get',
    reply: text(gzipSync(Buffer.alloc(100 * MEGABYTE)), 200, { 'content-encoding': 'gzip' }),
    ending: refused(/not what the API documents/),
  },

  // Exchanges that are none.
  'an endless chunked body that comes slowly': {
    call: 'models.get',
    timeoutMs: 300,
    reply: (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(timer);
      });
    },
    ending: refused(/no answer within 300 ms/),
  },
  silence: { call: 'models.get', timeoutMs: 200, reply: () => undefined, ending: refused(/no answer within 200 ms/) },
  'endless 102 answers': {
    call: 'models.get',
    timeoutMs: 300,
    reply: (request, response) => {
      const timer = setInterval(() => request.socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5);
      response.on('close', () => {
        clearInterval(timer);
      });
    },
    ending: refused(/no answer within 300 ms/),
  },
  'a change of the protocol': {
    call: 'models.get',
    reply: rawly('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', false),
    ending: refused(/changes the protocol/),
  },
  'fewer bytes than announced': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${JSON.stringify(model())}`),
    ending: refused(),
  },
  'more bytes than announced': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${JSON.stringify(model())}`),
    ending: refused(),
  },
  'a negative content-length': {
    call: 'models.get',
    reply: rawly('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}'),
    ending: refused(),
  },
  'what is not HTTP': { call: 'models.get', reply: rawly('SSH-2.0-OpenSSH_9.9\r\n'), ending: refused() },
  'no content': { call: 'models.get', reply: text('', 204), ending: refused(/\(empty\)/) },
  'not modified': {
    call: 'models.get',
    reply: text('', 304),
    ending: apiError(({ httpStatus }) => {
      assert.equal(httpStatus, 304);
    }),
  },
  'an empty body': { call: 'operations.get', reply: text(''), ending: refused(/\(empty\)/) },
  null: { call: 'models.get', reply: text('null'), ending: refused(/not what the API documents/) },
  'an array': { call: 'operations.list of a Model', reply: text('[]'), ending: refused(/not what the API documents/) },
  'invalid UTF-8': {
    call: 'models.get',
    reply: text(Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')])),
    ending: refused(),
  },
  'a byte order mark': { call: 'models.get', reply: text(`\ufeff${JSON.stringify(model())}`), ending: refused() },
  'a page of a proxy in place of a deletion': {
    call: 'objects.delete',
    reply: text('<html>sign in</html>'),
    ending: refused(/not empty/),
  },
  'a list in place of an empty answer to a cancel': { call: 'operations.cancel', reply: text('[]'), ending: refused() },

  // Names of others.
  'a Model of another project': {
    call: 'models.get',
    reply: json(model({ name: 'projects/p-two/locations/us-central1/models/123' })),
    ending: refused(/names another resource/),
  },
  'a Model of another location': {
    call: 'models.get',
    reply: json(model({ name: 'projects/42/locations/europe-west4/models/123' })),
    ending: refused(/names another resource/),
  },
  'another Model': {
    call: 'models.get',
    reply: json(model({ name: `${PARENT}/models/124` })),
    ending: refused(/names another resource/),
  },
  'another version of the Model': {
    call: 'models.get',
    reply: json(model({ versionId: '3' })),
    ending: refused(/names another resource/),
  },
  'another version in the name of the Model': {
    call: 'models.get',
    reply: json(model({ name: `${MODEL}@3`, versionId: '2' })),
    ending: refused(/names another resource/),
  },
  'a Model with a path in its version': {
    call: 'models.get',
    reply: json(model({ versionId: '2/../../../x' })),
    ending: refused(/versionId/),
  },
  'a list with a Model of another location': {
    call: 'models.list',
    reply: json({ models: [model(), model({ name: 'projects/42/locations/us-east1/models/5' })] }),
    ending: refused(/names another resource/),
  },
  'a list with a Model of an evil location': {
    call: 'models.list',
    reply: json({ models: [model({ name: 'projects/42/locations/evil.example#/models/5' })] }),
    ending: refused(/names another resource/),
  },
  'an operation at an evil host': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/evil.example#/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation with dots in its name': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/../operations/..' })),
    ending: refused(/names another resource/),
  },
  'an operation of another Model': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/124/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation of another project': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/p-two/locations/us-central1/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation of another location': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-east1/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation without its Model': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/operations/7' })),
    ending: gives((value) => {
      assert.equal(fieldsOf(value)['name'], 'projects/42/locations/us-central1/operations/7');
    }),
  },
  'another operation': {
    call: 'operations.get',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/123/operations/8', done: true })),
    ending: refused(/names another resource/),
  },
  'another operation at the end of a wait': {
    call: 'operations.wait',
    reply: json(operation({ name: 'projects/43/locations/us-central1/models/123/operations/7', done: true })),
    ending: refused(/names another resource/),
  },
  'a list with an operation of another Model': {
    call: 'operations.list of a Model',
    reply: json({ operations: [operation(), operation({ name: `${PARENT}/models/124/operations/8` })] }),
    ending: refused(/not of the parent/),
  },
  'a list of a location with an operation elsewhere': {
    call: 'operations.list of a location',
    reply: json({ operations: [operation({ name: 'projects/42/locations/us-east1/models/123/operations/7' })] }),
    ending: refused(/not of the parent/),
  },
  'a list of a location with operations of other kinds': {
    call: 'operations.list of a location',
    reply: json({
      operations: [{ name: 'projects/42/locations/us-central1/endpoints/5/operations/6', done: 'maybe' }, operation()],
    }),
    ending: givesEqual([OPERATION]),
  },
  'a list of a Model with an operation of one of its parts': {
    call: 'operations.list of a Model',
    reply: json({ operations: [{ name: 'projects/42/locations/us-central1/models/123/evaluations/5/operations/6' }] }),
    ending: givesEqual([]),
  },
  'a list of a Model with an operation of an endpoint': {
    call: 'operations.list of a Model',
    reply: json({ operations: [{ name: 'projects/42/locations/us-central1/endpoints/5/operations/6' }] }),
    ending: refused(/not of the parent/),
  },
  'a listed object outside of the prefix': {
    call: 'objects.list',
    reply: json(objects(object(), object({ name: 'other/model.bin' }))),
    ending: refused(/names another resource/),
  },
  'a listed object called ..': {
    call: 'objects.list',
    reply: json(objects(object({ name: '..' }))),
    ending: refused(/names another resource/),
  },
  'a listed name of 2 MB': {
    call: 'objects.list',
    reply: json(objects(object({ name: `run/${'x'.repeat(2_000_000)}` }))),
    ending: refused(/name/),
  },
  'another bucket': {
    call: 'buckets.get',
    reply: json({ name: 'other', location: 'US-CENTRAL1' }),
    ending: refused(/names another resource/),
  },
  'another object after a write': {
    call: 'objects.insert',
    reply: json(object({ name: 'run/other.json' })),
    ending: refused(/names another resource/),
  },
  'a manifest with another digest': {
    call: 'manifests.get',
    reply: text('{"schemaVersion":2}', 200, { 'docker-content-digest': DIGEST }),
    ending: refused(/has digest/),
  },
  'a manifest whose layer has a path as its digest': {
    call: 'manifests.get',
    reply: text('{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:../../..","size":1}]}'),
    ending: refused(/not a manifest/),
  },

  // Values.
  'lone surrogates in every text of a Model': {
    call: 'models.get',
    reply: text(
      `{"name":"${MODEL}","displayName":"a\\ud800b","artifactUri":"gs://b/\\udc00","containerSpec":{"imageUri":"x\\ud800"},` +
        '"supportedExportFormats":[{"id":"tflite","exportableContents":["\\ud800"]}],"versionCreateTime":"\\ud800"}',
    ),
    ending: gives((value) => {
      assert.doesNotMatch(JSON.stringify(value), /\\ud[89a-f]/i);
      const { displayName, artifactUri, containerSpec, versionCreateTime } = fieldsOf(value);
      assert.deepEqual(
        [displayName, artifactUri, containerSpec, versionCreateTime],
        ['a\ufffdb', undefined, {}, undefined],
      );
    }),
  },
  'a lone surrogate in a Model’s name': {
    call: 'models.get',
    reply: text(`{"name":"${MODEL}\\ud800"}`),
    ending: refused(/name/),
  },
  'a lone surrogate in a listed name': {
    call: 'objects.list',
    reply: text('{"kind":"storage#objects","items":[{"name":"run/\\ud800","size":"1","generation":"1"}]}'),
    ending: refused(/name/),
  },
  'a lone surrogate in a page token': {
    call: 'objects.list',
    reply: text('{"kind":"storage#objects","nextPageToken":"\\ud800"}'),
    ending: refused(/nextPageToken/),
  },
  'lone surrogates and control characters in an error': {
    call: 'operations.get',
    reply: text('{"error":{"message":"a\\ud800b\\u001b[2Jc\\u202ed","status":"NOT_FOUND"}}', 404),
    ending: apiError(({ message, status }) => {
      assert.equal(status, 'NOT_FOUND');
      assert.equal(message, 'a\ufffdb [2Jc d');
    }),
  },
  'lone surrogates in the error of an operation': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":9,"message":"\\ud800${'x'.repeat(100_000)}"}}`),
    ending: gives((value) => {
      const { message } = fieldsOf(fieldsOf(value)['error']);
      assert.ok(typeof message === 'string' && message.length <= 2_000 && message.startsWith('\ufffd'));
    }),
  },
  'a code of an operation that is not a number': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":"NaN"}}`),
    ending: refused(/error.code/),
  },
  'a code of an operation that is infinite': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":1e400}}`),
    ending: refused(/error.code/),
  },
  'done as a text': { call: 'operations.get', reply: json(operation({ done: 'true' })), ending: refused(/done/) },
  'times that are none': {
    call: 'operations.get',
    reply: json(
      operation({ metadata: { genericMetadata: { createTime: '+275760-09-13', updateTime: 7 }, outputInfo: {} } }),
    ),
    ending: givesEqual({ name: OPERATION, done: false, metadata: { genericMetadata: {}, outputInfo: {} } }),
  },
  'output places of 1 MB': {
    call: 'operations.get',
    reply: json(operation({ metadata: { outputInfo: { artifactOutputUri: `gs://b/${'x'.repeat(MEGABYTE)}` } } })),
    ending: givesEqual({ name: OPERATION, done: false, metadata: { genericMetadata: {}, outputInfo: {} } }),
  },
  'format ids with spaces, slashes and 1,000 characters': {
    call: 'models.get',
    reply: json(
      model({ supportedExportFormats: [{ id: 'a b' }, { id: '../x' }, { id: 'y'.repeat(1_000) }, { id: 'tf-js' }] }),
    ),
    ending: gives((value) => {
      assert.deepEqual(fieldsOf(value)['supportedExportFormats'], [{ id: 'tf-js', exportableContents: [] }]);
    }),
  },
  'a display name of 1 MB': {
    call: 'models.get',
    reply: json(model({ displayName: '\u{1f600}'.repeat(250_000) })),
    ending: gives((value) => {
      const { displayName } = fieldsOf(value);
      assert.ok(typeof displayName === 'string' && displayName.length <= 200);
    }),
  },
  'prototype keys in a Model': {
    call: 'models.get',
    reply: text(
      `{"__proto__":{"versionId":"9"},"constructor":{"name":"x"},"name":"${MODEL}","toString":1,"hasOwnProperty":0}`,
    ),
    ending: gives((value) => {
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.equal(fieldsOf(value)['versionId'], undefined);
      assert.equal(Object.hasOwn(Object.prototype, 'versionId'), false);
    }),
  },
  'prototype keys in an error': {
    call: 'models.get',
    reply: text('{"__proto__":{"error":{"message":"x"}},"constructor":{"error":1}}', 500),
    ending: apiError(({ status }) => {
      assert.equal(status, 'INTERNAL');
    }),
  },
  'prototype keys in place of a list': {
    call: 'operations.list of a Model',
    reply: text('{"__proto__":{"operations":[]}}'),
    ending: refused(/not what the API documents/),
  },
  'an object called __proto__': {
    call: 'objects.list',
    reply: json(objects(object({ name: 'run/__proto__' }))),
    ending: givesEqual([{ name: 'run/__proto__', size: 100, generation: '1' }]),
  },
  'a size that is a number': {
    call: 'objects.list',
    reply: json(objects(object({ size: 7 }))),
    ending: givesEqual([{ name: 'run/model.bin', size: 7, generation: '1' }]),
  },
  ...Object.fromEntries(
    ['"NaN"', '"-1"', '-1', '1e400', '"1e400"', '1.5', 'null', 'true', '""', '"0x10"', '[1]', '9007199254740993'].map(
      (size): [string, Row] => [
        `a size of ${size}`,
        {
          call: 'objects.list',
          reply: text(`{"kind":"storage#objects","items":[{"name":"run/a","size":${size},"generation":"1"}]}`),
          ending: refused(/size/),
        },
      ],
    ),
  ),
  'a generation that is a query': {
    call: 'objects.list',
    reply: json(objects(object({ generation: '1&alt=json' }))),
    ending: refused(/generation/),
  },
  'checksums that are none': {
    call: 'objects.list',
    reply: json(objects(object({ crc32c: 'x'.repeat(1_000), md5Hash: '\u001b[2J', timeCreated: 'yesterday' }))),
    ending: givesEqual([{ name: 'run/model.bin', size: 100, generation: '1' }]),
  },
  'a date in the year 275760': {
    call: 'models.get',
    reply: text(JSON.stringify(model()), 200, { date: 'Sat, 13 Sep 275760 00:00:00 GMT' }),
    ending: gives((value) => {
      assert.equal(fieldsOf(value)['name'], MODEL);
    }),
  },
  'a blob without a length': {
    call: 'blobs.head',
    reply: rawly('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n'),
    ending: refused(/content-length/),
  },
  'a blob of 99 digits': {
    call: 'blobs.head',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(18)}\r\nconnection: close\r\n\r\n`),
    ending: refused(/content-length/),
  },

  // Advice to wait.
  'advice to wait for a million seconds': {
    call: 'models.get',
    reply: text(retryInfo('1000000s'), 429),
    ending: delayIs(600_000),
  },
  'advice to wait for negative seconds': {
    call: 'models.get',
    reply: text(retryInfo('-5s'), 429),
    ending: delayIs(undefined),
  },
  'advice to wait for 1e9 seconds': {
    call: 'models.get',
    reply: text(retryInfo('1e9s'), 429),
    ending: delayIs(undefined),
  },
  'advice to wait of 400 digits': {
    call: 'models.get',
    reply: text(retryInfo(`${'9'.repeat(400)}s`), 429),
    ending: delayIs(undefined),
  },
  'advice to wait as an object': {
    call: 'models.get',
    reply: text(retryInfo({ seconds: 5 }), 429),
    ending: delayIs(undefined),
  },
  'good advice to wait': { call: 'models.get', reply: text(retryInfo('3.5s'), 429), ending: delayIs(3_500) },
  'Retry-After in the year 9999': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }),
    ending: delayIs(600_000),
  },
  'Retry-After in the past': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }),
    ending: delayIs(undefined),
  },
  'Retry-After of 400 digits': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': '9'.repeat(400) }),
    ending: delayIsAtMostTenMinutes,
  },
  'Retry-After of a million seconds': {
    call: 'models.get',
    reply: text('', 503, { 'retry-after': '1000000' }),
    ending: delayIsAtMostTenMinutes,
  },

  // Lists without an end.
  'a page token that repeats in a list of objects': {
    call: 'objects.list',
    reply: json({ ...objects(), nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of objects': {
    call: 'objects.list',
    reply: endless((token) => ({ ...objects(), nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of Models': {
    call: 'models.list',
    reply: json({ models: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of Models': {
    call: 'models.list',
    reply: endless((token) => ({ models: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of a Model’s operations': {
    call: 'operations.list of a Model',
    reply: json({ operations: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of a Model’s operations': {
    call: 'operations.list of a Model',
    reply: endless((token) => ({ operations: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of a location’s operations': {
    call: 'operations.list of a location',
    reply: json({ operations: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of a location’s operations': {
    call: 'operations.list of a location',
    reply: endless((token) => ({ operations: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'empty pages of operations without an end': {
    call: 'operations.list of a location',
    reply: endless((token) => ({ operations: [], nextPageToken: next(token) })),
    ending: refused(/more than 1000 pages/),
  },
  'empty pages of objects without an end': {
    call: 'objects.list',
    reply: endless((token) => ({ ...objects(), nextPageToken: next(token) })),
    ending: refused(/more than 1000 pages/),
  },
  '2 million listed objects': {
    call: 'objects.list',
    reply: endless((token) => ({
      ...objects(...Array.from({ length: 1_000 }, (_, item) => object({ name: `run/${token}-${item}` }))),
      nextPageToken: next(token),
    })),
    ending: refused(/more than 200000 objects/),
  },
  'a page token of 100 KB': {
    call: 'objects.list',
    reply: json({ ...objects(), nextPageToken: 'x'.repeat(100_000) }),
    ending: refused(/nextPageToken/),
  },

  // Secrets.
  'an error that repeats the token': {
    call: 'models.get',
    reply: (request, response) =>
      response
        .writeHead(403)
        .end(failure({ status: 'PERMISSION_DENIED', message: `no: ${request.headers.authorization}` })),
    ending: apiError(({ message }) => {
      assert.match(message, /^no: .*redacted/);
    }),
  },
  'a page of a proxy that repeats all headers': {
    call: 'models.get',
    reply: (request, response) => response.writeHead(502).end(`<pre>${JSON.stringify(request.headers)}</pre>`),
    ending: apiError(({ message }) => {
      assert.match(message, /HTTP 502/);
    }),
  },
  'an answer of another shape that repeats the token': {
    call: 'operations.get',
    reply: (request, response) =>
      response.writeHead(200).end(JSON.stringify({ echo: request.headers.authorization?.slice('Bearer '.length) })),
    ending: refused(/not what the API documents/),
  },
  'a Model whose display name is the token': {
    call: 'models.get',
    reply: (request, response) =>
      response.writeHead(200).end(JSON.stringify(model({ displayName: request.headers.authorization }))),
    ending: gives((value) => {
      assert.ok(!JSON.stringify(value).includes(TOKEN));
    }),
  },
  'a registry that repeats the decoded credentials': {
    call: 'manifests.get',
    reply: (request, response) => {
      const [, encoded = ''] = (request.headers.authorization ?? '').split(' ');
      response.writeHead(401).end(Buffer.from(encoded, 'base64').toString());
    },
    ending: apiError(({ status }) => {
      assert.equal(status, 'UNAUTHENTICATED');
    }),
  },
  'a status line that repeats a secret': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 500 token=${OTHER_SECRET}\r\ncontent-length: 0\r\n\r\n`),
    ending: apiError(({ status }) => {
      assert.equal(status, 'INTERNAL');
    }),
  },
  'a redirect to a signed URL': {
    call: 'objects.get',
    reply: (_, response) =>
      response
        .writeHead(307, {
          location: `https://user:${OTHER_SECRET}@storage.example/b/o?X-Goog-Signature=${OTHER_SECRET}#${OTHER_SECRET}`,
        })
        .end(),
    ending: refused(/redirect to https:\/\/storage\.example\/b\/o$/),
  },
  'a redirect with the token in its path': {
    call: 'models.get',
    reply: (request, response) =>
      response
        .writeHead(302, { location: `https://evil.example/${request.headers.authorization?.split(' ')[1]}` })
        .end(),
    ending: refused(/redirect to https:\/\/evil\.example\//),
  },
  'a redirect to what is not a URL': {
    call: 'blobs.get',
    reply: (_, response) => response.writeHead(302, { location: 'https://[' }).end(),
    ending: refused(/what is not a URL/),
  },
};

/** Targets to which no blob's redirect is followed. */
const FORBIDDEN_TARGETS = [
  'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token',
  'https://169.254.169.254/latest/meta-data/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://metadata/x',
  'https://[fd00:ec2::254]/x',
  'https://[::ffff:169.254.169.254]/x',
  'https://127.0.0.1:1/x',
  'https://localhost:1/x',
  'https://[::1]:1/x',
  'https://0.0.0.0/x',
  'https://2130706433/x',
  'https://10.0.0.1/x',
  'https://192.168.1.1/x',
  'http://storage.googleapis.com/x',
  'ftp://storage.googleapis.com/x',
  'file:///etc/passwd',
  'data:text/plain,x',
];

function assertEnded(outcome: { value: unknown } | { error: unknown }, ending: Ending): void {
  if ('value' in ending) {
    if ('error' in outcome) throw outcome.error;
    ending.value(outcome.value);
    return;
  }
  assert.ok('error' in outcome, 'the reply was taken for a good one');
  const { error } = outcome;
  if (ending.error === 'api') {
    assert.ok(error instanceof GoogleApiError, String(error));
    assertSafe(error, [TOKEN, OTHER_SECRET]);
    ending.check(error);
    return;
  }
  assert.ok(error instanceof GoogleTransportError, String(error));
  assertSafe(error, [TOKEN, OTHER_SECRET]);
  if (ending.message) assert.match(error.message, ending.message);
}

suite('a hostile reply', () => {
  /** Stands for every other host: nothing of a reply may lead there. */
  let foreign: HostileServer;
  before(async () => {
    foreign = await HostileServer.start((_, response) => response.writeHead(200).end('x'.repeat(100)));
  });
  after(() => foreign.stop());

  async function play({ call, reply, ending, maxBytesSent, timeoutMs }: Row): Promise<HostileServer> {
    const server = await HostileServer.start(reply);
    try {
      const outcome = await calls[call](clientsOf(server.url, timeoutMs)).then(
        (value: unknown) => ({ value }),
        (error: unknown) => ({ error }),
      );
      assertEnded(outcome, ending);
      if (maxBytesSent !== undefined) {
        assert.ok(server.bytesSent <= maxBytesSent, `the server sent ${server.bytesSent} bytes`);
      }
      assert.equal(foreign.requests.length, 0, 'another host was called');
    } finally {
      await server.stop();
    }
    return server;
  }

  for (const [title, row] of Object.entries(ROWS)) {
    test(`to ${row.call} does no harm: ${title}`, async () => {
      await play(row);
    });
  }

  for (const target of FORBIDDEN_TARGETS) {
    test(`to a read of a blob is not followed to ${target}`, async () => {
      const reply: RequestListener = (_, response) => response.writeHead(307, { location: target }).end();
      const { requests } = await play({ call: 'blobs.get', reply, ending: refused(/redirect to /) });
      assert.equal(requests.length, 1);
    });
  }

  test('to a read of a blob is not followed to another port of this machine', async () => {
    const reply: RequestListener = (_, response) => response.writeHead(307, { location: `${foreign.url}/blob` }).end();
    await play({ call: 'blobs.get', reply, ending: refused(/redirect to http:\/\/127\.0\.0\.1/) });
  });

  test('to a read of a blob is followed once to the same origin, without the token', async () => {
    const reply = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url === '/moved') response.writeHead(206).end('x'.repeat(100));
      else response.writeHead(307, { location: '/moved' }).end();
    };
    const ending = gives((value) => {
      assert.ok(Buffer.isBuffer(value));
    });
    const { requests } = await play({ call: 'blobs.get', reply, ending });
    assert.deepEqual(
      requests.map(({ url, authorization }) => [url.split('/').at(-1), authorization !== undefined]),
      [
        [DIGEST, true],
        ['moved', false],
      ],
    );
  });

  test('to a read of a blob is not followed in a circle', async () => {
    const reply: RequestListener = (request, response) =>
      response.writeHead(307, { location: `${request.url ?? ''}x` }).end();
    const { requests } = await play({ call: 'blobs.get', reply, ending: refused(/redirect to /) });
    assert.equal(requests.length, 2);
  });

  for (const call of Object.keys(calls).filter((name): name is keyof typeof calls => !name.startsWith('blobs.'))) {
    test(`to ${call} is never followed to another place`, async () => {
      const reply: RequestListener = (_, response) => response.writeHead(307, { location: '/else' }).end();
      const { requests } = await play({ call, reply, ending: refused(/redirect to /) });
      assert.equal(requests.length, 1);
    });
  }

  for (const call of Object.keys(calls) as (keyof typeof calls)[]) {
    test(`to ${call} that is a page of a proxy is a typed error`, async () => {
      const page = '<html><body>Sign in to continue</body></html>';
      await play({ call, reply: text(page, 200, { 'content-type': 'text/html' }), ending: refused() });
    });
  }
});
