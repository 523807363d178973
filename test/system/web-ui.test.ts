import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { findBrowser, WebUi } from '../support/web-ui';
import type { ExportHandle } from '../../src';
import { addModel, MODELS } from '../support/models';
import { useLocalStack } from '../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../support/worker';

const browser = findBrowser();
const skip = browser === undefined && 'there is no Chromium: install the chromium package, or set CHROMIUM_PATH';

suite("Temporal's Web UI", { skip }, () => {
  const stack = useLocalStack();
  const temporal = useExports(stack);
  let webUi: WebUi;
  before(async () => {
    const { url } = (await stack.ready()).temporal;
    webUi = await WebUi.open(url, browser ?? '');
    stack.beforeStop(() => webUi.close());
  });

  async function runIdOf({ workflow }: ExportHandle): Promise<string> {
    return (await workflow.describe()).runId;
  }

  test('shows the input, stage and heartbeats of a running export', async () => {
    const name = addModel(stack().vertex, { displayName: 'endless', durationMs: 600_000 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    const runId = await runIdOf(handle);
    const { operation = '' } = await handle.status();
    const id = operation.split('/').at(-1) ?? '';

    await webUi.show(handle.workflowId, runId, 'user-metadata');
    await webUi.waitForText(`export ${name.split('/').at(-1) ?? ''} to gs://exports/tests`);
    await webUi.waitForText('Stage: exporting');
    await webUi.waitForText(`Model: endless ${name}@1`);
    await webUi.waitForText('Format: tflite');
    await webUi.waitForText(operation);

    await webUi.show(handle.workflowId, runId, 'history');
    // The summaries of activities: each version of the Web UI puts other text before them.
    await webUi.waitForText(`operation ${id}`);
    await webUi.waitForText('tflite to gs://exports/tests');

    await webUi.show(handle.workflowId, runId, 'pending-activities');
    await webUi.waitForText(`"operation": "${operation}"`);
    await webUi.waitForText('"strategy": "long polls"');
    await handle.cancel();
    await assert.rejects(handle.result());
  });

  test('shows the result of a completed export', async () => {
    const handle = await temporal().exports.start({ name: MODELS.iris, outputConfig: ARTIFACTS, ...QUICK });
    const result = await handle.result();
    const runId = await runIdOf(handle);

    await webUi.show(handle.workflowId, runId, 'history');
    await webUi.waitForText(result.outputInfo.artifactOutputUri ?? '-');
    await webUi.waitForText(`"manifestSha256": "${result.files?.manifestSha256 ?? '-'}"`);
    await webUi.waitForText('structure of gs://exports/tests');

    await webUi.show(handle.workflowId, runId, 'user-metadata');
    await webUi.waitForText('Stage: completed');
    await webUi.waitForText(`Verified: 11 files, ${result.files?.bytes ?? 0} bytes`);

    await webUi.show(handle.workflowId, runId, 'memo');
    await webUi.waitForText(`${MODELS.iris}@2`);
  });

  test('shows the reason why an export was rejected', async () => {
    const handle = await temporal().exports.start({ name: MODELS.videoLabels, outputConfig: ARTIFACTS, ...QUICK });
    await assert.rejects(handle.result());
    await webUi.show(handle.workflowId, await runIdOf(handle), 'user-metadata');
    await webUi.waitForText('Stage: failed');
    await webUi.waitForText('has no supportedExportFormats');
  });
});
