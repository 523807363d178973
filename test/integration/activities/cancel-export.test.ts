import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { beforeEach, suite, test } from 'node:test';
import type { Fault } from '../../../emulator';
import type {
  CancelExportRequest,
  CancelledOperation,
  StartExportRequest,
} from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { activitiesOf, activityEnvironment, failureOf, run } from '../../support/activities';
import type { TestModel } from '../../support/models';
import { addModel } from '../../support/models';
import { cancelRequest, POLLING, startRequest } from '../../support/requests';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();
beforeEach(() => {
  services().vertex.clearFaults();
  services().vertex.setCapabilities({ cancel: 'implemented', list: 'implemented' });
});

async function startedExport(model: TestModel): Promise<{ request: StartExportRequest; operation: string }> {
  const request = startRequest(addModel(services().vertex, model));
  const { operation } = await run(activitiesOf(services()).startExport, request);
  return { request, operation };
}

/** An export whose operation has ended. */
async function endedExport(model: TestModel): Promise<{ request: StartExportRequest; operation: string }> {
  const started = await startedExport({ ...model, durationMs: 0 });
  const { operation } = started;
  await run(activitiesOf(services()).awaitExport, { operation, polling: POLLING }).catch(() => undefined);
  return started;
}

function cancel(request: CancelExportRequest): Promise<CancelledOperation[]> {
  return run(activitiesOf(services()).cancelExport, request);
}

const REFUSALS = [
  [400, 'INVALID_ARGUMENT'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [412, 'FAILED_PRECONDITION'],
  [501, 'UNIMPLEMENTED'],
] as const;

function refusal(status: number, name: string): Fault {
  return { status, body: { error: { code: status, status: name, message: 'refused' } } };
}

suite('cancelExport', () => {
  test('cancels the operation and waits for its end', async () => {
    const { request, operation } = await startedExport({ durationMs: 60_000 });
    const [ended] = await cancel(cancelRequest(request, operation));
    assert.deepEqual([ended?.operation, ended?.outcome], [operation, 'cancelled']);
    assert.ok(ended?.outputInfo.artifactOutputUri?.startsWith(request.destinations.outputUriPrefix ?? '-'));
  });

  test('reports that the operation had succeeded if the cancel came too late', async () => {
    const { request, operation } = await endedExport({});
    const [ended] = await cancel(cancelRequest(request, operation));
    assert.equal(ended?.outcome, 'succeeded');
  });

  test('reports that the operation had failed', async () => {
    const { request, operation } = await endedExport({
      outcome: { error: { code: 13, message: 'oops' } },
    });
    const [ended] = await cancel(cancelRequest(request, operation));
    assert.equal(ended?.outcome, 'failed');
  });

  test("finds the run's operation if its name is not known, and does not cancel operations of other runs", async () => {
    const { request, operation } = await startedExport({ durationMs: 60_000 });
    const other = await run(activitiesOf(services()).startExport, {
      ...startRequest(request.model.replace('@1', '')),
    });
    const ended = await cancel(cancelRequest(request));
    assert.deepEqual(
      ended.map(({ operation: name, outcome }) => [name, outcome]),
      [[operation, 'cancelled']],
    );
    const state = services()
      .vertex.operations()
      .find(({ name }) => name === other.operation)?.state;
    assert.equal(state, 'running');
  });

  test('finds an operation that is listed late', async () => {
    services().vertex.setCapabilities({ list: { appearsAfterMs: 150 } });
    const { request, operation } = await startedExport({ durationMs: 60_000 });
    const activities = activitiesOf(services(), { settleDelayMs: 500 });
    const ended = await run(activities.cancelExport, cancelRequest(request));
    assert.deepEqual(
      ended.map(({ operation: name }) => name),
      [operation],
    );
  });

  test('cancels nothing if no operation was started', async () => {
    assert.deepEqual(await cancel(cancelRequest(startRequest(addModel(services().vertex)))), []);
  });

  test('waits for the end of the operation if the service cannot cancel it', async () => {
    services().vertex.setCapabilities({ cancel: 'unimplemented' });
    const { request, operation } = await startedExport({ durationMs: 300 });
    const [ended] = await cancel(cancelRequest(request, operation));
    assert.equal(ended?.outcome, 'succeeded');
  });

  for (const [status, name] of REFUSALS.slice(0, 3)) {
    test(`retries a cancel that is refused with ${status}, and fails if the refusal persists`, async () => {
      const { request, operation } = await startedExport({ durationMs: 60_000 });
      const fault = refusal(status, name);
      services().vertex.addFault({ match: { method: 'POST', path: ':cancel$' }, fault, times: 2 });
      assert.equal(await outcomeOf(cancelRequest(request, operation), Date.now()), 'retried');
      assert.equal(await outcomeOf(cancelRequest(request, operation), Date.now() - 600_000), 'refused');
      assert.equal(await outcomeOf(cancelRequest(request, operation), Date.now()), 'cancelled');
    });
  }

  test('retries a cancel after its first refusal, even if the activity waited for a worker for a long time', async () => {
    const { request, operation } = await startedExport({ durationMs: 60_000 });
    const fault = refusal(403, 'PERMISSION_DENIED');
    services().vertex.addFault({ match: { method: 'POST', path: ':cancel$' }, fault, times: 1 });
    const environment = activityEnvironment({ scheduledTimestampMs: Date.now() - 3_600_000, attempt: 1 });
    const cancelled = environment.run(activitiesOf(services()).cancelExport, cancelRequest(request, operation));
    assert.equal((await failureOf(cancelled, ExportFailureType.PermissionDenied)).retryable, true);
  });

  test('retries a cancel that is refused for a failed precondition while the operation runs', async () => {
    const { request, operation } = await startedExport({ durationMs: 60_000 });
    const fault = refusal(412, 'FAILED_PRECONDITION');
    services().vertex.addFault({ match: { method: 'POST', path: ':cancel$' }, fault, times: 1 });
    assert.equal(await outcomeOf(cancelRequest(request, operation), Date.now()), 'retried');
    assert.equal(await outcomeOf(cancelRequest(request, operation), Date.now()), 'cancelled');
  });

  for (const [status, name] of REFUSALS) {
    test(`does not report that nothing was started if the list is refused with ${status}`, async () => {
      const { request } = await startedExport({ durationMs: 60_000 });
      const fault = refusal(status, name);
      services().vertex.addFault({ match: { method: 'GET', path: '/operations$' }, fault, times: 2 });
      assert.equal(await outcomeOf(cancelRequest(request), Date.now()), 'retried');
      assert.equal(await outcomeOf(cancelRequest(request), Date.now() - 600_000), 'refused');
      assert.equal(await outcomeOf(cancelRequest(request), Date.now()), 'cancelled');
    });
  }
});

/** The outcome of the first operation, or whether the failing step is retried or refused. */
async function outcomeOf(request: CancelExportRequest, scheduledTimestampMs: number): Promise<string | undefined> {
  const { cancelExport } = activitiesOf(services());
  try {
    const attempt = scheduledTimestampMs < Date.now() - 60_000 ? 12 : 1;
    const environment = activityEnvironment({ scheduledTimestampMs, attempt });
    const ended: CancelledOperation[] = await environment.run(cancelExport, request);
    return ended[0]?.outcome;
  } catch (error) {
    assert.ok(error instanceof ApplicationFailure, String(error));
    return error.nonRetryable ? 'refused' : 'retried';
  }
}
