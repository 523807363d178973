import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportDependencies } from '../../../../src/activities/dependencies';
import { deletePartialArtifacts } from '../../../../src/activities/export/delete-partial-artifacts';
import { startExport } from '../../../../src/activities/export/start-export';
import type { DeletedArtifacts, StartedExport } from '../../../../src/contract/export-activities';
import type { ExportOperation, VertexApi } from '../../../../src/google/vertex';
import type { StorageApi, StorageObject } from '../../../../src/google/storage';
import { activityEnvironment } from '../../../support/activities';
import { startRequest } from '../../../support/requests';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const RUN = '01234567-89ab-4cde-8f01-23456789abcd';
/** `test` is the workflow id of the activity environment. */
const FOLDER = `gs://exports/test/${RUN}/`;

const silent = (): void => undefined;

function object(name: string, generation = '1'): StorageObject {
  return { name, size: 1, generation };
}

/** A store that returns the given listings in order and repeats the last one. It records the deleted generations. */
function store(listings: readonly (readonly StorageObject[])[], remove: StorageApi['deleteObject']) {
  let listing = 0;
  const storage: Partial<StorageApi> = {
    // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
    listObjects: async function* () {
      yield [...(listings[Math.min(listing, listings.length - 1)] ?? [])];
      listing += 1;
    },
    deleteObject: remove,
  };
  return storage as StorageApi;
}

function empty(folder: string, storage: StorageApi, heartbeatDetails?: unknown): Promise<DeletedArtifacts> {
  return activityEnvironment({ heartbeatDetails }).run(() =>
    deletePartialArtifacts({ storage } as ExportDependencies, { folder, heartbeatTimeoutMs: 60_000 }, silent),
  );
}

suite('the deletion of partial artifacts', () => {
  test('refuses every folder that is not one of a run of the calling workflow', async () => {
    const storage = store([[]], () => assert.fail('nothing is deleted'));
    for (const folder of [
      'gs://exports/',
      'gs://exports/test/',
      `gs://exports/another/${RUN}/`,
      `gs://exports/test/${RUN}`,
      `gs://exports/test/${RUN}/model/`,
      'gs://exports/test/not-a-run/',
    ]) {
      await assert.rejects(empty(folder, storage), (error) => {
        assert.ok(error instanceof ApplicationFailure && error.nonRetryable, folder);
        assert.match(error.message, /is not a folder of the workflow test/);
        return true;
      });
    }
  });

  test('deletes nothing if the listing contains an object outside of the folder', async () => {
    const storage = store([[object(`test/${RUN}/a`), object('elsewhere/b')]], () => assert.fail('nothing is deleted'));
    await assert.rejects(empty(FOLDER, storage), /names an object that is not in it: elsewhere\/b/);
  });

  test('deletes the listed generation, and a new generation only after another listing', async () => {
    const path = `test/${RUN}/a`;
    const deleted: string[] = [];
    const storage = store([[object(path, '1')], [object(path, '2')], []], (_bucket, { generation }) => {
      deleted.push(generation);
      return Promise.resolve(generation === '1' ? 'replaced' : 'deleted');
    });
    assert.equal((await empty(FOLDER, storage)).count, 1);
    assert.deepEqual(deleted, ['1', '2']);
  });

  test('counts the deletions of an earlier attempt, even if its last answer was lost', async () => {
    const path = `test/${RUN}/`;
    const storage = store([[object(`${path}c`)], []], () => Promise.resolve('deleted'));
    const { count } = await empty(FOLDER, storage, { objectsFound: 3, objectsDeleted: 1 });
    assert.equal(count, 3);
  });

  test('stops with a retryable failure if something keeps writing to the folder', async () => {
    let written = 0;
    const storage: Partial<StorageApi> = {
      // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
      listObjects: async function* () {
        written += 1;
        yield [object(`test/${RUN}/${written}`)];
      },
      deleteObject: () => Promise.resolve('deleted'),
    };
    await assert.rejects(empty(FOLDER, storage as StorageApi), (error) => {
      assert.ok(error instanceof ApplicationFailure && error.nonRetryable !== true);
      return true;
    });
    assert.equal(written, 5);
  });
});

suite('a start after an attempt that may have started an operation', () => {
  const request = startRequest(MODEL, { mayHaveStarted: true });
  const operation: ExportOperation = {
    name: `${MODEL}/operations/1`,
    done: false,
    metadata: {
      genericMetadata: { createTime: request.notBefore },
      outputInfo: { artifactOutputUri: `${request.destinations.outputUriPrefix ?? ''}model` },
    },
  };

  /** Lists the operation from the given listing on, and counts the starts. */
  function late(listedFrom: number, objects: readonly StorageObject[]) {
    let listings = 0;
    const starts: string[] = [];
    const vertex: Partial<VertexApi> = {
      listOperations: () => {
        listings += 1;
        return Promise.resolve({ operations: listings >= listedFrom ? [operation] : [], nextPageToken: '' });
      },
      exportModel: (name) => {
        starts.push(name);
        return Promise.resolve(operation);
      },
    };
    const deps: Partial<ExportDependencies> = {
      vertex: vertex as VertexApi,
      storage: store([objects], () => assert.fail('nothing is deleted')),
      settleDelayMs: 10,
      refusedMs: 60_000,
      submission: () => Promise.resolve({ vertex: vertex as VertexApi, release: () => undefined }),
    };
    return { deps: deps as ExportDependencies, starts };
  }

  for (const listedFrom of [1, 2, 3]) {
    test(`adopts the operation if listing ${listedFrom} is the first that contains it`, async () => {
      const { deps, starts } = late(listedFrom, []);
      const started: StartedExport = await activityEnvironment({ attempt: 2 }).run(() =>
        startExport(deps, request, silent),
      );
      assert.deepEqual([started.operation, started.adoption], [operation.name, 'adopted']);
      assert.deepEqual(starts, []);
    });
  }

  test('starts nothing if its folder has objects but no operation is listed', async () => {
    const { deps, starts } = late(Infinity, [object('test/x')]);
    await assert.rejects(
      activityEnvironment({ attempt: 2, scheduledTimestampMs: Date.now() }).run(() =>
        startExport(deps, request, silent),
      ),
      /the operation that writes them is not listed/,
    );
    assert.deepEqual(starts, []);
  });
});
