import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { findBrowser, WebUi } from '../../test/support/web-ui';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { startWorkerProcess } from '../worker-process';
import { VertexExportClient } from '../../src';

/** Makes the README's pictures: an export in the Web UI while it runs, and after it has succeeded. */
const FOLDER = path.join(__dirname, '..', '..', 'docs', 'pictures');
const MODELS = 'projects/demo-project/locations/us-central1/models';
const SETTLE_MS = 1_500;

async function main(): Promise<void> {
  const browser = findBrowser();
  if (browser === undefined)
    throw new Error('Chromium was not found: install the chromium package, or set CHROMIUM_PATH');
  mkdirSync(FOLDER, { recursive: true });
  const stack = await startLocalStack({ buckets: ['my-models'] });
  const worker = await startWorkerProcess(stack.environment);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const webUi = await WebUi.open(stack.temporal.url, browser);
  try {
    const exports = new VertexExportClient(new Client({ connection }));
    const shoot = async (name: string, id: string, workflowId: string, isReady: string): Promise<void> => {
      const handle = await exports.start(
        {
          name: `${MODELS}/${id}`,
          outputConfig: {
            exportFormatId: 'tf-saved-model',
            artifactDestination: { outputUriPrefix: 'gs://my-models/exports' },
          },
          polling: { heartbeatTimeout: '4s' },
        },
        { workflowId },
      );
      if (isReady === 'Stage: completed') await handle.result();
      const { runId } = await handle.workflow.describe();
      await webUi.show(workflowId, runId, 'history');
      await webUi.waitForText('awaitExport • operation');
      await sleep(SETTLE_MS);
      await webUi.picture(path.join(FOLDER, `${name}-history.png`));
      await webUi.show(workflowId, runId, 'user-metadata');
      await webUi.waitForText(isReady);
      await sleep(SETTLE_MS);
      await webUi.picture(path.join(FOLDER, `${name}-details.png`));
    };
    stack.vertex.setOutcome(`${MODELS}/4401170000000000001`, 'success', 600_000);
    await shoot('running', '4401170000000000001', 'export-flowers', 'Stage: exporting');
    await shoot('finished', '4401170000000000002', 'export-iris', 'Stage: completed');
  } finally {
    await webUi.close();
    await connection.close();
    await worker.stop();
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
