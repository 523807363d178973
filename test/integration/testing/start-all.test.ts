import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { startAll } from '../../../src/testing/services/start-all';
import { spawnTied } from '../../../src/testing/services/tied-process';
import { temporaryFolder } from '../../support/models';
import { runScript } from '../../support/service-script';

const ROOT = path.join(__dirname, '..', '..', '..');

/** Runs a process to its end. */
async function endOf(child: ReturnType<typeof spawn>): Promise<{ code: number | null; text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, text };
}

/** Runs the demo with this Temporal CLI. */
function demoWith(cli: string): ReturnType<typeof endOf> {
  const main = path.join(ROOT, 'dev', 'demo', 'main.ts');
  const env = { ...process.env, TEMPORAL_CLI_PATH: cli };
  return endOf(spawn(process.execPath, ['--import', 'tsx', main], { cwd: ROOT, env }));
}

suite('services that start together', () => {
  test('are stopped if another one cannot start, and each reason is reported', async () => {
    const first = spawnTied('/bin/sleep', ['600']);
    const last = spawnTied('/bin/sleep', ['600']);
    const refused = [Promise.reject(new Error('no port is free')), Promise.reject(new Error('no program'))] as const;
    await assert.rejects(startAll([first, ...refused, last]), { message: 'no port is free\n\nno program' });
    assert.deepEqual(await Promise.all([(await first).exited, (await last).exited]), [143, 143]);
  });

  // A process that still has a server, or a socket to one, does not end.
  for (const variable of ['TEMPORAL_CLI_PATH', 'FAKE_GCS_SERVER_PATH', 'OCI_REGISTRY_PATH']) {
    test(`let their process end if ${variable} cannot be used`, async () => {
      const source = `d.startLocalStack({ stores: 'independent' }).then(() => 'started', (error) => error.message).then(console.log)`;
      const { code, text } = await endOf(runScript(['local-stack'], source, { [variable]: '/no/program' }));
      assert.equal(code, 0);
      assert.match(text, new RegExp(`^${variable}: /no/program can't be used: there is no executable file\\s*$`));
    });
  }

  test('are not left running by a demo that cannot start its Temporal server', async () => {
    const { code, text } = await demoWith('/no/program');
    assert.equal(code, 1);
    assert.match(text, /TEMPORAL_CLI_PATH: \/no\/program can't be used: there is no executable file/);
  });

  test('are not left running by a demo whose server ends at once', async () => {
    const broken = path.join(temporaryFolder('vertex-export-program-'), 'temporal');
    const version = 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"';
    await writeFile(broken, `#!/bin/sh\n[ "$1" = --version ] && ${version} && exit\necho "no room" >&2; exit 3\n`, {
      mode: 0o755,
    });
    const { code, text } = await demoWith(broken);
    assert.equal(code, 1);
    assert.match(text, /the Temporal CLI ended before it was ready:\s+no room/);
  });
});
