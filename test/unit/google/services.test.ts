import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import type { Credentials } from '../../../src/google/credentials';
import type { GoogleServiceOptions, GoogleServices } from '../../../src/google/services';
import { googleCredentials, googleServices, retryingStorage } from '../../../src/google/services';
import { withAnsweringService } from '../../support/answering-service';

const VARIABLES = ['VERTEX_EMULATOR_HOST', 'STORAGE_EMULATOR_HOST', 'REGISTRY_EMULATOR_HOST'] as const;
const MODEL = 'projects/demo/locations/us-central1/models/1';
const IMAGE = { host: 'us-docker.pkg.dev', repository: 'p/r/i', reference: 'latest' };
const credentials: Credentials = {
  headers: () => Promise.resolve({ authorization: 'Bearer token' }),
  refresh: () => undefined,
};

const SERVICES = ['vertex', 'storage', 'registry'] as const;
/** One call of each service. */
const calls: Readonly<Record<(typeof SERVICES)[number], (services: GoogleServices) => Promise<unknown>>> = {
  vertex: ({ vertex }) => vertex.getModel(MODEL),
  storage: ({ storage }) => storage.getBucket('bucket'),
  registry: ({ registry }) => registry.getManifest(IMAGE),
};
const SENT = {
  vertex: 'Bearer token',
  storage: 'Bearer token',
  registry: `Basic ${Buffer.from('oauth2accesstoken:token').toString('base64')}`,
};

suite('the clients of the three services', () => {
  const before = new Map(VARIABLES.map((name) => [name, process.env[name]]));
  beforeEach(() => {
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
  });
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  for (const name of SERVICES) {
    test(`call the configured endpoint of ${name} with credentials`, async () => {
      await withAnsweringService(async ({ endpoint, requests, answerWith }) => {
        answerWith({ status: 404 });
        const services = googleServices({ endpoints: { [name]: endpoint }, credentials });
        await assert.rejects(calls[name](services));
        assert.deepEqual(
          requests.map(({ headers }) => headers.authorization),
          [SENT[name]],
        );
      });
    });

    test(`call an emulator of ${name} without credentials, by option before environment before endpoint`, async () => {
      await withAnsweringService(async ({ endpoint, requests, answerWith }) => {
        answerWith({ status: 404 });
        const variable = VARIABLES[SERVICES.indexOf(name)] ?? assert.fail();
        const unused = 'http://127.0.0.1:9';
        process.env[variable] = endpoint;
        await assert.rejects(calls[name](googleServices({ endpoints: { [name]: unused }, credentials })));
        process.env[variable] = unused;
        await assert.rejects(calls[name](googleServices({ emulators: { [name]: endpoint }, credentials })));
        await assert.rejects(
          calls[name](googleServices({ emulators: {}, endpoints: { [name]: endpoint }, credentials })),
        );
        assert.deepEqual(
          requests.map(({ headers }) => headers.authorization),
          [undefined, undefined, SENT[name]],
        );
      });
    });

    test(`are refused if the endpoint of ${name} would get credentials without encryption`, () => {
      const options: GoogleServiceOptions = { endpoints: { [name]: 'http://service.example' }, credentials };
      assert.throws(() => googleServices(options), {
        name: 'EndpointError',
        message: new RegExp(`^The ${name} endpoint http://service.example would get credentials .*\\.$`),
      });
      googleServices({ ...options, allowHttpCredentials: true });
      googleServices({ endpoints: { [name]: 'service.example' }, credentials });
    });
  }

  test('need no credentials only if an emulator replaces each service', () => {
    const all = { vertex: 'localhost:1', storage: 'localhost:2', registry: 'localhost:3' };
    assert.equal(googleCredentials({ emulators: all, credentials }), undefined);
    for (const name of SERVICES) {
      assert.equal(googleCredentials({ emulators: { ...all, [name]: undefined }, credentials }), credentials);
    }
    assert.equal(typeof googleCredentials({})?.headers, 'function');
  });

  test('wait for an answer as long as the options allow', async () => {
    const hanging = { headers: () => new Promise<never>(() => undefined), refresh: () => undefined };
    const services = googleServices({ credentials: hanging, requestTimeoutMs: 1 });
    for (const name of SERVICES) await assert.rejects(calls[name](services), { name: 'CredentialsError' });
  });

  test('do not repeat a request, except for the client of Cloud Storage that retries', async () => {
    await withAnsweringService(async ({ endpoint, requests, answerWith }) => {
      const options = { emulators: { storage: endpoint } };
      answerWith({ status: 503 }, { body: { name: 'bucket', location: 'US' } });
      await assert.rejects(googleServices(options).storage.getBucket('bucket'), { httpStatus: 503 });
      answerWith({ status: 503 }, { body: { name: 'bucket', location: 'US' } });
      assert.deepEqual(await retryingStorage(options).getBucket('bucket'), { name: 'bucket', location: 'US' });
      assert.equal(requests.length, 3);
    });
  });
});
