import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { applicationDefaultCredentials } from '../../../src/google/credentials';
import { RestClient } from '../../../src/google/rest';
import { vertexRest } from '../../../src/google/vertex';
import { errorOf, MODEL, useGuardedApi } from '../../support/credential-problems';
import { json, SECRET, useCredentialSources } from '../../support/credential-sources';

const sources = useCredentialSources();
const api = useGuardedApi();
// The first use of the library loads it, which must not count as a wait for the token server.
before(() => import('google-auth-library'));

suite('a token server that never answers', () => {
  test('holds a request no longer than its timeout', async () => {
    // A token request that arrives late must not count in the next test.
    const arrived = new Promise<void>((resolve) => {
      sources.answerToken = () => {
        resolve();
      };
    });
    sources.useFile(sources.externalAccount());
    await api.assertProblem('unreachable', api.get(applicationDefaultCredentials(), undefined, 300));
    await arrived;
  });

  test('does not keep a request from its cancel, whose reason is thrown unchanged', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    sources.answerToken = () => {
      controller.abort(reason);
    };
    sources.useFile(sources.externalAccount());
    assert.equal(await errorOf(api.get(applicationDefaultCredentials(), controller.signal)), reason);
  });

  test('gets one request, however many wait for its token, and another one after its time', async () => {
    sources.answerToken = () => undefined;
    sources.useFile(sources.externalAccount());
    const credentials = applicationDefaultCredentials({ timeoutMs: 2_000 });
    await Promise.all(
      Array.from({ length: 5 }, () => api.assertProblem('unreachable', api.get(credentials, undefined, 300))),
    );
    await api.assertProblem('unreachable', api.get(credentials, undefined, 300));
    assert.equal(sources.tokenRequests, 1);
    await api.assertProblem('unreachable', api.get(credentials));
    sources.answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end('subject');
      else json(200, { access_token: SECRET, token_type: 'Bearer', expires_in: 3600 })(request, body, response);
    };
    await api.get(credentials);
    assert.deepEqual(api.authorizations, [`Bearer ${SECRET}`]);
  });
});

suite('credentials of an application', () => {
  test('that throw become one of the fixed sentences', async () => {
    const throwing = () => {
      throw new Error(`no token for ${SECRET}`);
    };
    const rejecting = () => Promise.reject(new Error(`no token for ${SECRET}`));
    for (const headers of [throwing, rejecting]) {
      await api.assertProblem('unknown', api.get({ headers, refresh: () => undefined }));
    }
  });

  test('whose token is refused are asked for another one, once', async () => {
    let tokens = 0;
    const credentials = {
      headers: () => Promise.resolve({ authorization: `Bearer token-number-${tokens}` }),
      refresh: () => {
        tokens += 1;
      },
    };
    sources.answerToken = (request, body, response) => {
      const isNew = request.headers.authorization === 'Bearer token-number-1';
      json(isNew ? 200 : 401, isNew ? { name: MODEL } : { error: { message: 'no' } })(request, body, response);
    };
    await vertexRest(new RestClient(credentials), () => sources.tokenServer).getModel(MODEL);
    assert.deepEqual([tokens, sources.tokenRequests], [1, 2]);
  });
});
