import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { findComponent } from '../../../src/testing/services/find-component';
import { spawnTied } from '../../../src/testing/services/tied-process';
import { startGoogleServices } from '../../../src/testing/services/local-stack';
import { startTemporalServer } from '../../../src/testing/services/services';
import { startWorkerProcess } from '../../../dev/worker-process';
import { Client, Connection } from '@temporalio/client';
import { VertexExportClient } from '../../../src';
import { addModel, temporaryFolder } from '../../support/models';
import { ARTIFACTS, eventually, QUICK } from '../../support/worker';

const ROOT = path.join(__dirname, '..', '..', '..');
const quiet = { log: () => undefined };

/** An environment without any program, with an empty cache folder. */
function bareEnvironment(): { env: Record<string, string>; cache: string } {
  const cache = temporaryFolder('vertex-export-cache-');
  return { env: { TEMPORAL_VERTEX_EXPORT_CACHE: cache, PATH: path.join(cache, 'nowhere') }, cache };
}

const SERVICES = path.join(ROOT, 'src', 'testing', 'services');
const REQUIRED = `const d = {
  ...require(${JSON.stringify(path.join(SERVICES, 'find-component'))}),
  ...require(${JSON.stringify(path.join(SERVICES, 'tied-process'))}),
};`;

/** Runs a script in another process, with `d` for the functions that find programs and tie them to the process. */
function runScript(source: string, env: Record<string, string> = {}): ReturnType<typeof spawn> {
  const file = path.join(temporaryFolder('vertex-export-script-'), 'script.cjs');
  writeFileSync(file, `${REQUIRED}\n${source}`);
  return spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  assert.ok(child.stdout);
  for await (const chunk of child.stdout) return String(chunk).trim();
  throw new Error('the process printed nothing');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

suite('a component of the test stack', () => {
  test('is taken from its environment variable first', async () => {
    const real = await findComponent('registry');
    const folder = temporaryFolder('vertex-export-component-');
    const file = path.join(folder, 'any-name');
    await symlink(real, file);
    assert.equal(await findComponent('registry', { env: { ...process.env, OCI_REGISTRY_PATH: file } }), file);
  });

  test('causes an error if its variable names an unusable program, and is not replaced by another one', async () => {
    for (const [file, reason] of [
      ['/no/such/file', /OCI_REGISTRY_PATH=\/no\/such\/file can't be used: there is no executable file/],
      ['/bin/ls', /can't be used: it is not go-containerregistry's registry/],
    ] as const) {
      await assert.rejects(findComponent('registry', { env: { OCI_REGISTRY_PATH: file }, ...quiet }), reason);
    }
  });

  test('is taken from PATH before the cache, and from the cache if PATH has no such program', async () => {
    const real = await findComponent('registry');
    const { env, cache } = bareEnvironment();
    const cached = path.join(cache, 'registry-0.22.1');
    await copyFile(real, cached);
    assert.equal(await findComponent('registry', { env, ...quiet }), cached);

    const onPath = temporaryFolder('vertex-export-path-');
    const wrong = temporaryFolder('vertex-export-path-');
    await symlink('/bin/ls', path.join(wrong, 'registry'));
    assert.equal(await findComponent('registry', { env: { ...env, PATH: wrong }, ...quiet }), cached);
    await symlink(real, path.join(onPath, 'registry'));
    const both = [wrong, onPath].join(path.delimiter);
    assert.equal(
      await findComponent('registry', { env: { ...env, PATH: both }, ...quiet }),
      path.join(onPath, 'registry'),
    );
  });

  test('causes an error with the required version if it is too old', async () => {
    const folder = temporaryFolder('vertex-export-component-');
    const file = path.join(folder, 'temporal');
    await writeFile(file, '#!/bin/sh\necho "temporal version 1.0.0 (Server 1.25.0, UI 2.30.0)"\n', { mode: 0o755 });
    await assert.rejects(
      findComponent('temporal', { env: { TEMPORAL_CLI_PATH: file }, ...quiet }),
      /it is version 1\.0\.0 \(server 1\.25\.0\), and 1\.5\.1 or newer is needed/,
    );
  });

  test('causes an error that lists what was tried and every way to provide it if it is not found', async () => {
    const { env, cache } = bareEnvironment();
    await assert.rejects(findComponent('registry', { env, ...quiet }), ({ message }: Error) => {
      for (const part of [
        'it is not on PATH',
        `in the cache, ${cache}`,
        'there is no `go` on PATH',
        'set OCI_REGISTRY_PATH to its path',
        'put an executable named registry on PATH',
        'go install github.com/google/go-containerregistry/cmd/registry@v0.22.1',
      ]) {
        assert.ok(message.includes(part), `${part} in:\n${message}`);
      }
      return true;
    });
  });

  test('is built once if two processes need it at the same time', async () => {
    const { cache } = bareEnvironment();
    const folder = temporaryFolder('vertex-export-go-');
    const builds = path.join(folder, 'builds');
    // Go itself, which also leaves a line for each time that it is run.
    const goPath = execFileSync('/bin/sh', ['-c', 'command -v go'], { encoding: 'utf8' }).trim();
    const go = `#!/bin/sh\necho "$@" >> ${builds}\nexec ${goPath} "$@"\n`;
    await writeFile(path.join(folder, 'go'), go, { mode: 0o755 });
    const env = { TEMPORAL_VERTEX_EXPORT_CACHE: cache, BUILD_PATH: `${folder}:/usr/bin:/bin` };
    const source = `d.findComponent('registry', { env: { ...process.env, PATH: process.env.BUILD_PATH } }).then(console.log)`;
    const found = await Promise.all([runScript(source, env), runScript(source, env)].map(firstLine));
    assert.deepEqual(found, [path.join(cache, 'registry-0.22.1'), path.join(cache, 'registry-0.22.1')]);
    const lines = (await readFile(builds, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /^install .*@v0\.22\.1$/);
  });

  test('is built by the next process that needs it if its builder died', async () => {
    const { env, cache } = bareEnvironment();
    const lock = path.join(cache, 'registry-0.22.1.lock');
    await mkdir(lock);
    const dead = spawn('/bin/true');
    await once(dead, 'exit');
    await writeFile(path.join(lock, 'pid'), String(dead.pid));
    // Without Go the build itself fails: that it was tried shows that the lock was taken over.
    await assert.rejects(findComponent('registry', { env, ...quiet }), /there is no `go` on PATH/);
  });
});

suite('a service of the test stack', () => {
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    test(`exits when its parent ends by ${signal}`, async () => {
      const parent = runScript(
        `d.spawnTied('/bin/sleep', ['600']).then(({ pid }) => { console.log(pid); setInterval(() => {}, 1000); })`,
      );
      const pid = Number(await firstLine(parent));
      assert.ok(isAlive(pid));
      parent.kill(signal);
      await once(parent, 'exit');
      await eventually('the child has exited', () => !isAlive(pid));
    });
  }

  test('causes an error with its output if it cannot be started', async () => {
    const failing = await spawnTied('/bin/sh', ['-c', 'echo no room >&2; exit 3']);
    assert.equal(await failing.exited, 3);
    assert.match(failing.tail(), /no room/);
  });
});

test('an export continues after the Temporal server was killed and restarted with its database', async () => {
  const databaseFile = path.join(temporaryFolder('vertex-export-temporal-'), 'temporal.db');
  const google = await startGoogleServices();
  let temporal = await startTemporalServer({ databaseFile });
  const port = Number(temporal.address.split(':')[1]);
  const env = { ...google.environment, TEMPORAL_ADDRESS: temporal.address };
  const worker = await startWorkerProcess(env);
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const exports = new VertexExportClient(new Client({ connection }));
    const name = addModel(google.vertex, { durationMs: 3_000 });
    const handle = await exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('the operation runs', () => google.vertex.operations().length === 1);
    await temporal.kill();
    temporal = await startTemporalServer({ databaseFile, port });
    await eventually('the export has ended', async () => {
      const { status } = await handle.workflow.describe();
      return status.name === 'COMPLETED';
    });
    assert.equal((await handle.result()).files?.count, 1);
    assert.equal(google.vertex.operations().length, 1);
  } finally {
    await connection.close();
    await worker.stop();
    await temporal.stop();
    await google.stop();
  }
});
