import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
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
  execFileSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  const models = path.join(root, 'emulator', 'models');
  for (const part of ['default.json', 'files']) {
    cpSync(path.join(models, part), path.join(lib, 'emulator', 'models', part), { recursive: true });
  }
  writeSchemas();
  await bundleWorkflows();
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
