import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import http, { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { GoogleTransportError } from '../../../src/google/api-error';
import type { Credentials } from '../../../src/google/credentials';
import { applicationDefaultCredentials } from '../../../src/google/credentials';
import type { CredentialsProblem } from '../../../src/google/credentials-error';
import { CredentialsError } from '../../../src/google/credentials-error';
import { RestClient } from '../../../src/google/rest';
import { vertexRest } from '../../../src/google/vertex';

const SECRET = 'marked-secret-5d1e77';
const MODEL = 'projects/p-one/locations/us-central1/models/123';
const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

let folder: string;
let tokenServer: string;
let tokenRequests = 0;
let answerToken: Answer;
/** The target of the API's requests. None may arrive without a token. */
let apiRequests: (string | undefined)[] = [];
let api: string;

const servers = [
  createServer((request, response) => {
    tokenRequests += 1;
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        answerToken(request, Buffer.concat(chunks).toString(), response);
      });
  }),
  createServer((request, response) => {
    apiRequests.push(request.headers.authorization);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name: MODEL }));
  }),
];

async function listen(server: ReturnType<typeof createServer> | undefined): Promise<string> {
  assert.ok(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saved = { ...process.env };
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'credentials-'));
  tokenServer = await listen(servers[0]);
  api = await listen(servers[1]);
});
beforeEach(() => {
  process.env['HOME'] = folder;
  process.env['CLOUDSDK_CONFIG'] = path.join(folder, 'gcloud');
  process.env['GOOGLE_CLOUD_PROJECT'] = 'p-one';
  process.env['GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES'] = '1';
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  tokenRequests = 0;
  apiRequests = [];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
});
after(() => {
  rmSync(folder, { recursive: true });
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Writes the text to the credentials file of the process. */
function useFile(content: unknown): void {
  const file = path.join(folder, 'credentials.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
}

const json = (status: number, value: unknown): Answer => {
  return (_, __, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

const externalAccount = (source: unknown) => ({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: `${tokenServer}/sts`,
  credential_source: source,
});
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

/** An executable source of credentials that runs a script of Node. */
function executable(script: string): unknown {
  const file = path.join(folder, 'source.cjs');
  writeFileSync(file, script);
  return externalAccount({ executable: { command: `${process.execPath} ${file}`, timeout_millis: 5_000 } });
}

function get(credentials: Credentials = applicationDefaultCredentials(), signal?: AbortSignal, timeoutMs = 20_000) {
  const rest = new RestClient(credentials, { timeoutMs });
  return vertexRest(rest, () => api).getModel(MODEL, signal);
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => new Error('succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}

/** Asserts that a request fails with a fixed message, and that the error contains no words of the source. */
async function assertProblem(reason: CredentialsProblem, promise: Promise<unknown> = get()): Promise<void> {
  const error = await errorOf(promise);
  assert.ok(error instanceof CredentialsError, `${error.name}: ${error.message}`);
  assert.ok(error instanceof GoogleTransportError, 'a retry may help');
  for (const text of [error.message, error.stack ?? '', JSON.stringify(error), error.request]) {
    assert.ok(!text.includes(SECRET) && !/BEGIN|MII|eyJ/.test(text), text);
  }
  assert.equal(error.cause, undefined);
  assert.equal(error.reason, reason, error.message);
  assert.match(error.message, /^GET projects\/p-one\/locations\/us-central1\/models\/123: \S.*\.$/);
  assert.deepEqual(apiRequests, []);
}

suite('Application Default Credentials without a token', () => {
  test('report that no credentials were found', async () => {
    await assertProblem('missing');
  });

  test('report that the file is missing', async () => {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path.join(folder, 'missing.json');
    await assertProblem('missing');
  });

  test('do not reveal a key that is set instead of the path of the file', async () => {
    useFile(KEY);
    await assertProblem('unreadable');
  });

  test('do not reveal a file that is not JSON', async () => {
    useFile(`${SECRET} {`);
    await assertProblem('unreadable');
  });

  test('do not reveal a file whose key is broken', async () => {
    useFile({
      ...serviceAccount(),
      private_key: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
    });
    await assertProblem('unreadable');
  });

  test('do not reveal a file of an unknown type', async () => {
    useFile({ type: SECRET, private_key: SECRET });
    await assertProblem('unreadable');
  });

  test('do not reveal the output of an executable source that fails', async () => {
    useFile(executable(`console.log('${SECRET}'); console.error('${SECRET}'); process.exit(3);`));
    await assertProblem('unknown');
  });

  test('do not reveal the output of an executable source that is not JSON', async () => {
    useFile(executable(`console.log('${SECRET}');`));
    await assertProblem('unknown');
  });

  test('do not reveal the message of an executable source', async () => {
    const answer = JSON.stringify({ version: 1, success: false, code: '403', message: SECRET });
    useFile(executable(`console.log(${JSON.stringify(answer)});`));
    await assertProblem('unknown');
  });

  test('do not reveal the answer of a URL source', async () => {
    answerToken = json(403, { error: SECRET, headers: { authorization: SECRET } });
    useFile(externalAccount({ url: `${tokenServer}/subject`, headers: { authorization: SECRET } }));
    await assertProblem('refused');
  });

  test('do not reveal a subject token that a security token service repeats', async () => {
    answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end(SECRET);
      else json(400, { error: 'invalid_grant', error_description: `bad ${body}` })(request, body, response);
    };
    useFile(externalAccount({ url: `${tokenServer}/subject` }));
    await assertProblem('refused');
  });

  test('do not reveal a token that an impersonation service repeats', async () => {
    answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end(SECRET);
      else if (request.url === '/sts')
        json(200, { access_token: SECRET, token_type: 'Bearer', expires_in: 3600 })(request, body, response);
      else {
        const message = `no rights for ${request.headers.authorization}`;
        json(403, { error: { code: 403, status: 'PERMISSION_DENIED', message } })(request, body, response);
      }
    };
    useFile({
      ...externalAccount({ url: `${tokenServer}/subject` }),
      service_account_impersonation_url: `${tokenServer}/v1/projects/-/serviceAccounts/x@y.iam.gserviceaccount.com:generateAccessToken`,
    });
    await assertProblem('refused');
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
      // The library calls Google's token server by its fixed address. Only the connection is redirected to this test.
      const { hostname, port } = new URL(tokenServer);
      context.mock.method(https, 'request', (_: string, options: RequestOptions) =>
        http.request({ ...options, protocol: 'http:', hostname, host: hostname, port, agent: undefined }),
      );
      answerToken = (seen, body, response) => {
        json(status, answer(body))(seen, body, response);
      };
      useFile(file);
      await assertProblem(reason);
      assert.ok(tokenRequests > 0);
    });
  }

  test('read at most 1 MB of the answer of a token server', async () => {
    let taken = 0;
    answerToken = (_, __, response) => {
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
    useFile(externalAccount({ url: `${tokenServer}/subject` }));
    await assertProblem('unknown');
    assert.ok(taken < 20_000_000, `${taken} bytes were taken`);
  });

  test('report that the token server cannot be reached', async () => {
    const closed = createServer();
    const url = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    useFile({ ...externalAccount({ url: `${url}/subject` }) });
    await assertProblem('unreachable');
  });
});

suite('a token server that never answers', () => {
  test('delays a request by its timeout at most', async () => {
    answerToken = () => undefined;
    useFile(externalAccount({ url: `${tokenServer}/subject` }));
    await assertProblem('unreachable', get(applicationDefaultCredentials(), undefined, 300));
  });

  test('does not delay the abort of a request, which throws the unchanged reason', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    answerToken = () => {
      controller.abort(reason);
    };
    useFile(externalAccount({ url: `${tokenServer}/subject` }));
    assert.equal(await errorOf(get(applicationDefaultCredentials(), controller.signal)), reason);
  });

  test('gets one request for all that wait for its token, and another one after the timeout', async () => {
    answerToken = () => undefined;
    useFile(externalAccount({ url: `${tokenServer}/subject` }));
    const credentials = applicationDefaultCredentials({ timeoutMs: 2_000 });
    await Promise.all(Array.from({ length: 5 }, () => assertProblem('unreachable', get(credentials, undefined, 300))));
    await assertProblem('unreachable', get(credentials, undefined, 300));
    assert.equal(tokenRequests, 1);
    await assertProblem('unreachable', get(credentials));
    answerToken = (request, body, response) => {
      if (request.url === '/subject') response.writeHead(200).end('subject');
      else json(200, { access_token: SECRET, token_type: 'Bearer', expires_in: 3600 })(request, body, response);
    };
    await get(credentials);
    assert.deepEqual(apiRequests, [`Bearer ${SECRET}`]);
  });
});

suite('credentials that an application provides', () => {
  test('cause a fixed error message if they throw', async () => {
    const throwing = () => {
      throw new Error(`no token for ${SECRET}`);
    };
    const rejecting = () => Promise.reject(new Error(`no token for ${SECRET}`));
    for (const headers of [throwing, rejecting]) {
      await assertProblem('unknown', get({ headers, refresh: () => undefined }));
    }
  });

  test('are called once more if their token is refused', async () => {
    let tokens = 0;
    const credentials = {
      headers: () => Promise.resolve({ authorization: `Bearer token-number-${tokens}` }),
      refresh: () => {
        tokens += 1;
      },
    };
    answerToken = (request, body, response) => {
      const isNew = request.headers.authorization === 'Bearer token-number-1';
      json(isNew ? 200 : 401, isNew ? { name: MODEL } : { error: { message: 'no' } })(request, body, response);
    };
    await vertexRest(new RestClient(credentials), () => tokenServer).getModel(MODEL);
    assert.deepEqual([tokens, tokenRequests], [1, 2]);
  });
});
