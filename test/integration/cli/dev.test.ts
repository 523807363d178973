import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { VertexExportClient } from '../../../src';
import { parseWorkerConfig } from '../../../src/worker/config';
import { spawnTied } from '../../../src/testing/services/tied-process';
import type { TiedProcess } from '../../../src/testing/services/tied-process';
import { runCommand } from '../../support/command-line';

const MAIN = path.join(__dirname, '..', '..', '..', 'lib', 'src', 'cli', 'main.js');
const MODEL = 'projects/demo-project/locations/us-central1/models/4401170000000000001';

interface Ready {
  readonly temporal: { readonly address: string; readonly webUiUrl: string };
  readonly vertex: string;
  readonly worker?: { readonly taskQueue: string };
  readonly environment: Record<string, string>;
}

/** Starts the command, and waits until everything is ready. */
async function startDev(...args: string[]): Promise<{ command: TiedProcess; ready: Ready; errors: string[] }> {
  const errors: string[] = [];
  let resolve: (line: string) => void = () => undefined;
  const line = new Promise<string>((done) => (resolve = done));
  const command = await spawnTied(process.execPath, [MAIN, 'dev', '--json', ...args], {
    onLine: (text, stream) => {
      if (stream === 'stdout') resolve(text);
      else errors.push(text);
    },
  });
  const ended = command.exited.then((code) => assert.fail(`ended with ${code}: ${command.tail()}`));
  const ready = JSON.parse(await Promise.race([line, ended])) as Ready;
  ended.catch(() => undefined);
  return { command, ready, errors };
}

suite('the command dev', () => {
  test('starts everything that an export needs, and stops all of it on SIGTERM', async () => {
    const { command, ready, errors } = await startDev('--bucket', 'models', '--task-queue', 'mine');
    const connection = await Connection.connect({ address: ready.temporal.address });
    const exports = new VertexExportClient(new Client({ connection }), { taskQueue: 'mine' });
    const artifactDestination = { outputUriPrefix: 'gs://models/dev' };
    const handle = await exports.start({ name: MODEL, outputConfig: { artifactDestination } });
    assert.equal((await handle.result()).files?.count, 1);
    await connection.close();
    assert.match(await (await fetch(ready.temporal.webUiUrl)).text(), /<html/);
    await command.stop();
    assert.equal(await command.exited, 0);
    assert.deepEqual(errors, []);
    await assert.rejects(fetch(ready.vertex));
    await assert.rejects(fetch(ready.temporal.webUiUrl));
  });

  test('prints an environment that a worker accepts, and starts no worker with --no-worker', async () => {
    const { command, ready } = await startDev('--no-worker');
    assert.equal(ready.worker, undefined);
    const { google } = parseWorkerConfig(ready.environment);
    assert.equal(google.emulators?.vertex, ready.vertex);
    assert.equal(ready.environment['TEMPORAL_ADDRESS'], ready.temporal.address);
    await command.stop();
  });

  test('refuses wrong arguments with every problem, and starts nothing', async () => {
    const { code, stdout, stderr } = await runCommand(
      '',
      'dev',
      '--bucket',
      'A/B',
      '--port',
      'x',
      '--modles',
      'f',
      'now',
    );
    assert.deepEqual([code, stdout], [2, '']);
    for (const part of [
      '--bucket: A/B is not the name of a bucket',
      '--port: must be a number from 1 to 65535',
      '--modles: is not an option; did you mean --models?',
      'dev takes no arguments',
      'See temporal-vertex-export dev --help.',
    ]) {
      assert.ok(stderr.includes(part), `${part} in:\n${stderr}`);
    }
  });

  test('ends with the reason and stops the other parts if the models file has problems', async () => {
    const { code, stderr } = await runCommand('', 'dev', '--models', '/no/such/file.json');
    assert.equal(code, 2);
    assert.match(stderr, /\/no\/such\/file\.json/);
  });
});
