import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { hasRunFolder, isRunOperation } from '../../../../src/activities/export/run-operation';
import { isCancelled, listOperations, survivorOf } from '../../../../src/activities/export/run-operations';
import { olderConflict, requireFreePlace } from '../../../../src/activities/export/shared-place';
import type { RunOperation, StartExportRequest } from '../../../../src/contract/export-activities';
import { GoogleApiError } from '../../../../src/google/api-error';
import type { ExportOperation, VertexApi } from '../../../../src/google/vertex';
import { failureDetails } from '../../../../src/workflows/export/failures';
import { startRequest } from '../../../support/requests';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const RUN = '01234567-89ab-4cde-8f01-23456789abcd';
const SHARED = 'gs://exports/shared/';
const BEGAN = '2026-01-01T00:00:00.000Z';

const RUN_FOLDER: RunOperation = {
  model: `${MODEL}@1`,
  destinations: { outputUriPrefix: `${SHARED}${RUN}/` },
  perRunFolder: true,
  notBefore: BEGAN,
  exclude: [],
};
const SHARED_FOLDER = { ...RUN_FOLDER, destinations: { outputUriPrefix: SHARED }, perRunFolder: false };
const IMAGE = { ...SHARED_FOLDER, destinations: { imageUri: 'us-docker.pkg.dev/p/r/image:v1' } };

interface Shape {
  readonly name?: string;
  readonly at?: string | undefined;
  readonly created?: string | undefined;
  readonly image?: string;
  readonly done?: boolean;
  readonly code?: number;
}

function operation({
  name = `${MODEL}/operations/1`,
  at,
  created = BEGAN,
  image,
  done = false,
  code,
}: Shape): ExportOperation {
  return {
    name,
    done,
    ...(code !== undefined && { error: { code, message: '' } }),
    metadata: {
      genericMetadata: { createTime: created },
      outputInfo: {
        ...(at !== undefined && { artifactOutputUri: at }),
        ...(image !== undefined && { imageOutputUri: image }),
      },
    },
  };
}

suite('an operation belongs to a run', () => {
  const inside = `${SHARED}${RUN}/model`;

  test('if its output is in the folder that only this run writes to, whenever it began', () => {
    assert.equal(isRunOperation(operation({ at: inside }), RUN_FOLDER), true);
    assert.equal(isRunOperation(operation({ at: inside, created: '2020-01-01T00:00:00Z' }), RUN_FOLDER), true);
    assert.equal(isRunOperation(operation({ at: `${SHARED}other/model` }), RUN_FOLDER), false);
    assert.equal(isRunOperation(operation({}), RUN_FOLDER), false);
  });

  test('only if it is of the Model, whose project may be a number', () => {
    for (const [name, isOfModel] of [
      ['projects/123/locations/us-central1/models/1/operations/1', true],
      ['projects/demo-project/locations/us-central1/operations/1', true],
      ['projects/other-project/locations/us-central1/models/1/operations/1', false],
      ['projects/demo-project/locations/europe-west4/models/1/operations/1', false],
      ['projects/demo-project/locations/us-central1/models/2/operations/1', false],
      ['operations/1', false],
    ] as const) {
      assert.equal(isRunOperation(operation({ name, at: inside }), RUN_FOLDER), isOfModel, name);
    }
    assert.equal(isRunOperation(operation({ at: inside }), { ...RUN_FOLDER, model: 'models/1' }), false);
  });

  test('unless an earlier attempt of the run has it', () => {
    const excluded = { ...RUN_FOLDER, exclude: [`${MODEL}/operations/1`] };
    assert.equal(isRunOperation(operation({ at: inside }), excluded), false);
  });

  test('in a shared folder if it began with the run or later, and not in the folder of a single run', () => {
    const at = `${SHARED}model`;
    assert.equal(isRunOperation(operation({ at }), SHARED_FOLDER), true);
    assert.equal(isRunOperation(operation({ at, created: '2025-12-31T23:59:59.999Z' }), SHARED_FOLDER), false);
    assert.equal(
      isRunOperation(
        { ...operation({ at }), metadata: { genericMetadata: {}, outputInfo: { artifactOutputUri: at } } },
        SHARED_FOLDER,
      ),
      false,
    );
    assert.equal(isRunOperation(operation({ at: inside }), SHARED_FOLDER), false);
    assert.equal(isRunOperation(operation({ at: `${SHARED}w/${RUN}/model` }), SHARED_FOLDER), false);
    assert.equal(isRunOperation(operation({ at: `${SHARED}x${RUN}/model` }), SHARED_FOLDER), true);
    assert.equal(isRunOperation(operation({ at: `${SHARED}${RUN}` }), SHARED_FOLDER), true);
  });

  test('by the name and the tag of its image, where no tag means latest', () => {
    const image = 'us-docker.pkg.dev/p/r/image';
    const latest = { ...IMAGE, destinations: { imageUri: image } };
    assert.equal(isRunOperation(operation({ image: `${image}:v1` }), IMAGE), true);
    assert.equal(isRunOperation(operation({ image: `${image}:latest` }), latest), true);
    for (const other of [
      `${image}:v2`,
      image,
      'us-docker.pkg.dev/p/r/other:v1',
      'eu-docker.pkg.dev/p/r/image:v1',
      '',
    ]) {
      assert.equal(isRunOperation(operation({ image: other }), IMAGE), false, other);
    }
    assert.equal(isRunOperation(operation({}), IMAGE), false);
    assert.equal(isRunOperation(operation({ image: `${image}:v1` }), { ...IMAGE, destinations: {} }), false);
    assert.equal(isRunOperation(operation({ image: `${image}:v1`, created: '2020-01-01T00:00:00Z' }), IMAGE), false);
  });

  test('with certainty only if the run has a folder', () => {
    assert.deepEqual([RUN_FOLDER, SHARED_FOLDER, { ...IMAGE, perRunFolder: true }].map(hasRunFolder), [
      true,
      false,
      false,
    ]);
  });
});

suite('the operations of a run', () => {
  const inside = `${SHARED}${RUN}/model`;

  test('are listed from all pages, the oldest first, apart from those of others', async () => {
    const named = (id: number, created?: string, at = inside): ExportOperation =>
      operation({ name: `${MODEL}/operations/${id}`, at, created });
    const pages: Record<string, ExportOperation[]> = {
      '': [named(3, '2026-01-03T00:00:00Z'), named(9, BEGAN, 'gs://elsewhere/x')],
      next: [
        named(1, '2026-01-01T00:00:00Z'),
        { ...named(0), metadata: { genericMetadata: {}, outputInfo: { artifactOutputUri: inside } } },
      ],
    };
    const vertex: Partial<VertexApi> = {
      listOperations: (_, token) =>
        Promise.resolve({ operations: pages[token] ?? [], nextPageToken: token === '' ? 'next' : '' }),
    };
    const listed = await listOperations(vertex as VertexApi, RUN_FOLDER, new AbortController().signal);
    assert.ok(!(listed instanceof GoogleApiError));
    assert.deepEqual(
      listed.ofRun.map(({ name }) => name.slice(-1)),
      ['0', '1', '3'],
    );
    assert.deepEqual(
      listed.others.map(({ name }) => name.slice(-1)),
      ['9'],
    );
  });

  test('are unknown if the service has no list, or refuses it', async () => {
    for (const [status, httpStatus] of [
      ['UNIMPLEMENTED', 501],
      ['PERMISSION_DENIED', 403],
    ] as const) {
      const refusal = new GoogleApiError('no', status, httpStatus, 'GET');
      const vertex: Partial<VertexApi> = { listOperations: () => Promise.reject(refusal) };
      assert.equal(await listOperations(vertex as VertexApi, RUN_FOLDER, new AbortController().signal), refusal);
    }
  });

  test('have one survivor: the oldest that runs or succeeded, else the oldest that failed, never a cancelled one', () => {
    const [cancelled, failed, late, good] = [
      operation({ code: 1 }),
      operation({ code: 5 }),
      operation({ code: 13 }),
      operation({}),
    ];
    assert.equal(survivorOf([cancelled, failed, good, operation({})]), good);
    assert.equal(survivorOf([cancelled, failed, late]), failed);
    assert.equal(survivorOf([cancelled]), undefined);
    assert.deepEqual([cancelled, failed, good].map(isCancelled), [true, false, false]);
  });
});

suite('a place that exports share', () => {
  const request: StartExportRequest = startRequest(MODEL, SHARED_FOLDER);
  const at = `${SHARED}model`;
  const named = (id: number, shape: Shape = {}): ExportOperation =>
    operation({ at, ...shape, name: `${MODEL}/operations/${id}` });
  const found = (ofRun: ExportOperation[], others: ExportOperation[] = []) => ({ ofRun, others });

  test('is taken while another operation writes to it, whenever that began', () => {
    const old = named(1, { created: '2020-01-01T00:00:00Z' });
    assert.throws(
      () => {
        requireFreePlace(request, found([], [old]), true);
      },
      (error: Error) => {
        assert.match(
          error.message,
          /^Another export of this Model is writing to the same place: \S+\/operations\/1 to gs:\/\/exports\/shared\/model/,
        );
        return true;
      },
    );
    assert.throws(() => {
      requireFreePlace(request, found([named(1)]), false);
    }, /operations\/1 to/);
  });

  test('is taken without a start only if the run cannot have started anything', () => {
    for (const mayHaveStarted of [false, true]) {
      assert.throws(
        () => {
          requireFreePlace(request, found([], [named(1)]), mayHaveStarted);
        },
        (error) => {
          assert.ok(error instanceof ApplicationFailure);
          assert.equal(failureDetails(error).nothingStarted, !mayHaveStarted);
          return true;
        },
      );
    }
  });

  test('is free for the run whose operation may be there, after an end, and for an operation of the run', () => {
    requireFreePlace(request, found([named(1)]), true);
    requireFreePlace(request, found([], [named(1, { done: true })]), false);
    requireFreePlace({ ...request, exclude: [`${MODEL}/operations/1`] }, found([], [named(1)]), false);
    requireFreePlace(request, found([], [named(1, { at: 'gs://exports/other/model' })]), false);
    requireFreePlace({ ...request, ...RUN_FOLDER }, found([], [named(1, { at: `${SHARED}${RUN}/model` })]), false);
  });

  test('is taken by an image of the same name and tag, which a folder of the run does not change', () => {
    const image = 'us-docker.pkg.dev/p/r/image:v1';
    const both = { ...request, ...RUN_FOLDER, destinations: { ...RUN_FOLDER.destinations, imageUri: image } };
    const other = operation({ image, name: `${MODEL}/operations/1` });
    assert.throws(
      () => {
        requireFreePlace(both, found([], [other]), true);
      },
      new RegExp(`operations/1 to ${image}`),
    );
    requireFreePlace({ ...both, destinations: RUN_FOLDER.destinations }, found([], [other]), true);
  });

  test('belongs to the older of two operations, by the clock of the service, and then by name', () => {
    const started = named(2, { created: '2026-01-01T00:00:01Z' });
    const older = named(3, { created: '2026-01-01T00:00:00Z' });
    const younger = named(4, { created: '2026-01-01T00:00:02Z' });
    const before = named(1, { created: '2026-01-01T00:00:01Z' });
    const after = named(5, { created: '2026-01-01T00:00:01Z' });
    assert.equal(olderConflict(request, found([started, younger], [older]), started), older);
    assert.equal(olderConflict(request, found([started, younger, after]), started), undefined);
    assert.equal(olderConflict(request, found([started, before]), started), before);
  });
});
