import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { z } from 'zod';
import { packTarball } from '../../dev/scripts/pack-tarball';
import { temporaryFolder } from '../support/models';

const ROOT = path.join(__dirname, '..', '..');
const folder = temporaryFolder('vertex-export-consumer-');
const installed = path.join(folder, 'node_modules', 'temporal-vertex-export');

/** Installs the packed tarball beside the dependencies that are already installed. */
before(() => {
  const modules = path.join(folder, 'node_modules');
  mkdirSync(installed, { recursive: true });
  const tarball = packTarball(folder);
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
});

function runFile(name: string, source: string): unknown {
  const file = path.join(folder, name);
  writeFileSync(file, source);
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: folder }));
}

const USE = `
const { problems } = parseExportModelInput({});
const emulator = await startEmulator();
const response = await fetch(emulator.url + '/v1beta1/projects/demo-project/locations/us-central1/models');
const { models } = await response.json();
await emulator.stop();
console.log(JSON.stringify({
  problems: problems.length,
  models: models.length,
  workflow: typeof exportModelWorkflow,
  activities: Object.keys(createExportActivities()).sort(),
  schema: schema.required,
}));
`;
const EXPECTED = {
  problems: 2,
  models: 5,
  workflow: 'function',
  activities: [
    'awaitExport',
    'awaitExports',
    'cancelExport',
    'checkExports',
    'deletePartialArtifacts',
    'planExports',
    'selectExportFormat',
    'startExport',
    'verifyExport',
    'writeResults',
  ],
  schema: ['name', 'outputConfig'],
};

suite('the packed tarball', () => {
  test('can be loaded by a CommonJS module', () => {
    const source = `
const { createExportActivities, parseExportModelInput } = require('temporal-vertex-export');
const { exportModelWorkflow } = require('temporal-vertex-export/workflow');
const { startEmulator } = require('temporal-vertex-export/emulator');
const schema = require('temporal-vertex-export/schemas/export-model-input.json');
(async () => {${USE}})();`;
    assert.deepEqual(runFile('consumer.cjs', source), EXPECTED);
  });

  test('can be loaded by an ES module with named imports', () => {
    const source = `
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createExportActivities, parseExportModelInput } from 'temporal-vertex-export';
import { exportModelWorkflow } from 'temporal-vertex-export/workflow';
import { startEmulator } from 'temporal-vertex-export/emulator';
const schema = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('temporal-vertex-export/schemas/export-model-input.json'))));
${USE}`;
    assert.deepEqual(runFile('consumer.mjs', source), EXPECTED);
  });

  for (const [extension, module] of [
    ['cts', 'CommonJS'],
    ['mts', 'ES'],
  ] as const) {
    test(`provides types to a TypeScript ${module} module, and an invalid input does not compile`, () => {
      const file = path.join(folder, `typed.${extension}`);
      writeFileSync(
        file,
        `import { VertexExportClient, type ExportModelInput, type ExportModelResult } from 'temporal-vertex-export';
import { exportModelWorkflow } from 'temporal-vertex-export/workflow';
const input: ExportModelInput = { name: 'x', outputConfig: { artifactDestination: { outputUriPrefix: 'gs://b' } } };
export const result: Promise<ExportModelResult> = exportModelWorkflow(input);
// @ts-expect-error: the REST call has outputUriPrefix
export const wrong: ExportModelInput = { name: 'x', outputConfig: { artifactDestination: { uri: 'gs://b' } } };
export type Handle = Awaited<ReturnType<VertexExportClient['start']>>;
`,
      );
      const tsc = require.resolve('typescript/bin/tsc');
      const options = ['--noEmit', '--strict', '--module', 'node20', '--skipLibCheck', '--types', 'node'];
      const run = (): unknown =>
        execFileSync(process.execPath, [tsc, ...options, file], { encoding: 'utf8', cwd: folder });
      assert.doesNotThrow(run);
    });
  }

  test('contains the build, the sources of its source maps and the documentation, without tests or histories', () => {
    const files = readdirSync(installed).sort();
    assert.deepEqual(files, ['CHANGELOG.md', 'LICENSE', 'README.md', 'emulator', 'lib', 'package.json', 'src']);
  });

  test('contains the source that each source map names', () => {
    const maps = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.map'));
    assert.ok(maps.length > 100);
    const missing = maps.flatMap((map) => {
      const file = path.join(installed, map);
      const { sources } = z.object({ sources: z.string().array() }).parse(JSON.parse(readFileSync(file, 'utf8')));
      return sources.filter((source) => !existsSync(path.join(path.dirname(file), source)));
    });
    assert.deepEqual(missing, []);
  });
});
