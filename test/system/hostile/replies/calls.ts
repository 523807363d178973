import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { GoogleApiError } from '../../../../src/google/api-error';
import { basicCredentials } from '../../../../src/google/credentials';
import { pagesOf } from '../../../../src/google/pages';
import { registryRest } from '../../../../src/google/registry';
import { RestClient } from '../../../../src/google/rest';
import type { StorageObject } from '../../../../src/google/storage';
import { storageRest } from '../../../../src/google/storage';
import { vertexRest } from '../../../../src/google/vertex';
import { raw, stream } from '../hostile-server';

export const TOKEN = 'marked-token-7f3c91';
export const OTHER_SECRET = 'marked-ticket-20aa17';
export const PARENT = 'projects/p-one/locations/us-central1';
export const MODEL = `${PARENT}/models/123`;
export const OPERATION = `projects/42/locations/us-central1/models/123/operations/7`;
export const PREFIX = 'run/';
export const IMAGE = { host: 'us-central1-docker.pkg.dev', repository: 'p-one/models/churn', reference: 'v1' };
export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const TIMEOUT_MS = 5_000;
export const MEGABYTE = 1_000_000;

/** The clients of the package against one server, with credentials of a marked token. */
export function clientsOf(url: string, timeoutMs = TIMEOUT_MS) {
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

export type Clients = ReturnType<typeof clientsOf>;

export async function allObjects({ storage }: Clients): Promise<StorageObject[]> {
  const objects: StorageObject[] = [];
  for await (const page of storage.listObjects('exports', PREFIX)) objects.push(...page);
  return objects;
}

export async function allOperations({ vertex }: Clients, parent: string): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pagesOf(parent, (token) => vertex.listOperations(parent, token))) {
    names.push(...page.operations.map(({ name }) => name));
  }
  return names;
}

export async function allModels({ vertex }: Clients): Promise<string[]> {
  const names: string[] = [];
  const read = (pageToken: string) => vertex.listModels({ parent: PARENT, pageSize: 100, pageToken });
  for await (const page of pagesOf(PARENT, read)) names.push(...page.models.map(({ name }) => name));
  return names;
}

export const calls = {
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

/** The allowed outcome of a call: one of the two typed errors, or a value that passes a check. */
export type Ending =
  | { readonly error: 'transport'; readonly message?: RegExp }
  | { readonly error: 'api'; readonly check: (error: GoogleApiError) => void }
  | { readonly value: (value: unknown) => void };

export interface Row {
  readonly call: keyof typeof calls;
  readonly reply: RequestListener;
  readonly ending: Ending;
  /** The most bytes that the server may have sent, including the buffers of the sockets. */
  readonly maxBytesSent?: number;
  readonly timeoutMs?: number;
}

export const json = (value: unknown): RequestListener => text(JSON.stringify(value));
export const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
export const streamed =
  (pieces: () => Iterable<string | Buffer>, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers);
    void stream(response, pieces());
  };
export const rawly =
  (bytes: string, end = true): RequestListener =>
  (request) => {
    raw(request, bytes, end);
  };
export const refused = (message?: RegExp): Ending => ({ error: 'transport', ...(message && { message }) });
export const apiError = (check: (error: GoogleApiError) => void): Ending => ({ error: 'api', check });
export const gives = (check: (value: unknown) => void): Ending => ({ value: check });
export const givesEqual = (expected: unknown): Ending => ({
  value: (value) => {
    assert.deepEqual(value, expected);
  },
});

export const model = (changes: Record<string, unknown> = {}) => ({
  name: MODEL,
  versionId: '2',
  supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
  ...changes,
});
export const operation = (changes: Record<string, unknown> = {}) => ({ name: OPERATION, ...changes });
export const object = (changes: Record<string, unknown> = {}) => ({
  name: 'run/model.bin',
  size: '100',
  generation: '1',
  ...changes,
});
export const objects = (...items: unknown[]) => ({ kind: 'storage#objects', items });
export const failure = (error: Record<string, unknown>) => JSON.stringify({ error: { code: 429, ...error } });
export const fieldsOf = (value: unknown): Record<string, unknown> => ({ ...(value as object) });
