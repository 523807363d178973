import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { Connection } from '@temporalio/client';
import type { TestStack, TestStackOptions } from '../../../src/testing';
import { startTestStack } from '../../../src/testing';
import { modelEntry } from '../../support/models';
import '../../support/worker';

const EXPORTS = { artifactDestination: { outputUriPrefix: 'gs://exports/test' } };

async function withStack(options: TestStackOptions, use: (stack: TestStack) => Promise<void>): Promise<void> {
  const stack = await startTestStack(options);
  try {
    await use(stack);
  } finally {
    await stack.stop();
  }
}

async function exportedFiles(stack: TestStack, name: string): Promise<number | undefined> {
  const handle = await stack.exports.start({ name, outputConfig: EXPORTS });
  return (await handle.result()).files?.count;
}

suite('a test stack', () => {
  test('runs an export of its models on a real Temporal server and stops everything', async () => {
    const entry = modelEntry();
    const address = { temporal: '', vertex: '' };
    await withStack({ models: [entry] }, async (stack) => {
      address.temporal = stack.temporal.address;
      address.vertex = stack.vertex.url;
      assert.equal(await exportedFiles(stack, entry.model.name), 1);
      assert.match(await (await fetch(stack.temporal.webUiUrl ?? '')).text(), /<html/);
    });
    await assert.rejects(Connection.connect({ address: address.temporal, connectTimeout: '1 second' }));
    await assert.rejects(fetch(address.vertex));
  });

  test('skips time while a test waits for a result, so that an export that parks for hours ends at once', async () => {
    const entry = modelEntry({ durationMs: 1_500 });
    await withStack({ models: [entry], temporal: 'time-skipping' }, async (stack) => {
      const handle = await stack.exports.start({
        name: entry.model.name,
        outputConfig: EXPORTS,
        deadline: '300d',
        longExports: { parkAfter: '1s', checkEvery: '6h' },
      });
      const { timings } = await handle.result();
      assert.ok(timings.totalMs >= 6 * 3_600_000, JSON.stringify(timings));
    });
  });

  test('shares its server with a second stack whose worker polls another task queue', async () => {
    const entry = modelEntry();
    await withStack({ models: [entry] }, async (first) => {
      const options = { models: [entry], temporal: first.temporal, taskQueue: 'second' };
      await withStack(options, async (second) => {
        assert.equal(await exportedFiles(second, entry.model.name), 1);
        assert.deepEqual([first.vertex.operations().length, second.vertex.operations().length], [0, 1]);
      });
      // The server belongs to the first stack.
      assert.equal(await exportedFiles(first, entry.model.name), 1);
    });
  });

  test('runs workflows and activities of its user next to those of the package', async () => {
    const workflowsPath = path.join(__dirname, '..', '..', '..', 'examples', 'pipeline.ts');
    const worker = {
      workflowsPath,
      activities: {
        train: () => Promise.resolve(entry.model.name),
        deploy: () => Promise.resolve('deployed'),
        reportNotExportable: () => Promise.resolve(),
      },
    };
    const entry = modelEntry();
    await withStack({ models: [entry], worker }, async ({ client, taskQueue }) => {
      const result: unknown = await client.workflow.execute('pipelineWorkflow', {
        workflowId: 'pipeline',
        taskQueue,
        args: [{ dataset: 'flowers', outputUriPrefix: 'gs://exports/pipeline' }],
      });
      assert.deepEqual(result, { model: `${entry.model.name}@1`, endpoint: 'deployed', files: 1 });
    });
  });

  test('stops the parts that have started if a later one fails', async () => {
    const first = await startTestStack({ worker: false });
    const { vertex } = first;
    const port = Number(new URL(vertex.url).port);
    await first.stop();
    const address = '127.0.0.1:1';
    await assert.rejects(startTestStack({ emulator: { port }, temporal: { address } }), /127\.0\.0\.1:1|connect/i);
    await assert.rejects(fetch(vertex.url));
  });
});
