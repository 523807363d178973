import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ExportHandle, ExportModelInput } from '../../../src';
import { ExportFailureType } from '../../../src';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, exportFailure, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
// One slot for all activities: an activity that does not release it blocks all others.
const temporal = useExports(stack, { VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS: '1' });

const LONG: Partial<ExportModelInput> = { ...QUICK, longExports: { parkAfter: '1s', checkEvery: '1s' } };

function startLong(durationMs: number, changes: Partial<ExportModelInput> = {}): Promise<ExportHandle> {
  const name = addModel(stack().vertex, { durationMs });
  return temporal().exports.start({ name, outputConfig: ARTIFACTS, ...LONG, ...changes });
}

/** Of temporal.api.enums.v1.PendingActivityState. */
const PENDING_ACTIVITY_STATE_STARTED = 2;

interface Pending {
  readonly attempt: number;
  readonly failure: string | undefined;
  readonly isRunning: boolean;
  readonly heartbeat: unknown;
}

async function pendingActivity(handle: ExportHandle): Promise<Pending | undefined> {
  const { raw } = await handle.workflow.describe();
  const [activity] = raw.pendingActivities ?? [];
  if (activity?.activityType?.name !== 'awaitExport') return undefined;
  const [heartbeat] = activity.heartbeatDetails?.payloads ?? [];
  return {
    attempt: activity.attempt ?? 0,
    failure: activity.lastFailure?.message ?? undefined,
    isRunning: Number(activity.state) === PENDING_ACTIVITY_STATE_STARTED,
    heartbeat: heartbeat && defaultPayloadConverter.fromPayload(heartbeat),
  };
}

async function untilParked(handle: ExportHandle, attempt = 2): Promise<Pending> {
  let pending: Pending | undefined;
  await eventually('it is parked', async () => {
    pending = await pendingActivity(handle);
    return pending !== undefined && pending.attempt >= attempt && pending.failure !== undefined;
  });
  assert.ok(pending);
  return pending;
}

const operationOf = async (handle: ExportHandle): Promise<string> => (await handle.status()).operation ?? '';
const stateOf = (operation: string): string | undefined =>
  stack()
    .vertex.operations()
    .find(({ name }) => name === operation)?.state;

suite('an export that runs longer than parkAfter:', () => {
  test('a parked export frees its slot for others and reports that it is still running', async () => {
    const long = await startLong(600_000);
    const pending = await untilParked(long);
    assert.match(
      pending.failure ?? '',
      /is still running; the export parks, as longExports requires — .* again in 1 s\.$/,
    );
    const { operation, waited } = pending.heartbeat as { operation: string; waited: string };
    assert.equal(operation, await operationOf(long));
    assert.match(waited, /^\d+ s$/);
    const name = addModel(stack().vertex);
    const short = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    assert.equal((await short.result()).files?.count, 1);
    assert.equal(stateOf(operation), 'running');
    await long.cancel();
    await exportCancelled(long);
  });

  test('a parked export is polled once per attempt and succeeds like any other', async () => {
    const handle = await startLong(4_000);
    await untilParked(handle, 3);
    const { attempts, files } = await handle.result();
    assert.deepEqual([attempts.length, files?.count], [1, 1]);
  });

  test('a parked export is cancelled with its operation', async () => {
    const handle = await startLong(600_000, { longExports: { parkAfter: '1s', checkEvery: '1h' } });
    const { isRunning } = await untilParked(handle);
    assert.equal(isRunning, false);
    const operation = await operationOf(handle);
    await handle.cancel();
    await exportCancelled(handle);
    assert.equal(stateOf(operation), 'cancelled');
  });

  test('a parked export is cancelled with its operation at the deadline and not an interval before', async () => {
    const handle = await startLong(600_000, { deadline: '6s', longExports: { parkAfter: '1s', checkEvery: '2s' } });
    const { details } = await exportFailure(handle, ExportFailureType.DeadlineExceeded);
    assert.equal(stateOf(details.operation ?? ''), 'cancelled');
    const history = await handle.workflow.fetchHistory();
    const timedOut = history.events?.find(
      ({ activityTaskTimedOutEventAttributes }) => activityTaskTimedOutEventAttributes,
    );
    assert.ok(timedOut, 'it was polled until the deadline');
  });

  test('a parked export stays parked after its activity is reset', async () => {
    const handle = await startLong(600_000, { longExports: { parkAfter: '1s', checkEvery: '1h' } });
    await untilParked(handle);
    const operation = await operationOf(handle);
    const id = operation.split('/').at(-1) ?? '-';
    stack().vertex.clearRequests();
    await temporal().client.workflowService.resetActivity({
      namespace: 'default',
      execution: { workflowId: handle.workflowId },
      type: 'awaitExport',
      resetHeartbeat: true,
    });
    await eventually('the operation is polled', () => (stack().vertex.requests().countByOperation[id] ?? 0) > 0);
    await untilParked(handle);
    assert.equal(stack().vertex.requests().countByOperation[id], 1, 'one look, and no long poll');
    assert.equal(stack().vertex.requests().countByRoute['operations.wait'], undefined);
    await handle.cancel();
    await exportCancelled(handle);
  });

  test('a parked export stays parked while the service does not answer', async () => {
    const handle = await startLong(5_000);
    await untilParked(handle);
    const error = { code: 503, status: 'UNAVAILABLE', message: 'busy' };
    const operation = await operationOf(handle);
    const fault = stack().vertex.addFault({
      match: { path: operation },
      times: 2,
      fault: { status: 503, body: { error } },
    });
    await eventually('the fault hits', () => stack().vertex.faultUses(fault) === 2);
    assert.equal((await handle.result()).attempts.length, 1);
    assert.deepEqual(
      operationsOf(stack().vertex, (await handle.result()).model.replace(/@.*/, '')).map(({ state }) => state),
      ['succeeded'],
    );
  });
});
