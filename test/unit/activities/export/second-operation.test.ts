import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { awaitExport } from '../../../../src/activities/export/await-export';
import type { ExportDependencies } from '../../../../src/activities/dependencies';
import { startExport } from '../../../../src/activities/export/start-export';
import type { AwaitExportRequest, StartedExport } from '../../../../src/contract/export-activities';
import type { ExportOperation, VertexApi } from '../../../../src/google/vertex';
import { activityEnvironment, workflowStatusClient } from '../../../support/activities';
import { POLLING, startRequest } from '../../../support/requests';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const FIRST = `${MODEL}/operations/1`;
const SECOND = `${MODEL}/operations/2`;
const THIRD = `${MODEL}/operations/3`;
/** Longer than the search for a second operation takes, in milliseconds. */
const EXPORT_MS = 500;

const request = startRequest(MODEL);

function operation(name: string, seconds: number): ExportOperation {
  const createTime = new Date(Date.parse(request.notBefore) + seconds * 1_000).toISOString();
  const artifactOutputUri = `${request.destinations.outputUriPrefix ?? ''}model`;
  return { name, done: false, metadata: { genericMetadata: { createTime }, outputInfo: { artifactOutputUri } } };
}

/** Vertex AI that lists the given operations and records cancel requests. */
function vertexThat(
  listed: () => readonly ExportOperation[],
  exportModel: VertexApi['exportModel'],
  cancelled: (name: string) => void,
): VertexApi {
  const vertex: Partial<VertexApi> = {
    listOperations: (_parent, _token, signal) =>
      signal?.aborted
        ? Promise.reject(new Error('the request timed out'))
        : Promise.resolve({ operations: [...listed()], nextPageToken: '' }),
    exportModel,
    cancelOperation: (name) => {
      cancelled(name);
      return Promise.resolve();
    },
  };
  return vertex as VertexApi;
}

function dependencies(vertex: VertexApi, changes: Partial<ExportDependencies>): ExportDependencies {
  const deps: Partial<ExportDependencies> = {
    vertex,
    settleDelayMs: 0,
    submission: () => Promise.resolve({ vertex, release: () => undefined }),
    ...changes,
  };
  return deps as ExportDependencies;
}

/** Heartbeats are ignored here. */
const ignore = (): void => undefined;

suite('a second operation of one export attempt', () => {
  test('is cancelled by the attempt that started it, even if that attempt was abandoned before the answer', async () => {
    const environment = activityEnvironment({ attempt: 2 });
    const listed: ExportOperation[] = [];
    const cancelled: string[] = [];
    const vertex = vertexThat(
      () => listed,
      () => {
        // The next attempt found or started another operation before this request took effect.
        listed.push(operation(FIRST, 1), operation(SECOND, 2));
        environment.cancel('TIMED_OUT');
        return Promise.resolve(operation(SECOND, 2));
      },
      (name) => cancelled.push(name),
    );
    const storage: Partial<ExportDependencies['storage']> = {
      // eslint-disable-next-line @typescript-eslint/require-await -- the folder is empty
      listObjects: async function* () {
        yield [];
      },
    };
    const deps = dependencies(vertex, { storage: storage as ExportDependencies['storage'] });
    await environment.run(() => startExport(deps, request, ignore)).catch(() => undefined);
    assert.deepEqual(cancelled, [SECOND]);
  });

  test('is found and cancelled while the activity waits for the first one', async () => {
    const events: string[] = [];
    const vertex = vertexThat(
      () => [operation(FIRST, 1), operation(SECOND, 2)],
      () => Promise.reject(new Error('nothing is started')),
      (name) => events.push(`cancelled ${name}`),
    );
    const poller: Partial<ExportDependencies['poller']> = {
      waitForEnd: async () => {
        await new Promise((resolve) => setTimeout(resolve, EXPORT_MS));
        events.push('ended');
        return { operation: { ...operation(FIRST, 1), done: true }, polls: 1 };
      },
    };
    const awaited: AwaitExportRequest = { operation: FIRST, polling: POLLING, twinOf: request };
    const deps = dependencies(vertex, { poller: poller as ExportDependencies['poller'] });
    await activityEnvironment().run(() => awaitExport(deps, awaited, ignore));
    assert.deepEqual(events.slice(0, 2), [`cancelled ${SECOND}`, 'ended']);
  });

  test('is not adopted after its cancel, even if the first one fails later', async () => {
    let sent = 0;
    const cancelled = {
      ...operation(SECOND, 2),
      done: true,
      error: { code: 1, message: 'The operation was cancelled.' },
    };
    const vertex = vertexThat(
      () => [{ ...operation(FIRST, 1), done: true }, cancelled],
      () => {
        sent += 1;
        return Promise.resolve(operation(THIRD, 3));
      },
      () => assert.fail('nothing runs that could be cancelled'),
    );
    const again = { ...request, exclude: [FIRST] };
    const start = (status: string): Promise<StartedExport> =>
      activityEnvironment({}, { client: workflowStatusClient(() => status) }).run(() =>
        startExport(dependencies(vertex, {}), again, ignore),
      );
    // The cancelled operation can mean that the workflow was cancelled, and this attempt is a late one.
    await assert.rejects(start('CANCELED'), CancelledFailure);
    assert.equal(sent, 0);
    assert.equal((await start('RUNNING')).operation, THIRD);
  });

  test('is kept if the first one was cancelled in favour of it', async () => {
    const vertex = vertexThat(
      () => [operation(FIRST, 1), operation(SECOND, 2)],
      () => Promise.reject(new Error('nothing is started')),
      (name) => {
        if (name === FIRST) assert.fail('the one that was kept is cancelled');
      },
    );
    const error = { code: 1, message: 'The operation was cancelled.' };
    const poller: Partial<ExportDependencies['poller']> = {
      waitForEnd: () => Promise.resolve({ operation: { ...operation(SECOND, 2), done: true, error }, polls: 1 }),
    };
    const awaited: AwaitExportRequest = {
      operation: SECOND,
      polling: POLLING,
      twinOf: { ...request, exclude: [FIRST] },
    };
    const deps = dependencies(vertex, { poller: poller as ExportDependencies['poller'] });
    const alone = await activityEnvironment()
      .run(() => awaitExport(deps, awaited, ignore))
      .catch((reason: unknown) => reason);
    assert.ok(alone instanceof ApplicationFailure);
    assert.equal(alone.type, 'ExportError.OperationCancelled');
    const withOther = { ...awaited, twinOf: { ...request, exclude: [] } };
    const failure = await activityEnvironment()
      .run(() => awaitExport(deps, withOther, ignore))
      .catch((reason: unknown) => reason);
    assert.ok(failure instanceof ApplicationFailure);
    assert.equal((failure.details?.[0] as { exportAgain?: boolean }).exportAgain, true, failure.message);
  });
});
