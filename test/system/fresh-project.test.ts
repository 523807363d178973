import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { after, before, suite, test } from 'node:test';
import { codeFiles } from '../../dev/scripts/checks/docs/code-blocks';
import { parseMarkdown } from '../../dev/scripts/checks/docs/markdown';
import { spawnTied } from '../../src/testing/services/tied-process';
import type { TestStack } from '../../src/testing/test-stack';
import { startTestStack } from '../../src/testing/test-stack';
import type { ModuleType } from '../support/fresh-project';
import { FreshProject } from '../support/fresh-project';
import { modelEntry } from '../support/models';
import { typeErrors } from '../support/type-errors';

const ROOT = path.join(__dirname, '..', '..');
const MODULE_TYPES = ['commonjs', 'module'] as const satisfies readonly ModuleType[];

let installed: Awaited<ReturnType<typeof FreshProject.install>>;

/** Registers a test that is skipped if npm cannot install anything. */
function testInProject(title: string, use: (project: FreshProject, context: TestContext) => unknown): void {
  test(title, async (context) => {
    if (installed instanceof FreshProject) await use(installed, context);
    else context.skip(installed.unreachable);
  });
}

/** A code block of a page by the name of its file. */
function block(page: string, name: string): string {
  const nodes = parseMarkdown(readFileSync(path.join(ROOT, page), 'utf8'));
  const found = codeFiles({ file: page, nodes }, /^(js|ts|sh)$/).find((file) => file.name === name);
  assert.ok(found, `${page} has no code block with the name ${name}`);
  return found.text;
}

const USES_EVERY_ENTRY = `
import { VertexExportClient, type ExportModelInput, type ExportModelResult } from 'temporal-vertex-export';
import { exportModelWorkflow } from 'temporal-vertex-export/workflow';
import * as verification from 'temporal-vertex-export/verification';
import { startTestStack, type TestStack } from 'temporal-vertex-export/testing';
import { startEmulator, type Emulator } from 'temporal-vertex-export/emulator';

const input: ExportModelInput = { name: 'x', outputConfig: { artifactDestination: { outputUriPrefix: 'gs://b' } } };
export const result: Promise<ExportModelResult> = exportModelWorkflow(input);
// @ts-expect-error: the REST call has outputUriPrefix
export const wrong: ExportModelInput = { name: 'x', outputConfig: { artifactDestination: { uri: 'gs://b' } } };
export type Handle = Awaited<ReturnType<VertexExportClient['start']>>;
export const stack: Promise<TestStack> = startTestStack();
export const emulator: Promise<Emulator> = startEmulator();
// @ts-expect-error: an entry that is not found has the type any, which allows every property
verification.missing;
`;

const COMPILERS = ['typescript-5.4', 'typescript-5.9', 'typescript-6.0'];

const SETTINGS = [
  { moduleResolution: 'node10', module: 'commonjs' },
  { moduleResolution: 'node10', module: 'esnext' },
  { moduleResolution: 'node16', module: 'node16' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
];

const IMPORT_OF_NODE_TEST = "import { after, before, test } from 'node:test';\n";

/** Test runners with the names of the blocks: the import instead of that of `node:test`, the settings, the command. */
const RUNNERS = [
  { runner: 'jest', type: 'commonjs', imports: 'jest-import.js', config: 'jest.config.cjs', command: 'jest.sh' },
  { runner: 'vitest', type: 'module', imports: 'vitest-import.js', config: 'vitest.config.mjs', command: 'vitest.sh' },
] as const;

suite('a project that installs the packed tarball', () => {
  before(async () => {
    installed = await FreshProject.install();
  });

  for (const compiler of COMPILERS) {
    for (const settings of SETTINGS) {
      const { moduleResolution, module } = settings;
      testInProject(
        `compiles with ${compiler}, moduleResolution ${moduleResolution} and module ${module}`,
        (project) => {
          const files = MODULE_TYPES.map((type) => {
            project.write(`types-${type}`, type, { 'entries.ts': USES_EVERY_ENTRY });
            return path.join(project.folder, `types-${type}`, 'entries.ts');
          });
          assert.deepEqual(typeErrors(project.folder, compiler, files, settings), []);
        },
      );
    }
  }

  for (const type of MODULE_TYPES) {
    testInProject(`runs the test of a pipeline with node:test (${type})`, async (project) => {
      const names = ['pipeline.test.ts', 'workflows.ts'];
      project.write(
        `node-${type}`,
        type,
        Object.fromEntries(names.map((name) => [name, block('docs/testing.md', name)])),
      );
      const args = ['--import', 'tsx', '--test', '--test-reporter=tap', 'pipeline.test.ts'];
      const output = await project.run(`node-${type}`, process.execPath, args);
      assert.match(output, /^ok 1 - the pipeline deploys what it has exported$/m);
    });
  }

  for (const { runner, type, imports, config, command } of RUNNERS) {
    testInProject(`runs the test of a pipeline with ${runner}`, async (project) => {
      const withNodeTest = block('docs/testing.md', 'pipeline.test.ts');
      const source = withNodeTest.replace(IMPORT_OF_NODE_TEST, `${block('docs/testing.md', imports)}\n`);
      assert.notEqual(source, withNodeTest);
      project.write(runner, type, {
        'pipeline.test.ts': source,
        'workflows.ts': block('docs/testing.md', 'workflows.ts'),
        [config]: block('docs/testing.md', config),
      });
      const output = await project.run(runner, 'sh', ['-c', block('docs/testing.md', command)], { NO_COLOR: '1' });
      assert.match(output, /Tests:? +1 passed/);
    });
  }
});

suite('the quick start', () => {
  const prefix = 'gs://my-bucket/exports/';
  let stack: TestStack;

  before(async () => {
    const entry = modelEntry();
    const model = { ...entry.model, name: 'projects/my-project/locations/us-central1/models/1234567890' };
    stack = await startTestStack({ models: [{ ...entry, model }], buckets: ['my-bucket'], worker: false });
  });
  after(() => stack.stop());

  for (const type of MODULE_TYPES) {
    testInProject(`exports a model with its own worker and client (${type})`, async (project) => {
      const folder = `quick-start-${type}`;
      const names = ['workflows.ts', 'worker.ts', 'start.ts'];
      project.write(folder, type, Object.fromEntries(names.map((name) => [name, block('README.md', name)])));
      const worker = await spawnTied(process.execPath, ['--import', 'tsx', 'worker.ts'], {
        cwd: path.join(project.folder, folder),
        env: stack.environment,
      });
      try {
        const started = project.run(folder, process.execPath, ['--import', 'tsx', 'start.ts'], stack.environment);
        const failed = worker.exited.then((code) => assert.fail(`The worker ended with ${code}:\n${worker.tail()}`));
        assert.ok((await Promise.race([started, failed])).includes(`1 verified files in ${prefix}`));
      } finally {
        await worker.stop();
      }
    });
  }
});
