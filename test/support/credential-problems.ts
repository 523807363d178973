import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach } from 'node:test';
import { GoogleTransportError } from '../../src/google/api-error';
import type { Credentials } from '../../src/google/credentials';
import { applicationDefaultCredentials } from '../../src/google/credentials';
import type { CredentialsProblem } from '../../src/google/credentials-error';
import { CredentialsError } from '../../src/google/credentials-error';
import { RestClient } from '../../src/google/rest';
import { vertexRest } from '../../src/google/vertex';
import { json, listen, SECRET } from './credential-sources';

export const MODEL = 'projects/p-one/locations/us-central1/models/123';

/** An API that needs a token, and requests to it. */
export interface GuardedApi {
  /** The `authorization` of each request that arrived in this test. */
  readonly authorizations: readonly (string | undefined)[];
  /** Reads a Model. Default: with Application Default Credentials. */
  get(credentials?: Credentials, signal?: AbortSignal, timeoutMs?: number): Promise<unknown>;
  /**
   * Asserts that a request fails with one of the fixed sentences, that no text of the credential source is in the error,
   * and that nothing was sent to the API.
   */
  assertProblem(reason: CredentialsProblem, promise?: Promise<unknown>): Promise<void>;
}

/** Starts an API for the tests of a file. */
export function useGuardedApi(): GuardedApi {
  const authorizations: (string | undefined)[] = [];
  let url = '';
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    json(200, { name: MODEL })(request, '', response);
  });
  before(async () => {
    url = await listen(server);
  });
  beforeEach(() => {
    authorizations.length = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const api: GuardedApi = {
    authorizations,
    get: (credentials = applicationDefaultCredentials(), signal, timeoutMs = 20_000) =>
      vertexRest(new RestClient(credentials, { timeoutMs }), () => url).getModel(MODEL, signal),
    async assertProblem(reason, promise = api.get()) {
      const error = await errorOf(promise);
      assert.ok(error instanceof CredentialsError, `${error.name}: ${error.message}`);
      assert.ok(error instanceof GoogleTransportError, 'a retry may help');
      for (const text of [error.message, error.stack ?? '', JSON.stringify(error), error.request]) {
        assert.ok(!text.includes(SECRET) && !/BEGIN|MII|eyJ/.test(text), text);
      }
      assert.equal(error.cause, undefined);
      assert.equal(error.reason, reason, error.message);
      assert.match(error.message, /^GET projects\/p-one\/locations\/us-central1\/models\/123: \S.*\.$/);
      assert.deepEqual(authorizations, []);
    },
  };
  return api;
}

/** The error that a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => new Error('succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}
