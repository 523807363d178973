import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, suite, test } from 'node:test';
import { useGuardedApi } from '../../support/credential-problems';
import { SECRET, useCredentialSources } from '../../support/credential-sources';

const sources = useCredentialSources();
const api = useGuardedApi();
beforeEach(() => {
  process.env['GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES'] = '1';
});

/** An executable source of credentials that runs a script of Node. */
function executable(script: string): unknown {
  const file = path.join(sources.folder, 'source.cjs');
  writeFileSync(file, script);
  return sources.externalAccount({ executable: { command: `${process.execPath} ${file}`, timeout_millis: 5_000 } });
}

suite('Application Default Credentials from an executable', () => {
  test('show nothing of what an executable source prints when it fails', async () => {
    sources.useFile(executable(`console.log('${SECRET}'); console.error('${SECRET}'); process.exit(3);`));
    await api.assertProblem('unknown');
  });

  test('show nothing of what an executable source prints that is not JSON', async () => {
    sources.useFile(executable(`console.log('${SECRET}');`));
    await api.assertProblem('unknown');
  });

  test('show nothing of the message of an executable source', async () => {
    const answer = JSON.stringify({ version: 1, success: false, code: '403', message: SECRET });
    sources.useFile(executable(`console.log(${JSON.stringify(answer)});`));
    await api.assertProblem('unknown');
  });
});
