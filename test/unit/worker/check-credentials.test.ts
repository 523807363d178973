import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { googleCredentials } from '../../../src/google/services';
import type { Credentials } from '../../../src/google/credentials';
import { checkCredentials } from '../../../src/worker/check-credentials';
import { WorkerEndedError } from '../../../src/worker/run-worker';

const SECRET = 'marked-secret-77aa';
let folder: string;
let answer: { status: number; body: unknown } = { status: 200, body: {} };
const tokenServer = createServer((_, response) => {
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
});
let tokenUrl: string;

const saved = { ...process.env };
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-credentials-'));
  tokenServer.listen(0, '127.0.0.1');
  await once(tokenServer, 'listening');
  tokenUrl = `http://127.0.0.1:${(tokenServer.address() as AddressInfo).port}`;
});
beforeEach(() => {
  process.env['HOME'] = folder;
  process.env['CLOUDSDK_CONFIG'] = path.join(folder, 'gcloud');
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'VERTEX_EMULATOR_HOST', 'STORAGE_EMULATOR_HOST']) {
    Reflect.deleteProperty(process.env, name);
  }
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
});
after(() => {
  rmSync(folder, { recursive: true });
  tokenServer.closeAllConnections();
  tokenServer.close();
});

function useFile(content: string): void {
  const file = path.join(folder, 'credentials.json');
  writeFileSync(file, content);
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
}

function useTokenUrl(url: string): void {
  const account = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/sts`,
    credential_source: { url: `${url}/subject`, headers: { authorization: SECRET } },
  };
  useFile(JSON.stringify(account));
}

/** The log lines of the check. */
async function check(credentials: Credentials | undefined = googleCredentials({ emulators: {} })): Promise<string[]> {
  assert.ok(credentials);
  const warnings: string[] = [];
  await checkCredentials(credentials, { warn: (message) => warnings.push(message) });
  return warnings;
}

function ends(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WorkerEndedError, String(error));
    assert.match(error.message, message);
    assert.ok(!`${error.message} ${error.stack ?? ''}`.includes(SECRET) && error.cause === undefined);
    return true;
  };
}

suite('a worker at its start', () => {
  test('exits if no credentials exist', async () => {
    await assert.rejects(
      check(),
      ends(/^The worker can't call Google: there are no Application Default Credentials\. Run/),
    );
  });

  test('exits if the credentials file does not exist', async () => {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path.join(folder, 'missing.json');
    await assert.rejects(check(), ends(/there are no Application Default Credentials/));
  });

  test('exits if the credentials file is invalid', async () => {
    useFile(`${SECRET} {`);
    await assert.rejects(check(), ends(/the credentials file cannot be used\. Check the file/));
  });

  test('exits if the credentials are refused', async () => {
    answer = { status: 403, body: { error: 'invalid_grant', error_description: SECRET } };
    useTokenUrl(tokenUrl);
    await assert.rejects(check(), ends(/the token service refused the credentials: they are revoked/));
  });

  for (const [title, status] of [
    ['fails', 503],
    ['has no room', 429],
  ] as const) {
    test(`continues with a warning if the token service ${title}`, async () => {
      answer = { status, body: { error: SECRET } };
      useTokenUrl(tokenUrl);
      const warnings = await check();
      assert.match(
        warnings.join('\n'),
        /^No token for Google yet: the token service did not answer\. Check the network/,
      );
      assert.ok(!warnings.join('\n').includes(SECRET));
    });
  }

  test("continues with a warning if the token service can't be reached", async () => {
    useTokenUrl('http://127.0.0.1:1');
    assert.equal((await check()).length, 1);
  });

  test('continues without a warning if there is a token', async () => {
    const headers = (): Promise<Record<string, string>> => Promise.resolve({ authorization: `Bearer ${SECRET}` });
    assert.deepEqual(await check({ headers, refresh: () => undefined }), []);
  });

  test('needs no credentials if emulators replace all services', () => {
    const all = { vertex: 'localhost:1', storage: 'localhost:2', registry: 'localhost:3' };
    assert.equal(googleCredentials({ emulators: all }), undefined);
    for (const name of ['vertex', 'storage', 'registry'] as const) {
      assert.ok(googleCredentials({ emulators: { ...all, [name]: undefined } }), name);
    }
  });
});
