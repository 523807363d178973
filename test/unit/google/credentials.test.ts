import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { RequestOptions } from 'node:http';
import http, { createServer } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { CredentialsProblem } from '../../../src/google/credentials-error';
import { useGuardedApi } from '../../support/credential-problems';
import { json, listen, SECRET, useCredentialSources } from '../../support/credential-sources';

const sources = useCredentialSources();
const api = useGuardedApi();

const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const serviceAccount = () => ({
  type: 'service_account',
  project_id: 'p-one',
  client_email: 'a@p-one.iam.gserviceaccount.com',
  private_key: KEY,
  private_key_id: SECRET,
});
const authorizedUser = () => ({
  type: 'authorized_user',
  client_id: 'c',
  client_secret: SECRET,
  refresh_token: SECRET,
});

suite('Application Default Credentials without a token', () => {
  test('report that no credentials were found', async () => {
    await api.assertProblem('missing');
  });

  test('report that the file is missing', async () => {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path.join(sources.folder, 'missing.json');
    await api.assertProblem('missing');
  });

  test('do not reveal a key that is set instead of the path of the file', async () => {
    sources.useFile(KEY);
    await api.assertProblem('unreadable');
  });

  test('do not reveal a file that is not JSON', async () => {
    sources.useFile(`${SECRET} {`);
    await api.assertProblem('unreadable');
  });

  test('do not reveal a file whose key is broken', async () => {
    sources.useFile({
      ...serviceAccount(),
      private_key: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
    });
    await api.assertProblem('unreadable');
  });

  test('do not reveal a file of an unknown type', async () => {
    sources.useFile({ type: SECRET, private_key: SECRET });
    await api.assertProblem('unreadable');
  });

  test('do not reveal the answer of a URL source', async () => {
    sources.answerToken = json(403, { error: SECRET, headers: { authorization: SECRET } });
    sources.useFile(
      sources.externalAccount({ url: `${sources.tokenServer}/subject`, headers: { authorization: SECRET } }),
    );
    await api.assertProblem('refused');
  });

  test('do not reveal a subject token that a security token service repeats', async () => {
    sources.answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end(SECRET);
      else json(400, { error: 'invalid_grant', error_description: `bad ${body}` })(request, body, response);
    };
    sources.useFile(sources.externalAccount());
    await api.assertProblem('refused');
  });

  test('do not reveal a token that an impersonation service repeats', async () => {
    sources.answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end(SECRET);
      else if (request.url === '/sts')
        json(200, { access_token: SECRET, token_type: 'Bearer', expires_in: 3600 })(request, body, response);
      else {
        const message = `no rights for ${request.headers.authorization}`;
        json(403, { error: { code: 403, status: 'PERMISSION_DENIED', message } })(request, body, response);
      }
    };
    sources.useFile({
      ...sources.externalAccount(),
      service_account_impersonation_url: `${sources.tokenServer}/v1/projects/-/serviceAccounts/x@y.iam.gserviceaccount.com:generateAccessToken`,
    });
    await api.assertProblem('refused');
  });

  /** Sources whose token server has a fixed address. */
  const refusals: Readonly<Record<string, [unknown, (body: string) => unknown, number, CredentialsProblem]>> = {
    'a token server that repeats the refresh token': [
      authorizedUser(),
      (body) => ({ error: 'invalid_grant', error_description: `Token ${body} is revoked` }),
      400,
      'refused',
    ],
    'a token server that repeats the assertion': [
      serviceAccount(),
      (body) => ({ error: 'invalid_grant', error_description: `Invalid JWT ${body}` }),
      400,
      'refused',
    ],
    'a token server that asks for another login': [
      authorizedUser(),
      (body) => ({ error: 'invalid_grant', error_description: `reauth ${body}`, error_subtype: 'invalid_rapt' }),
      400,
      'refused',
    ],
    'a token server that fails': [authorizedUser(), (body) => ({ error: { message: body } }), 500, 'unreachable'],
  };
  for (const [title, [file, answer, status, reason]] of Object.entries(refusals)) {
    test(`do not reveal the answer of ${title}`, async (context) => {
      // The library calls Google's token server by its fixed address; only the connection leads to this test instead.
      const { hostname, port } = new URL(sources.tokenServer);
      context.mock.method(https, 'request', (_: string, options: RequestOptions) =>
        http.request({ ...options, protocol: 'http:', hostname, host: hostname, port, agent: undefined }),
      );
      sources.answerToken = (seen, body, response) => {
        json(status, answer(body))(seen, body, response);
      };
      sources.useFile(file);
      await api.assertProblem(reason);
      assert.ok(sources.tokenRequests > 0);
    });
  }

  test('read at most 1 MB of the answer of a token server', async () => {
    let taken = 0;
    sources.answerToken = (_, __, response) => {
      const piece = Buffer.alloc(100_000, 0x20);
      const write = (): void => {
        while (taken < 300_000_000 && !response.destroyed) {
          taken += piece.length;
          if (!response.write(piece)) return;
        }
        response.end();
      };
      response.writeHead(200, { 'content-type': 'application/json' }).on('drain', write);
      write();
    };
    sources.useFile(sources.externalAccount());
    await api.assertProblem('unknown');
    assert.ok(taken < 20_000_000, `${taken} bytes were taken`);
  });

  test('report that the token server cannot be reached', async () => {
    const closed = createServer();
    const url = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    sources.useFile({ ...sources.externalAccount({ url: `${url}/subject` }) });
    await api.assertProblem('unreachable');
  });
});
