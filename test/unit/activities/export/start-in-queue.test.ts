import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import { startExport } from '../../../../src/activities/export/start-export';
import type { ExportDependencies } from '../../../../src/activities/dependencies';
import type { VertexApi } from '../../../../src/google/vertex';
import { activityEnvironment, workflowStatusClient } from '../../../support/activities';
import { startRequest } from '../../../support/requests';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
/** Longer than a list of operations is valid, in milliseconds. */
const QUEUE_MS = 5_200;

/** Vertex AI that lists no operation and counts the sent exports. The quota grants a start after a delay. */
function queue(waitMs = QUEUE_MS): { deps: ExportDependencies; sent: string[] } {
  const sent: string[] = [];
  const vertex: Partial<VertexApi> = {
    listOperations: () => Promise.resolve({ operations: [], nextPageToken: '' }),
    exportModel: async (name, _body, { beforeSend } = {}) => {
      await beforeSend?.();
      sent.push(name);
      return {
        name: `${MODEL}/operations/1`,
        done: false,
        metadata: { genericMetadata: {}, outputInfo: {} },
      };
    },
  };
  const deps: Partial<ExportDependencies> = {
    vertex: vertex as VertexApi,
    settleDelayMs: 0,
    submission: async () => {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      return { vertex: vertex as VertexApi, release: () => undefined };
    },
  };
  return { deps: deps as ExportDependencies, sent };
}

/** Heartbeats are ignored here. */
const ignore = (): void => undefined;

suite('a start that waited for the quota', { concurrency: true }, () => {
  for (const status of ['TERMINATED', 'COMPLETED', 'CANCELED']) {
    test(`sends no request if its workflow is ${status}`, async () => {
      const { deps, sent } = queue();
      const started = activityEnvironment({}, { client: workflowStatusClient(() => status) }).run(() =>
        startExport(deps, startRequest(MODEL), ignore),
      );
      await assert.rejects(started, CancelledFailure);
      assert.deepEqual(sent, []);
    });
  }

  test('sends no request if its process was suspended before its first line and the workflow has ended', async () => {
    const { deps, sent } = queue(0);
    const scheduledTimestampMs = Date.now() - QUEUE_MS;
    const start = (status: string): Promise<unknown> =>
      activityEnvironment({ scheduledTimestampMs }, { client: workflowStatusClient(() => status) }).run(() =>
        startExport(deps, startRequest(MODEL), ignore),
      );
    await assert.rejects(start('CANCELED'), CancelledFailure);
    assert.deepEqual(sent, []);
    await start('RUNNING');
    assert.equal(sent.length, 1);
  });

  test('sends its request if its workflow still runs', async () => {
    const { deps, sent } = queue();
    await activityEnvironment({}, { client: workflowStatusClient(() => 'RUNNING') }).run(() =>
      startExport(deps, startRequest(MODEL), ignore),
    );
    assert.equal(sent.length, 1);
  });

  test('sends no request after its deadline', async () => {
    const { deps, sent } = queue();
    const notAfter = new Date(Date.now() + 1_000).toISOString();
    const started = activityEnvironment({}, { client: workflowStatusClient(() => 'RUNNING') }).run(() =>
      startExport(deps, startRequest(MODEL, { notAfter }), ignore),
    );
    await assert.rejects(started, /The deadline of the export passed before it could be started/);
    assert.deepEqual(sent, []);
  });

  test('cancels the started operation if its workflow ended before the answer', async () => {
    const { deps, sent } = queue();
    const cancelled: string[] = [];
    let status = 'RUNNING';
    const slow: Partial<VertexApi> = {
      ...deps.vertex,
      exportModel: async (name) => {
        sent.push(name);
        await new Promise((resolve) => setTimeout(resolve, QUEUE_MS));
        status = 'FAILED';
        return { name: `${MODEL}/operations/1`, done: false, metadata: { genericMetadata: {}, outputInfo: {} } };
      },
      cancelOperation: (name) => {
        cancelled.push(name);
        return Promise.resolve();
      },
    };
    const vertex = slow as VertexApi;
    const submission = () => Promise.resolve({ vertex, release: () => undefined });
    const started = activityEnvironment({}, { client: workflowStatusClient(() => status) }).run(() =>
      startExport({ ...deps, vertex, submission }, startRequest(MODEL), ignore),
    );
    await assert.rejects(started, CancelledFailure);
    assert.deepEqual([sent.length, cancelled], [1, [`${MODEL}/operations/1`]]);
  });
});
