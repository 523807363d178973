import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ExportHandle, ExportModelInput } from '../../../src';
import { ExportFailureType } from '../../../src';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, exportFailure, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
// The emulator's gateway can also refuse requests to the object store.
const temporal = useExports(stack, ({ vertex }) => ({
  VERTEX_EXPORT_MAX_CACHED_WORKFLOWS: '0',
  STORAGE_EMULATOR_HOST: vertex.url,
}));
beforeEach(() => {
  stack().vertex.clearFaults();
});

const DENIED = { error: { code: 403, status: 'PERMISSION_DENIED', message: 'denied' } };
const refused = { status: 403, body: DENIED };

async function blockedExport(name: string, changes: Partial<ExportModelInput> = {}): Promise<ExportHandle> {
  const input: ExportModelInput = { name, outputConfig: ARTIFACTS, onBlocked: 'wait', ...QUICK, ...changes };
  const handle = await temporal().exports.start(input);
  await eventually('it is blocked', async () => (await handle.status()).stage === 'blocked');
  return handle;
}

function statesOf(model: string): string[] {
  return operationsOf(stack().vertex, model).map(({ state }) => state);
}

suite('a blocked export:', () => {
  test('a blocked export reports the missing role and continues after retryExport', async () => {
    const name = addModel(stack().vertex);
    stack().vertex.addFault({ match: { method: 'GET', path: `${name}$` }, fault: refused });
    const handle = await blockedExport(name);
    const { blocked } = await handle.status();
    assert.equal(blocked?.type, ExportFailureType.PermissionDenied);
    assert.match(blocked.message, /PERMISSION_DENIED: denied/);
    assert.match(blocked.action, /Grant the worker's account roles\/aiplatform\.user/);
    stack().vertex.clearFaults();
    await handle.retry();
    assert.equal((await handle.result()).files?.count, 1);
    assert.equal((await handle.status()).blocked, undefined);
  });

  test('a retried export is blocked again if its cause is not fixed', async () => {
    const name = addModel(stack().vertex);
    stack().vertex.addFault({ match: { method: 'GET', path: `${name}$` }, fault: refused });
    const handle = await blockedExport(name);
    const { blocked } = await handle.status();
    await handle.retry();
    await eventually('it is blocked anew', async () => {
      const status = await handle.status();
      return status.stage === 'blocked' && status.blocked?.since !== blocked?.since;
    });
    await handle.abort();
    await exportFailure(handle, ExportFailureType.PermissionDenied);
  });

  test('an export that is blocked at its start starts one operation after a retry', async () => {
    const name = addModel(stack().vertex);
    stack().vertex.addFault({ match: { method: 'POST', path: `${name}@1:export$` }, fault: refused });
    const handle = await blockedExport(name);
    stack().vertex.clearFaults();
    await handle.retry();
    await handle.result();
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('an export that its operation blocked starts another operation, with new attempts, after a retry', async () => {
    const denied = { error: { code: 7, message: 'the service agent has no storage.objects.create' } };
    const transient = { error: { code: 14, message: 'away' } };
    const name = addModel(stack().vertex, { outcome: [denied, transient, 'success'] });
    const handle = await blockedExport(name, { maxExportAttempts: 2 });
    assert.match((await handle.status()).blocked?.message ?? '', /no storage\.objects\.create/);
    await handle.retry();
    const { attempts } = await handle.result();
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      ['failed', 'failed', 'succeeded'],
    );
  });

  test('an export that is blocked while it waits polls the same operation after a retry', async () => {
    const name = addModel(stack().vertex, { durationMs: 500 });
    const id = name.split('/').at(-1) ?? '';
    stack().vertex.addFault({ match: { path: `/models/${id}/operations/` }, fault: refused });
    const handle = await blockedExport(name);
    stack().vertex.clearFaults();
    await handle.retry();
    assert.equal((await handle.result()).attempts.length, 1);
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('an export without quota is blocked after its attempts', async () => {
    const name = addModel(stack().vertex, { outcome: [{ error: { code: 8, message: 'quota' } }, 'success'] });
    const handle = await blockedExport(name, { maxExportAttempts: 1 });
    assert.equal((await handle.status()).blocked?.type, ExportFailureType.QuotaExceeded);
    await handle.retry();
    await handle.result();
  });

  test('a blocked export ends with its failure after abortExport', async () => {
    const name = addModel(stack().vertex, { location: 'europe-west4' });
    const handle = await blockedExport(name);
    await handle.abort();
    const { message } = await exportFailure(handle, ExportFailureType.BucketRegionMismatch);
    assert.match(message, /Export to a bucket in europe-west4/);
    assert.equal((await handle.status()).stage, 'failed');
  });

  test('a blocked export is cancelled with its operation', async () => {
    const name = addModel(stack().vertex, { durationMs: 600_000 });
    const id = name.split('/').at(-1) ?? '';
    stack().vertex.addFault({ match: { path: `/models/${id}/operations/` }, fault: refused });
    const handle = await blockedExport(name);
    stack().vertex.clearFaults();
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });

  test('the time that an export is blocked extends its deadline', async () => {
    const name = addModel(stack().vertex, { durationMs: 300 });
    stack().vertex.addFault({ match: { method: 'POST', path: `${name}@1:export$` }, fault: refused });
    // A workflow task that a busy worker loses is repeated after 10 s: the export must still be blocked in time.
    const handle = await blockedExport(name, { deadline: '25s' });
    const { deadline } = await handle.status();
    await new Promise((resolve) => setTimeout(resolve, 25_500));
    stack().vertex.clearFaults();
    await handle.retry();
    await handle.result();
    assert.ok(Date.parse((await handle.status()).deadline ?? '') >= Date.parse(deadline ?? '') + 25_500);
  });
});

suite('the updates of a blocked export:', () => {
  test('updates are rejected if the export is not blocked', async () => {
    const name = addModel(stack().vertex, { durationMs: 600_000 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, onBlocked: 'wait', ...QUICK });
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    for (const update of [handle.retry, handle.abort]) {
      await assert.rejects(update(), (error: unknown) => {
        assert.ok(error instanceof WorkflowUpdateFailedError);
        assert.match(String(error.cause?.message), /The export is not blocked: its stage is exporting/);
        return true;
      });
    }
    await handle.cancel();
    await exportCancelled(handle);
  });

  test('updates during the end of an export have no effect', async () => {
    const name = addModel(stack().vertex, { durationMs: 100 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, onBlocked: 'wait', ...QUICK });
    const racing = Array.from({ length: 20 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 20));
      await Promise.allSettled([handle.retry(), handle.abort(), handle.status()]);
    });
    assert.equal((await handle.result()).files?.count, 1);
    await Promise.all(racing);
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('an export does not wait for people by default', async () => {
    const name = addModel(stack().vertex, { location: 'europe-west4' });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await exportFailure(handle, ExportFailureType.BucketRegionMismatch);
  });
});

suite('the deletion of partial artifacts:', () => {
  async function objects(uri: string): Promise<string[]> {
    const prefix = encodeURIComponent(uri.replace('gs://exports/', ''));
    const response = await fetch(`${stack().store.url}/storage/v1/b/exports/o?prefix=${prefix}`);
    const { items = [] } = (await response.json()) as { items?: { name: string }[] };
    return items.map(({ name }) => name);
  }

  const files = { 'a.bin': 'a', 'b.bin': 'b', 'c.bin': 'c', 'model.tflite': 'd' };

  async function cancelled(changes: Partial<ExportModelInput>): Promise<{ handle: ExportHandle; folder: string }> {
    const name = addModel(stack().vertex, { formats: { tflite: files }, durationMs: 600_000 });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK, ...changes });
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    const { runId } = await handle.workflow.describe();
    const folder = `gs://exports/tests/${handle.workflowId}/${runId}/`;
    await eventually('some files exist', async () => (await objects(folder)).length === 2);
    await handle.cancel();
    await exportCancelled(handle);
    return { handle, folder };
  }

  test("deletePartialArtifacts deletes the files of a cancelled export in the run's folder only", async () => {
    const neighbour = 'tests/neighbour/file.bin';
    const upload = `${stack().store.url}/upload/storage/v1/b/exports/o?uploadType=media&name=`;
    await fetch(`${upload}${encodeURIComponent(neighbour)}`, { method: 'POST', body: 'x' });
    const { handle, folder } = await cancelled({ deletePartialArtifacts: true });
    assert.deepEqual(await objects(folder), []);
    assert.match(
      (await handle.status()).failure ?? '',
      /nothing is left in gs:\/\/exports\/tests\/.*: 2 objects were deleted/,
    );
    assert.deepEqual(await objects('gs://exports/tests/neighbour/'), [neighbour]);
  });

  test('files of a cancelled export are kept by default', async () => {
    const { folder } = await cancelled({});
    assert.equal((await objects(folder)).length, 2);
  });

  test('the failure of a cancelled export has the objects that could not be deleted, and the reason', async () => {
    const store = stack().vertex.addFault({
      match: { method: 'DELETE', path: '/b/exports/o/.*a\\.bin$' },
      fault: {
        status: 403,
        body: { error: { code: 403, message: 'kept', errors: [{ reason: 'retentionPolicyNotMet' }] } },
      },
    });
    const { handle, folder } = await cancelled({ deletePartialArtifacts: true });
    assert.ok(stack().vertex.faultUses(store) > 0);
    assert.equal((await objects(folder)).length, 1);
    assert.match(
      (await handle.status()).failure ?? '',
      /objects left in gs:\/\/exports\/tests\/.*: 1, deleted: 1; the reason: .*retention policy of the bucket protects the object/,
    );
  });

  test('deletePartialArtifacts does not delete files of an operation that succeeded before the cancel', async () => {
    const name = addModel(stack().vertex, { formats: { tflite: files }, durationMs: 1_500 });
    stack().vertex.setCapabilities({ cancel: 'unimplemented' });
    const input = { name, outputConfig: ARTIFACTS, deletePartialArtifacts: true, ...QUICK };
    const handle = await temporal().exports.start(input);
    await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
    await handle.cancel();
    await exportCancelled(handle);
    stack().vertex.setCapabilities({ cancel: 'implemented' });
    const { outputInfo, failure } = await handle.status();
    assert.equal((await objects(outputInfo?.artifactOutputUri ?? '-')).length, 4);
    assert.match(failure ?? '', /had succeeded before the cancel reached it/);
  });
});
