import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExportHandle } from '../../../src';
import { at, call } from '../../support/http';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
// The emulator's gateway can also slow down the object store.
const temporal = useExports(stack, ({ vertex }) => ({ STORAGE_EMULATOR_HOST: vertex.url }));

async function waitingExport(durationMs: number): Promise<{ handle: ExportHandle; name: string }> {
  const name = addModel(stack().vertex, { durationMs });
  const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
  await eventually('it waits', async () => (await pendingActivity(handle))?.hasHeartbeats === true);
  return { handle, name };
}

/** The running activity as the server describes it. */
async function pendingActivity(
  handle: ExportHandle,
): Promise<{ paused: boolean; attempt: number; hasHeartbeats: boolean } | undefined> {
  const { raw } = await handle.workflow.describe();
  const [activity] = raw.pendingActivities ?? [];
  if (activity?.activityType?.name !== 'awaitExport') return undefined;
  return {
    paused: activity.paused === true,
    attempt: activity.attempt ?? 0,
    hasHeartbeats: activity.heartbeatDetails !== null && activity.heartbeatDetails !== undefined,
  };
}

function statesOf(model: string): string[] {
  return operationsOf(stack().vertex, model).map(({ state }) => state);
}

const activityOf = ({
  workflowId,
}: ExportHandle): { namespace: string; execution: { workflowId: string }; type: string } => ({
  namespace: 'default',
  execution: { workflowId },
  type: 'awaitExport',
});

suite('awaitExport under control of the server', () => {
  test('leaves its operation running while it is paused, and continues after it is unpaused', async () => {
    const { handle, name } = await waitingExport(5_000);
    const { workflowService } = temporal().client;
    await workflowService.pauseActivity(activityOf(handle));
    await eventually('it is paused', async () => (await pendingActivity(handle))?.paused === true);
    assert.deepEqual(statesOf(name), ['running']);
    await workflowService.unpauseActivity(activityOf(handle));
    assert.equal((await handle.result()).files?.count, 1);
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('waits for the same operation again after a reset', async () => {
    const { handle, name } = await waitingExport(4_000);
    await temporal().client.workflowService.resetActivity({ ...activityOf(handle), resetHeartbeat: true });
    const { attempts } = await handle.result();
    assert.equal(attempts.length, 1);
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('is cancelled together with its operation while it is paused', async () => {
    const { handle, name } = await waitingExport(600_000);
    await temporal().client.workflowService.pauseActivity(activityOf(handle));
    await eventually('it is paused', async () => (await pendingActivity(handle))?.paused === true);
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });
});

suite('an export can be cancelled', () => {
  const stages: { stage: string; path: (id: string) => string }[] = [
    { stage: 'selecting', path: (id) => `/models/${id}$` },
    { stage: 'starting', path: (id) => `/models/${id}/operations$` },
    { stage: 'exporting', path: (id) => `/models/${id}/operations/\\d+` },
  ];
  for (const { stage, path } of stages) {
    test(`while it is ${stage} and the service does not answer`, async () => {
      const name = addModel(stack().vertex, { durationMs: 600_000 });
      const id = name.split('/').at(-1) ?? '';
      const fault = stack().vertex.addFault({ match: { path: path(id) }, fault: { delayMs: 3_000 } });
      const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
      await eventually('the fault hits', () => stack().vertex.faultUses(fault) > 0);
      await eventually('the stage is reached', async () => (await handle.status()).stage === stage);
      await handle.cancel();
      await exportCancelled(handle);
      stack().vertex.removeFault(fault);
      assert.equal((await handle.status()).stage, 'cancelled');
      assert.deepEqual(
        statesOf(name).filter((state) => state !== 'cancelled'),
        [],
      );
    });
  }

  test('while it is verified, and keeps the files that arrived', async () => {
    const name = addModel(stack().vertex);
    const match = { method: 'GET', path: '/b/exports/o$' };
    const fault = stack().vertex.addFault({ match, fault: { delayMs: 3_000 } });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it is verified', async () => (await handle.status()).stage === 'verifying');
    await handle.cancel();
    await exportCancelled(handle);
    stack().vertex.removeFault(fault);
    assert.deepEqual(statesOf(name), ['succeeded']);
    const status = await handle.status();
    assert.equal(status.stage, 'cancelled');
    const prefix = encodeURIComponent((status.outputInfo?.artifactOutputUri ?? '-').replace('gs://exports/', ''));
    const { body } = await call('GET', `${stack().store.url}/storage/v1/b/exports/o?prefix=${prefix}`);
    assert.match(String(at(body, 'items', 0, 'name')), /model\.tflite$/);
  });
});
