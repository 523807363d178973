import assert from 'node:assert/strict';
import { afterEach, suite, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultRule } from '../../../emulator';
import { ExportFailureType } from '../../../src';
import type { ExportModelInput } from '../../../src';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, exportFailure, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
const temporal = useExports(stack);
const FOREVER_MS = 600_000;

afterEach(() => {
  stack().vertex.clearFaults();
  stack().vertex.setCapabilities({ list: 'implemented', cancel: 'implemented', wait: 'honoured' });
});

const UNAVAILABLE = {
  status: 503,
  body: { error: { code: 503, status: 'UNAVAILABLE', message: 'under maintenance' } },
};
const DENIED = { status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'no access' } } };

/** Requests that read a single operation. */
const POLLS = { path: String.raw`/operations/\d+(:wait)?$` };

function fault(rule: Omit<FaultRule, 'match'>, match: FaultRule['match'] = POLLS): void {
  stack().vertex.addFault({ match, ...rule });
}

function start(name: string, changes: Partial<ExportModelInput> = {}) {
  return temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK, ...changes });
}

function statesOf(name: string): string[] {
  return operationsOf(stack().vertex, name).map(({ state }) => state);
}

async function untilStage(handle: Awaited<ReturnType<typeof start>>, stage: string): Promise<void> {
  await eventually(`its stage is ${stage}`, async () => (await handle.status()).stage === stage);
}

/** Resets a workflow to the end of its n-th finished workflow task, and returns the handle of the new run. */
async function reset(workflow: WorkflowHandle, task: number): Promise<WorkflowHandle> {
  const { client } = temporal();
  const { events = [] } = await workflow.fetchHistory();
  const finished = (events ?? []).filter(({ workflowTaskCompletedEventAttributes: done }) => done);
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: workflow.workflowId, runId: (await workflow.describe()).runId },
    reason: 'a test',
    requestId: `${workflow.workflowId}-${task}`,
    workflowTaskFinishEventId: finished[task - 1]?.eventId ?? null,
  });
  return client.workflow.getHandle(workflow.workflowId, runId);
}

suite('the end of an export:', () => {
  test('the failure of a deadline during an outage contains the last answer of the service', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    fault({ fault: UNAVAILABLE });
    const handle = await start(name, { deadline: '5s' });
    await untilStage(handle, 'cancelling');
    stack().vertex.clearFaults();
    const { message, details } = await exportFailure(handle, ExportFailureType.DeadlineExceeded);
    assert.match(message, /the last failure was ExportError\.Unavailable: .*under maintenance.*ended cancelled/s);
    assert.equal(details.lastFailure?.status, 'UNAVAILABLE');
    assert.deepEqual(statesOf(name), ['cancelled']);
  });

  test('the failure of a deadline at the first step contains the last error', async () => {
    const name = addModel(stack().vertex);
    fault({ fault: UNAVAILABLE }, { method: 'GET', path: `${name}$` });
    const { details } = await exportFailure(await start(name, { deadline: '4s' }), ExportFailureType.DeadlineExceeded);
    assert.equal(details.lastFailure?.type, ExportFailureType.Unavailable);
    assert.match(details.lastFailure.message, /under maintenance/);
    assert.deepEqual(statesOf(name), []);
  });

  test('a refusal that persists during the wait ends the export and cancels the operation', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    fault({ fault: DENIED, times: 4 });
    const handle = await start(name);
    const { message } = await exportFailure(handle, ExportFailureType.PermissionDenied);
    assert.match(message, /ended cancelled/);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });

  test('one refusal or one page of a proxy during the wait changes nothing', async () => {
    const name = addModel(stack().vertex, { durationMs: 3_000 });
    fault({ fault: DENIED, times: 1 });
    fault({ fault: { html: 403 }, times: 2 });
    fault({ fault: { status: 412, body: {} }, times: 1 });
    const { attempts } = await (await start(name)).result();
    assert.equal(attempts.length, 1);
    assert.deepEqual(statesOf(name), ['succeeded']);
  });

  test('an abort of a blocked export cancels the operation that still runs', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    fault({ fault: DENIED, times: 4 });
    const handle = await start(name, { onBlocked: 'wait' });
    await untilStage(handle, 'blocked');
    await handle.abort();
    await exportFailure(handle, ExportFailureType.PermissionDenied);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });

  test('an operation that cannot be cancelled is named in the failure and in the status', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    fault({ fault: DENIED }, { path: String.raw`/operations(/\d+(:wait|:cancel)?)?$` });
    const handle = await start(name, { deadline: '3s' });
    // Without the list the export knows of no started operation, so it may start one.
    const { message, details } = await exportFailure(handle, ExportFailureType.DeadlineExceeded);
    const [operation] = operationsOf(stack().vertex, name);
    assert.ok(operation);
    assert.equal(details.operation, operation.name);
    assert.match(message, new RegExp(`${operation.name} could not be cancelled and may still run: .*no access`));
    assert.match((await handle.status()).failure ?? '', /could not be cancelled/);
  });

  test('a cancel whose first requests are refused is retried', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handle = await start(name);
    await untilStage(handle, 'exporting');
    fault({ fault: { html: 403 }, times: 2 }, { path: ':cancel$' });
    fault({ fault: { status: 404, body: {} }, times: 1 }, { path: ':cancel$' });
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });
});

suite('a reset export', () => {
  for (const [point, task] of [
    ['before the format was selected', 1],
    ['before the start', 2],
    ['while it waits', 3],
  ] as const) {
    test(`continues with its operation if it is reset to the point ${point}`, async () => {
      const name = addModel(stack().vertex, { durationMs: 4_000 });
      const handle = await start(name);
      await untilStage(handle, 'exporting');
      const run = await reset(handle.workflow, task);
      await run.result();
      const operations = operationsOf(stack().vertex, name);
      assert.deepEqual(
        operations.map(({ state }) => state),
        ['succeeded'],
      );
      assert.equal((await temporal().exports.get(handle.workflowId).status()).operation, operations[0]?.name);
    });
  }

  test('ends after a cancel', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handle = await start(name);
    await untilStage(handle, 'exporting');
    await reset(handle.workflow, 1);
    const again = temporal().exports.get(handle.workflowId);
    await untilStage(again, 'exporting');
    await again.cancel();
    await exportCancelled(again);
    assert.deepEqual(statesOf(name), ['cancelled']);
  });
});
