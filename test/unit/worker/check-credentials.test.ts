import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { googleCredentials } from '../../../src/google/services';
import type { Credentials } from '../../../src/google/credentials';
import { checkCredentials } from '../../../src/worker/check-credentials';
import { WorkerEndedError } from '../../../src/worker/run-worker';
import { json, SECRET, useCredentialSources } from '../../support/credential-sources';

const sources = useCredentialSources();

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
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path.join(sources.folder, 'missing.json');
    await assert.rejects(check(), ends(/there are no Application Default Credentials/));
  });

  test('exits if the credentials file is invalid', async () => {
    sources.useFile(`${SECRET} {`);
    await assert.rejects(check(), ends(/the credentials file cannot be used\. Check the file/));
  });

  test('exits if the credentials are refused', async () => {
    sources.answerToken = json(403, { error: 'invalid_grant', error_description: SECRET });
    sources.useFile(sources.externalAccount());
    await assert.rejects(check(), ends(/the token service refused the credentials: they are revoked/));
  });

  for (const [title, status] of [
    ['fails', 503],
    ['has no room', 429],
  ] as const) {
    test(`continues with a warning if the token service ${title}`, async () => {
      sources.answerToken = json(status, { error: SECRET });
      sources.useFile(sources.externalAccount());
      const warnings = await check();
      assert.match(
        warnings.join('\n'),
        /^No token for Google yet: the token service did not answer\. Check the network/,
      );
      assert.ok(!warnings.join('\n').includes(SECRET));
    });
  }

  test("continues with a warning if the token service can't be reached", async () => {
    sources.useFile(sources.externalAccount({ url: 'http://127.0.0.1:1/subject' }));
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
