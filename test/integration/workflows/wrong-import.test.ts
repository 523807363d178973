import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { temporaryFolder } from '../../support/models';

const ROOT = path.join(__dirname, '..', '..', '..');
const logger = new DefaultLogger('ERROR', () => undefined);

const ADVICE =
  /temporal-vertex-export runs in Node\.js only: workflow code imports from temporal-vertex-export\/workflow/;

/** A workflows file in a project that has this package and Temporal's SDK installed. */
function workflowsFile(source: string): string {
  const project = temporaryFolder('vertex-export-project-');
  const modules = path.join(project, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, path.join(modules, 'temporal-vertex-export'));
  symlinkSync(path.join(ROOT, 'node_modules', '@temporalio'), path.join(modules, '@temporalio'));
  const file = path.join(project, 'workflows.ts');
  writeFileSync(file, source);
  return file;
}

const reexport = (entry: string): string => `export * from '${entry}';\n`;

suite('workflow code', () => {
  for (const entry of [
    'temporal-vertex-export',
    'temporal-vertex-export/verification',
    'temporal-vertex-export/testing',
    'temporal-vertex-export/emulator',
  ]) {
    test(`that imports ${entry} is rejected by Temporal's bundler with the name of the right entry`, async () => {
      const workflowsPath = workflowsFile(reexport(entry));
      await assert.rejects(bundleWorkflowCode({ workflowsPath, logger }), ADVICE);
    });
  }

  test('that imports the main entry is rejected by another bundler with the name of the right entry', () => {
    const esbuild = path.join(ROOT, 'node_modules', '.bin', 'esbuild');
    const file = workflowsFile(reexport('temporal-vertex-export'));
    const { status, stderr } = spawnSync(esbuild, ['--bundle', '--platform=browser', file], { encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, ADVICE);
  });

  test('that imports the workflow entry, and types of the main entry, is bundled', async () => {
    const workflowsPath = workflowsFile(
      [
        `import type { ExportModelInput } from 'temporal-vertex-export';`,
        reexport('temporal-vertex-export/workflow'),
        'export const nameOf = (input: ExportModelInput): string => input.name;',
      ].join('\n'),
    );
    const { code } = await bundleWorkflowCode({ workflowsPath, logger });
    assert.match(code, /exportModelWorkflow/);
  });
});
