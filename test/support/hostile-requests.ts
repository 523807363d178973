import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { GoogleServices } from '../../src/testing/services/local-stack';
import { exportBody } from './emulator';
import { at, call } from './http';
import { MODELS, PARENT } from './models';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** Sends a request with exactly these headers. */
export function send(base: string, { method = 'GET', target, headers = {}, body }: RawRequest): Promise<RawAnswer> {
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

/** Sends bytes that may not be HTTP, and reads the whole answer. */
export function sendBytes(base: string, bytes: string): Promise<string> {
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

/** Everything that a hostile request could change. */
export async function stateOf({ vertex, store }: GoogleServices): Promise<unknown> {
  const models = await call('GET', `${vertex.url}/v1/${PARENT}/models?pageSize=1000`);
  const objects = await call('GET', `${store.url}/storage/v1/b/exports/o`);
  const buckets = await call('GET', `${store.url}/storage/v1/b`);
  return { operations: vertex.operations(), models: models.body, objects: objects.body, buckets: buckets.body };
}

export function assertRefusal(answer: RawAnswer, status: number, title: string): void {
  assert.equal(answer.status, status, `${title}: ${answer.body.slice(0, 300)}`);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/, title);
  const parsed: unknown = JSON.parse(answer.body);
  assert.ok(typeof at(parsed, 'error', 'message') === 'string' || Array.isArray(at(parsed, 'problems')), title);
  assert.doesNotMatch(answer.body, /\n? {4}at |node:internal|\.ts:\d/, title);
  assert.ok(answer.body.length < 20_000, `${title}: ${answer.body.length} characters`);
  assertNoPageCanRead(answer, title);
}

export function assertNoPageCanRead({ headers }: RawAnswer, title: string): void {
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('access-control-')),
    [],
    title,
  );
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin', title);
  assert.equal(headers['x-content-type-options'], 'nosniff', title);
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const CONTROL = '/emulator/v1';
export const EXPORT = `/v1/${MODELS.flowers}:export`;
export const GOOD_EXPORT = JSON.stringify(exportBody('tflite', 'gs://exports/hostile'));
export const FAULT = JSON.stringify({ match: { path: '.' }, fault: { status: 500 } });

export const post = (target: string, body: string | Buffer): RawRequest => ({
  method: 'POST',
  target,
  headers: JSON_TYPE,
  body,
});
let lastModel = 8_000_000_000;

/** The body that adds a Model with these files. */
export function posted(files: Readonly<Record<string, unknown>>): string {
  lastModel += 1;
  const model = { name: `${PARENT}/models/${lastModel}`, supportedExportFormats: [{ id: 'tflite' }] };
  return JSON.stringify([{ model, exports: { tflite: files } }]);
}

/** The name of the last posted Model. */
export function postedName(): string {
  return `${PARENT}/models/${lastModel}`;
}
