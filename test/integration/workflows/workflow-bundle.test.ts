import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import * as entry from '../../../src/workflows';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const logger = new DefaultLogger('ERROR');

suite('the package entry for workflows:', () => {
  test('the built workflow entry bundles without zod, clients and Node modules', async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: path.join(__dirname, '..', '..', '..', 'lib', 'src', 'workflows'),
      logger,
    });
    assert.match(code, /exportModelWorkflow/);
    const [, map = ''] = /sourceMappingURL=data:application\/json;[^,]*base64,(\S+)/.exec(code) ?? [];
    const { sources: modules } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
    assert.ok(modules.length > 10, 'the bundle names its modules');
    const foreign = modules.filter((name) =>
      /zod|google-auth|@temporalio\/(client|worker|activity)|\/(src|lib)\/(google|activities)\//.test(name),
    );
    assert.deepEqual(foreign, []);
  });

  test('the bundler rejects workflow code that imports modules outside the sandbox', async () => {
    const workflowsPath = path.join(__dirname, '..', '..', '..', 'lib', 'src', 'activities');
    await assert.rejects(bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR', () => undefined) }));
  });

  test('the workflow entry exports only what a parent workflow needs', () => {
    assert.deepEqual(Object.keys(entry).sort(), [
      'ExportFailureType',
      'abortExportUpdate',
      'exportModelWorkflow',
      'exportModelsWorkflow',
      'exportStatusQuery',
      'fleetStatusQuery',
      'retryExportUpdate',
    ]);
  });
});
