import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, suite, test } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import { ExportFailureType } from '../../../src/contract/failures';
import type { AwaitedExport, AwaitExportRequest } from '../../../src/contract/export-activities';
import type { GoogleOptions } from '../../../src/activities';
import { activitiesOf, activityEnvironment, failureOf, run } from '../../support/activities';
import type { TestModel } from '../../support/models';
import { addModel } from '../../support/models';
import { POLLING, startRequest } from '../../support/requests';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();
beforeEach(() => {
  const { vertex } = services();
  vertex.clearFaults();
  vertex.clearRequests();
  vertex.setCapabilities({ wait: 'honoured', requiredToken: null });
});

async function startedExport(model: TestModel = {}): Promise<AwaitExportRequest> {
  const request = startRequest(addModel(services().vertex, model));
  const { operation } = await run(activitiesOf(services()).startExport, request);
  return { operation, polling: POLLING };
}

function wait(request: AwaitExportRequest, options: GoogleOptions = {}): Promise<AwaitedExport> {
  return run(activitiesOf(services(), options).awaitExport, request);
}

function requestsOf({ operation }: AwaitExportRequest, route: string): number {
  const id = operation.split('/').at(-1) ?? '-';
  return services()
    .vertex.requests()
    .requests.filter((request) => request.route === route && request.path.includes(id)).length;
}

function stateOf({ operation }: AwaitExportRequest): string | undefined {
  return services()
    .vertex.operations()
    .find(({ name }) => name === operation)?.state;
}

suite('awaitExport', () => {
  test('returns the output and the times of the finished operation', async () => {
    const request = await startedExport({ durationMs: 300 });
    const { outputInfo, createTime, updateTime } = await wait(request);
    assert.match(outputInfo.artifactOutputUri ?? '', /^gs:\/\/exports\/.*\/model-export-test-model-/);
    assert.ok(Date.parse(updateTime ?? '') - Date.parse(createTime ?? '') >= 250);
  });

  test('uses a single long poll if the service honours it', async () => {
    const request = await startedExport({ durationMs: 500 });
    assert.equal((await wait(request)).polls, 1);
    assert.equal(requestsOf(request, 'operations.wait'), 1);
    assert.equal(requestsOf(request, 'operations.get'), 0);
  });

  for (const capability of ['unimplemented', 'returns-early'] as const) {
    test(`polls with pauses if :wait is ${capability}`, async () => {
      services().vertex.setCapabilities({ wait: capability });
      const request = await startedExport({ durationMs: 500 });
      await wait(request);
      assert.equal(requestsOf(request, 'operations.wait'), 1, 'it is tried once');
      assert.ok(requestsOf(request, 'operations.get') >= 2);
    });
  }

  const passing = {
    '503': { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'busy' } } },
    '429': { status: 429, body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down' } } },
    'page of a proxy': { html: 502 },
    'lost connection': { reset: true },
    'half an answer': { truncate: true },
  } as const;
  for (const [title, fault] of Object.entries(passing)) {
    test(`continues after a ${title}`, async () => {
      const request = await startedExport();
      services().vertex.addFault({ match: { path: '/operations/' }, times: 1, fault });
      assert.ok((await wait(request)).outputInfo.artifactOutputUri);
    });
  }

  test('treats a 404 as final only if it persists', async () => {
    const request = await startedExport();
    const error = { code: 404, status: 'NOT_FOUND', message: 'not found' };
    services().vertex.addFault({ match: { path: '/operations/' }, times: 1, fault: { status: 404, body: { error } } });
    assert.ok((await wait(request)).outputInfo.artifactOutputUri);

    const forgotten = { ...request, operation: `${request.operation}9` };
    const failure = await failureOf(wait(forgotten, { notFoundMs: 2_000 }), ExportFailureType.OperationNotFound);
    assert.match(failure.message, /The service no longer has the/);
    assert.equal(failure.retryable, false);
  });

  test('fails with a retryable error if the service does not answer correctly for too long', async () => {
    const request = await startedExport({ durationMs: 60_000 });
    const error = { code: 503, status: 'UNAVAILABLE', message: 'busy' };
    services().vertex.addFault({ match: { path: '/operations/' }, fault: { status: 503, body: { error } } });
    const failure = await failureOf(wait(request, { outageMs: 1_500 }), ExportFailureType.Unavailable);
    assert.equal(failure.retryable, true);
    assert.ok(requestsOf(request, 'operations.get') >= 1, 'it continued to poll before it ended');
    assert.equal(stateOf(request), 'running');
  });

  test('requests a new token after a 401', async () => {
    const { vertex } = services();
    const request = await startedExport({ durationMs: 300 });
    vertex.setCapabilities({ requiredToken: 'fresh' });
    let token = 'stale';
    const credentials = {
      headers: () => Promise.resolve({ authorization: `Bearer ${token}` }),
      refresh: () => {
        token = 'fresh';
      },
    };
    const endpoints = { vertex: vertex.url };
    const emulators = { storage: services().store.url };
    assert.ok((await wait(request, { endpoints, emulators, credentials })).outputInfo.artifactOutputUri);
  });

  test('fails with the message of the operation, and states whether another export can help', async () => {
    const unavailable = await startedExport({ outcome: { error: { code: 14, message: 'backend went away' } } });
    const passing = await failureOf(wait(unavailable), ExportFailureType.OperationFailed);
    assert.match(passing.message, /ended with UNAVAILABLE: backend went away/);
    assert.equal(passing.details.exportAgain, true);

    const denied = await startedExport({ outcome: { error: { code: 7, message: 'no storage.objects.create' } } });
    const lasting = await failureOf(wait(denied), ExportFailureType.PermissionDenied);
    assert.match(lasting.message, /no storage\.objects\.create/);
    const grant = /add-iam-policy-binding gs:\/\/exports --member=serviceAccount:service-\d+@gcp-sa-aiplatform\.iam/;
    assert.match(lasting.details.action, grant);
    assert.equal(lasting.details.exportAgain, false);
    assert.equal(lasting.details.operation, denied.operation);
  });

  test('reports that another client cancelled the operation', async () => {
    const request = await startedExport({ durationMs: 10_000 });
    const waiting = failureOf(wait(request), ExportFailureType.OperationCancelled);
    await fetch(`${services().vertex.url}/v1beta1/${request.operation}:cancel`, { method: 'POST' });
    assert.match((await waiting).message, /Another client, or the run before a reset, cancelled/);
  });

  for (const reason of ['PAUSED', 'RESET', 'WORKER_SHUTDOWN', 'CANCELLED', 'TIMED_OUT'] as const) {
    test(`stops polling and leaves the operation running if it is interrupted by ${reason}`, async () => {
      const request = await startedExport({ durationMs: 60_000 });
      const environment = activityEnvironment();
      const waiting = environment.run(activitiesOf(services()).awaitExport, {
        ...request,
        polling: { ...POLLING, heartbeatTimeout: 400 },
      });
      await once(environment, 'heartbeat');
      environment.cancel(reason);
      await assert.rejects(waiting, (error: unknown) => error instanceof CancelledFailure);
      assert.equal(stateOf(request), 'running');
      assert.equal(requestsOf(request, 'operations.cancel'), 0);
    });
  }

  test('reports the operation and the polling strategy in its heartbeats', async () => {
    const request = await startedExport({ durationMs: 400 });
    const environment = activityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    await environment.run(activitiesOf(services()).awaitExport, {
      ...request,
      polling: { ...POLLING, heartbeatTimeout: 400 },
    });
    const { operation } = request;
    assert.deepEqual(beats[0], { operation, waited: '0 s', polls: 1, failures: 0, strategy: 'long polls' });
  });
});
