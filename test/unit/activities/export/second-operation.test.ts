import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { awaitExport } from '../../../../src/activities/export/await-export';
import type { ExportDependencies } from '../../../../src/activities/dependencies';
import { startExport } from '../../../../src/activities/export/start-export';
import type { AwaitExportRequest } from '../../../../src/contract/export-activities';
import type { ExportOperation, VertexApi } from '../../../../src/google/vertex';
import { activityEnvironment } from '../../../support/activities';
import { POLLING, startRequest } from '../../../support/requests';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const FIRST = `${MODEL}/operations/1`;
const SECOND = `${MODEL}/operations/2`;
/** Longer than a search for a second operation takes, in milliseconds. */
const EXPORT_MS = 500;

const request = startRequest(MODEL);

function operation(name: string, seconds: number): ExportOperation {
  const createTime = new Date(Date.parse(request.notBefore) + seconds * 1_000).toISOString();
  const artifactOutputUri = `${request.destinations.outputUriPrefix ?? ''}model`;
  return { name, done: false, metadata: { genericMetadata: { createTime }, outputInfo: { artifactOutputUri } } };
}

/** Vertex AI that lists what it is given, and reports what it is asked to cancel. */
function vertexThat(
  listed: () => readonly ExportOperation[],
  exportModel: VertexApi['exportModel'],
  cancelled: (name: string) => void,
): VertexApi {
  const vertex: Partial<VertexApi> = {
    listOperations: (_parent, _token, signal) =>
      signal?.aborted
        ? Promise.reject(new Error('the request was given up'))
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

suite('an operation that a race has started', () => {
  test('is cancelled by the attempt that started it, although that attempt was given up before the answer', async () => {
    const environment = activityEnvironment({ attempt: 2 });
    const listed: ExportOperation[] = [];
    const cancelled: string[] = [];
    const vertex = vertexThat(
      () => listed,
      () => {
        // The next attempt has found, or started, another operation before this request took effect.
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
    await environment.run(() => startExport(deps, request, () => undefined)).catch(() => undefined);
    assert.deepEqual(cancelled, [SECOND]);
  });

  test('is found and cancelled while the first one is waited for', async () => {
    const events: string[] = [];
    const vertex = vertexThat(
      () => [operation(FIRST, 1), operation(SECOND, 2)],
      () => Promise.reject(new Error('nothing is started')),
      (name) => events.push(`cancelled ${name}`),
    );
    const watch: Partial<ExportDependencies['watch']> = {
      untilDone: async () => {
        await new Promise((resolve) => setTimeout(resolve, EXPORT_MS));
        events.push('ended');
        return { operation: { ...operation(FIRST, 1), done: true }, polls: 1 };
      },
    };
    const awaited: AwaitExportRequest = { operation: FIRST, polling: POLLING, twinOf: request };
    const deps = dependencies(vertex, { watch: watch as ExportDependencies['watch'] });
    await activityEnvironment().run(() => awaitExport(deps, awaited, () => undefined));
    assert.deepEqual(events.slice(0, 2), [`cancelled ${SECOND}`, 'ended']);
  });
});
