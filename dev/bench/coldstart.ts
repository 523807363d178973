import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { packTarball } from '../scripts/pack-tarball';
import type { Benchmark } from './benchmark';

const ROOT = path.join(__dirname, '..', '..');
const RUNS = 9;
const PACKAGE = 'temporal-vertex-export';
const GENERATED_CLIENT = '@google-cloud/aiplatform';

/** The packages of Temporal that the public entries use. Any worker or workflow file loads them. */
const TEMPORAL = ['@temporalio/activity', '@temporalio/client', '@temporalio/common', '@temporalio/worker'];
const TEMPORAL_WORKFLOW = ['@temporalio/common', '@temporalio/workflow'];

interface Load {
  /** Time of the import beyond what was loaded before, in milliseconds. */
  readonly ms: number;
  /** Processor time of it, in milliseconds: the same on a busy machine. */
  readonly cpuMs: number;
  /** Resident memory beyond that, in MB. */
  readonly rssMb: number;
}

/** Loads `target` in a new process, after `before`. Repeats this, and returns the medians. */
function load(folder: string, target: string, before: readonly string[]): Load {
  const file = path.join(folder, 'load.cjs');
  writeFileSync(
    file,
    `const [target, ...before] = process.argv.slice(2);
for (const name of before) require(name);
const rss = process.memoryUsage().rss, cpu = process.cpuUsage(), at = process.hrtime.bigint();
require(target);
const ms = Number(process.hrtime.bigint() - at) / 1e6;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1e3, rssMb: (process.memoryUsage().rss - rss) / 2 ** 20 }));`,
  );
  const seen = Array.from({ length: RUNS }, () => {
    const output = execFileSync(process.execPath, [file, target, ...before], { cwd: folder, encoding: 'utf8' });
    return JSON.parse(output) as Load;
  });
  return {
    ms: median(seen.map(({ ms }) => ms)),
    cpuMs: median(seen.map(({ cpuMs }) => cpuMs)),
    rssMb: median(seen.map(({ rssMb }) => rssMb)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1));
}

function megabytes(folder: string): number {
  const bytes = (place: string): number => {
    const stat = statSync(place);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(place).reduce((sum, entry) => sum + bytes(path.join(place, entry)), 0);
  };
  return Number((bytes(folder) / 2 ** 20).toFixed(1));
}

function npmInstall(folder: string, ...args: string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private": true}');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--omit=dev'];
  execFileSync('npm', ['install', ...quiet, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Starts the built worker, and returns the time until it polls, in milliseconds. */
function workerReady(folder: string, environment: Readonly<Record<string, string>>): number {
  const file = path.join(folder, 'ready.cjs');
  writeFileSync(
    file,
    `const at = process.hrtime.bigint();
const { createExportWorker } = require(process.argv[2] + '/worker.js');
const { parseWorkerConfig } = require(process.argv[2] + '/worker/config.js');
const { NativeConnection, Runtime, DefaultLogger } = require('@temporalio/worker');
Runtime.install({ logger: new DefaultLogger('ERROR') });
(async () => {
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
  const worker = await createExportWorker(connection, 'default', parseWorkerConfig(process.env));
  const run = worker.run();
  console.log(Number(process.hrtime.bigint() - at) / 1e6);
  worker.shutdown();
  await run;
  await connection.close();
})();`,
  );
  const lib = path.join(folder, 'node_modules', PACKAGE, 'lib', 'src');
  const env = { ...process.env, ...environment };
  const seen = Array.from({ length: 3 }, () =>
    Number(execFileSync(process.execPath, [file, lib], { cwd: folder, encoding: 'utf8', env })),
  );
  return median(seen);
}

/** The packed package beside the dependencies of this repository, as a project has it. */
function unpack(folder: string, tarball: string): void {
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, PACKAGE), { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', path.join(modules, PACKAGE), '--strip-components=1']);
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
}

/** Load time and size of the package, compared with the generated client of Vertex AI. */
export const coldstart: Benchmark = {
  summary: 'import time, memory, installed size, and time until a worker is ready',
  run: async (log) => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'vertex-export-coldstart-'));
    const stack = await startLocalStack();
    try {
      const tarball = packTarball(scratch);
      const project = path.join(scratch, 'project');
      unpack(project, tarball);
      log('imports');
      const main = load(project, PACKAGE, TEMPORAL);
      const workflow = load(project, `${PACKAGE}/workflow`, TEMPORAL_WORKFLOW);

      log('worker with and without the prebuilt bundle');
      const readyMs = workerReady(project, stack.environment);
      const bundle = path.join(project, 'node_modules', PACKAGE, 'lib', 'workflow-bundle.js');
      if (!existsSync(bundle)) throw new Error('the package has no prebuilt bundle');
      rmSync(bundle);
      const readyWithoutBundleMs = workerReady(project, stack.environment);

      log('installed size');
      const alone = path.join(scratch, 'alone');
      // Temporal's packages are peers: the project has them already.
      npmInstall(alone, '--legacy-peer-deps', tarball);
      const installedMb = megabytes(path.join(alone, 'node_modules'));

      log(`the same of ${GENERATED_CLIENT}`);
      const generated = path.join(scratch, 'generated');
      npmInstall(generated, GENERATED_CLIENT);
      const generatedClient = {
        ...load(generated, GENERATED_CLIENT, []),
        installedMb: megabytes(path.join(generated, 'node_modules')),
      };
      return { main, workflow, readyMs, readyWithoutBundleMs, installedMb, generatedClient };
    } finally {
      await stack.stop();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};
