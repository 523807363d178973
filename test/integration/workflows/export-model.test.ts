import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { exportModelResultSchema, ExportFailureType } from '../../../src';
import { addModel, MODELS, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, exportFailure, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
// Without a cache each workflow task replays the history: a step that is not deterministic would fail here.
const temporal = useExports(stack, { VERTEX_EXPORT_MAX_CACHED_WORKFLOWS: '0' });

beforeEach(() => {
  stack().vertex.clearFaults();
});

const TRANSIENT = { error: { code: 14, message: 'backend went away' } };

suite('a successful export:', () => {
  test('an export selects, starts, waits and verifies, and its result has the exported files', async () => {
    const handle = await temporal().exports.start({ name: MODELS.flowers, outputConfig: ARTIFACTS, ...QUICK });
    const result = await handle.result();
    assert.deepEqual(exportModelResultSchema.parse(result), result);
    assert.equal(result.model, `${MODELS.flowers}@1`);
    assert.equal(result.exportFormatId, 'tflite');
    assert.deepEqual([result.adoption, result.attempts.length, result.files?.count], ['started', 1, 1]);
    const { workflowId } = handle;
    const { runId } = await handle.workflow.describe();
    assert.ok(
      result.outputInfo.artifactOutputUri?.startsWith(`gs://exports/tests/${workflowId}/${runId}/model-export-`),
    );
    const status = await handle.status();
    assert.deepEqual([status.stage, status.operation], ['completed', result.operation]);
  });

  test('an export writes artifacts and an image with one operation', async () => {
    const imageDestination = { outputUri: 'us-central1-docker.pkg.dev/demo-project/models/churn:workflow' };
    const handle = await temporal().exports.start({
      name: MODELS.churn,
      outputConfig: { ...ARTIFACTS, imageDestination },
      ...QUICK,
    });
    const { files, image } = await handle.result();
    assert.ok(files && image?.digest.startsWith('sha256:'));
  });

  test('an export with the verification level none has a note about it', async () => {
    const name = addModel(stack().vertex, { outcome: 'without-files' });
    const verification = { level: 'none' } as const;
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, verification, ...QUICK });
    const result = await handle.result();
    assert.deepEqual([result.files, result.verification.level], [undefined, 'none']);
    assert.match(result.verification.notes.join(), /nothing was verified/);
  });

  test('the memo of an export has Model and format', async () => {
    const name = addModel(stack().vertex);
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await handle.result();
    const { memo } = await handle.workflow.describe();
    assert.deepEqual(memo, { model: `${name}@1`, exportFormatId: 'tflite' });
  });

  test('a memo that already has Model and format is not written again', async () => {
    const name = addModel(stack().vertex);
    const outputConfig = { ...ARTIFACTS, exportFormatId: 'tflite' };
    const handle = await temporal().exports.start({ name, outputConfig, ...QUICK });
    await handle.result();
    const { memo } = await handle.workflow.describe();
    assert.deepEqual(memo, { model: name, exportFormatId: 'tflite' });
    const { events } = await handle.workflow.fetchHistory();
    assert.equal(
      events?.some((event) => event.workflowPropertiesModifiedEventAttributes),
      false,
    );
  });

  test('a second start joins the running export', async () => {
    const name = addModel(stack().vertex, { durationMs: 1_500 });
    const [first, second] = await Promise.all([
      temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK }),
      temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK }),
    ]);
    assert.equal(first.workflowId, second.workflowId);
    assert.deepEqual(await first.result(), await second.result());
    assert.equal(operationsOf(stack().vertex, name).length, 1);
    assert.equal(temporal().exports.get(first.workflowId).workflowId, first.workflowId);
  });

  test('an export without perRunFolder writes to the prefix itself', async () => {
    const name = addModel(stack().vertex);
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, perRunFolder: false, ...QUICK });
    assert.match((await handle.result()).outputInfo.artifactOutputUri ?? '', /^gs:\/\/exports\/tests\/model-export-/);
  });

  test('an export starts one operation if the answer to its start is lost', async () => {
    const name = addModel(stack().vertex);
    const match = { method: 'POST', path: `${name}@1:export$` };
    stack().vertex.addFault({ match, times: 1, when: 'after', fault: { reset: true } });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    assert.equal((await handle.result()).adoption, 'adopted');
    assert.equal(operationsOf(stack().vertex, name).length, 1);
  });
});

suite('a failed export:', () => {
  test('the client rejects an invalid input before it starts a workflow', async () => {
    await assert.rejects(
      temporal().exports.start({ name: 'models/1', outputConfig: {} }),
      /The input has 2 problems: name: .*; outputConfig: /,
    );
  });

  test('an export that another client started with an invalid input fails with all problems', async () => {
    const { client, exports } = temporal();
    await client.workflow.start('exportModelWorkflow', {
      args: [{ name: 'models/1', output: {} }],
      taskQueue: 'vertex-export',
      workflowId: 'from-elsewhere',
    });
    const failure = await exportFailure(exports.get('from-elsewhere'), ExportFailureType.InvalidInput);
    assert.equal(failure.details.problems?.length, 3);
  });

  test('an export of a Model without formats fails at once with the reason in its status', async () => {
    const handle = await temporal().exports.start({ name: MODELS.videoLabels, outputConfig: ARTIFACTS, ...QUICK });
    await exportFailure(handle, ExportFailureType.NotExportable);
    const status = await handle.status();
    assert.equal(status.stage, 'failed');
    assert.match(status.failure ?? '', /has no supportedExportFormats/);
  });

  test('an export starts another operation after a temporary failure', async () => {
    const name = addModel(stack().vertex, { outcome: [TRANSIENT, 'success'] });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    const { attempts, operation } = await handle.result();
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      ['failed', 'succeeded'],
    );
    assert.match(attempts[0]?.reason ?? '', /backend went away/);
    assert.equal(attempts[1]?.operation, operation);
    assert.deepEqual(
      operationsOf(stack().vertex, name).map(({ state }) => state),
      ['failed', 'succeeded'],
    );
  });

  test('an export fails after its last attempt', async () => {
    const name = addModel(stack().vertex, { outcome: TRANSIENT });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, maxExportAttempts: 2, ...QUICK });
    const { message } = await exportFailure(handle, ExportFailureType.OperationFailed);
    assert.match(message, /ended with UNAVAILABLE: backend went away/);
    assert.equal(operationsOf(stack().vertex, name).length, 2);
    assert.equal((await handle.status()).attempts.length, 2);
  });

  test('an export starts no other operation after a permanent failure', async () => {
    const name = addModel(stack().vertex, { outcome: { error: { code: 7, message: 'no storage.objects.create' } } });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await exportFailure(handle, ExportFailureType.PermissionDenied);
    assert.equal(operationsOf(stack().vertex, name).length, 1);
  });

  for (const outcome of ['empty-file', 'without-files'] as const) {
    test(`an export starts another operation if its files are ${outcome}`, async () => {
      const name = addModel(stack().vertex, { outcome: [outcome, 'success'] });
      const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
      const { attempts, files } = await handle.result();
      assert.deepEqual(
        attempts.map((attempt) => attempt.outcome),
        ['verification-failed', 'succeeded'],
      );
      assert.equal(files?.count, 1);
    });
  }

  test('an export fails if no attempt writes the expected files', async () => {
    const name = addModel(stack().vertex, { outcome: 'without-files' });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, maxExportAttempts: 2, ...QUICK });
    await exportFailure(handle, ExportFailureType.VerificationFailed);
    assert.equal(operationsOf(stack().vertex, name).length, 2);
  });
});

suite('a stopped export:', () => {
  test('a cancelled export cancels its operation and reports it in its status', async () => {
    const name = addModel(stack().vertex, { durationMs: 600_000 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(
      operationsOf(stack().vertex, name).map(({ state }) => state),
      ['cancelled'],
    );
    const status = await handle.status();
    assert.equal(status.stage, 'cancelled');
    assert.match(status.failure ?? '', /operations\/\d+ ended cancelled/);
  });

  test('a cancelled export cancels the operation whose start was not answered', async () => {
    const name = addModel(stack().vertex, { durationMs: 600_000 });
    const match = { method: 'POST', path: `${name}@1:export$` };
    stack().vertex.addFault({ match, times: 1, when: 'after', fault: { reset: true } });
    stack().vertex.setCapabilities({ list: { appearsAfterMs: 100 } });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('the operation runs', () => operationsOf(stack().vertex, name).length === 1);
    await handle.cancel();
    await exportCancelled(handle);
    stack().vertex.setCapabilities({ list: 'implemented' });
    assert.deepEqual(
      operationsOf(stack().vertex, name).map(({ state }) => state),
      ['cancelled'],
    );
  });

  test('an export that is cancelled before its start cancels no operation', async () => {
    const name = addModel(stack().vertex);
    const fault = { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'busy' } } };
    stack().vertex.addFault({ match: { method: 'GET', path: `${name}$` }, fault });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it selects', async () => (await handle.status()).stage === 'selecting');
    await handle.cancel();
    await exportCancelled(handle);
    assert.equal(operationsOf(stack().vertex, name).length, 0);
  });

  test('an export cancels its operation at the deadline and fails with the outcome', async () => {
    const name = addModel(stack().vertex, { durationMs: 600_000 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, deadline: '2s', ...QUICK });
    const { message, details } = await exportFailure(handle, ExportFailureType.DeadlineExceeded);
    assert.match(message, /did not end before its deadline .*ended cancelled.*Set a later deadline/);
    assert.equal(details.operation, operationsOf(stack().vertex, name)[0]?.name);
    assert.deepEqual(
      operationsOf(stack().vertex, name).map(({ state }) => state),
      ['cancelled'],
    );
  });

  test('a cancelled export reports an operation that succeeded before the cancel', async () => {
    const name = addModel(stack().vertex, { durationMs: 1_500 });
    stack().vertex.setCapabilities({ cancel: 'unimplemented' });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    await handle.cancel();
    await exportCancelled(handle);
    stack().vertex.setCapabilities({ cancel: 'implemented' });
    assert.match((await handle.status()).failure ?? '', /had succeeded before the cancel reached it: gs:\/\/exports/);
  });
});
