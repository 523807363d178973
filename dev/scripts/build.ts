import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { withProgress } from '../../src/testing/services/progress';
import { jsonSchemas } from './json-schemas';

const root = path.join(__dirname, '..', '..');
const lib = path.join(root, 'lib');

/** Compiles `src/` and `emulator/` to `lib/`, and adds models, schemas and the workflow bundle. */
async function build(): Promise<void> {
  // A package must not contain files whose sources were moved or removed.
  if (process.argv.includes('--clean')) rmSync(lib, { recursive: true, force: true });
  const tsc = require.resolve('typescript/bin/tsc');
  // With the build information of the last build but without its output, the compiler would write nothing.
  if (!existsSync(lib)) rmSync(path.join(root, 'node_modules', '.cache', 'lib.tsbuildinfo'), { force: true });
  await withProgress('compiling TypeScript to lib/', log, () => run(tsc, '-p', path.join(root, 'tsconfig.build.json')));
  const models = path.join(root, 'emulator', 'models');
  for (const part of ['default.json', 'files']) {
    cpSync(path.join(models, part), path.join(lib, 'emulator', 'models', part), { recursive: true });
  }
  writeSchemas();
  await withProgress('bundling the workflows', log, bundleWorkflows);
}

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Runs a script of Node.js with the output of this process. */
async function run(script: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${path.basename(script)} failed`);
}

function writeSchemas(): void {
  mkdirSync(path.join(lib, 'schemas'), { recursive: true });
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    writeFileSync(path.join(lib, 'schemas', `${name}.json`), `${JSON.stringify(schema, undefined, 2)}\n`);
  }
}

/** A worker with this bundle starts without bundling. */
async function bundleWorkflows(): Promise<void> {
  const silent = { log: () => undefined, trace: () => undefined, debug: () => undefined, info: () => undefined };
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(lib, 'src', 'workflows'),
    logger: { ...silent, warn: console.warn, error: console.error },
  });
  writeFileSync(path.join(lib, 'workflow-bundle.js'), code);
}

build().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
