import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { failureOf } from '../../../support/activities';
import { CANCELLED, MODEL, operationOf, refusal, storageWith } from '../../../support/export-steps';
import type { StartSituation } from '../../../support/export-starts';
import { NEW, request, SHARED, start } from '../../../support/export-starts';

suite('the start of an export', () => {
  test('lists the operations once, sends one request, and releases the quota', async () => {
    const { outcome, bodies, listings, releases, cancelled } = start();
    assert.deepEqual(await outcome, {
      operation: NEW.name,
      adoption: 'started',
      outputInfo: NEW.metadata.outputInfo,
    });
    assert.deepEqual(bodies, [
      {
        outputConfig: {
          exportFormatId: 'tflite',
          artifactDestination: { outputUriPrefix: request.destinations.outputUriPrefix },
        },
      },
    ]);
    assert.deepEqual([listings(), releases(), cancelled], [1, 1, []]);
  });

  test('sends the URI of an image alone if no artifacts are requested', async () => {
    const imageUri = 'us-docker.pkg.dev/p/r/image:v1';
    const { outcome, bodies } = start({ request: { destinations: { imageUri } } });
    await outcome;
    assert.deepEqual(bodies, [
      { outputConfig: { exportFormatId: 'tflite', imageDestination: { outputUri: imageUri } } },
    ]);
  });

  test('is refused before any request for a folder of another workflow', async () => {
    const destinations = { outputUriPrefix: request.destinations.outputUriPrefix?.replace('/test/', '/other/') ?? '' };
    const { outcome, listings } = start({ request: { destinations } });
    await failureOf(outcome, 'ExportError.InvalidInput');
    assert.equal(listings(), 0);
  });

  for (const [title, situation] of [
    ['a later attempt', { info: { attempt: 2 } }],
    ['an attempt with heartbeats of an earlier one', { info: { heartbeatDetails: {} } }],
    ['an attempt after a reset of the activity', { info: { currentAttemptScheduledTimestampMs: Date.now() + 60_000 } }],
    ['a step whose workflow has asked before', { request: { mayHaveStarted: true } }],
  ] satisfies [string, StartSituation][]) {
    test(`of ${title} searches twice before, and once after the request`, async () => {
      const { storage, listed } = storageWith([]);
      const { outcome, listings } = start({ ...situation, deps: { storage } });
      assert.deepEqual(await outcome, {
        operation: NEW.name,
        adoption: 'started',
        outputInfo: NEW.metadata.outputInfo,
        mayHaveTwin: true,
      });
      assert.equal(listings(), 4);
      assert.deepEqual(listed, [request.destinations.outputUriPrefix]);
    });
  }

  test('that finds the operation of an earlier attempt adopts it, and cancels the others of its folder', async () => {
    const [first, second, ended] = [
      operationOf(request, 1),
      operationOf(request, 2),
      operationOf(request, 3, { done: true }),
    ];
    const { outcome, cancelled, bodies } = start({ info: { attempt: 2 }, lists: [[ended, second, first]] });
    const { operation, adoption, mayHaveTwin } = await outcome;
    assert.deepEqual([operation, adoption, mayHaveTwin], [first.name, 'adopted', true]);
    assert.deepEqual([cancelled, bodies], [[second.name], []]);
  });

  test('in a shared folder adopts an operation of an earlier attempt, and cancels none', async () => {
    const shared = { ...request, ...SHARED };
    const lists = [[operationOf(shared, 1), operationOf(shared, 2)]];
    const { outcome, cancelled } = start({ request: { ...SHARED, mayHaveStarted: true }, lists });
    const { operation, adoption, mayHaveTwin } = await outcome;
    assert.deepEqual([operation, adoption, mayHaveTwin], [`${MODEL}/operations/1`, 'adopted', undefined]);
    assert.deepEqual(cancelled, []);
  });

  test('that finds an older operation only after its own request adopts that one, and cancels its own', async () => {
    const older = operationOf(request, 1);
    for (const listed of [[older, NEW], [older]]) {
      const { outcome, cancelled } = start({ info: { attempt: 2 }, lists: [[], [], [], listed] });
      const { operation, adoption } = await outcome;
      assert.deepEqual([operation, adoption, cancelled], [older.name, 'adopted', [NEW.name]]);
    }
  });

  test('is kept if the list after the request is refused', async () => {
    const lists = [[], [], [], refusal('PERMISSION_DENIED', 403)];
    const { operation, adoption } = await start({ info: { attempt: 2 }, lists }).outcome;
    assert.deepEqual([operation, adoption], [NEW.name, 'started']);
  });

  test('is recorded as not searchable if the account may not list operations', async () => {
    for (const error of [refusal('PERMISSION_DENIED', 403), refusal('UNIMPLEMENTED', 501)]) {
      const { outcome, bodies } = start({ lists: [error] });
      assert.equal((await outcome).adoption, 'unavailable');
      assert.equal(bodies.length, 1);
    }
  });

  test('after an earlier attempt is refused without a list, and becomes final after minutes', async () => {
    for (const [attempt, ageMs, retryable] of [
      [2, 0, true],
      [12, 3_600_000, false],
    ] as const) {
      const info = { attempt, scheduledTimestampMs: Date.now() - ageMs };
      const { outcome, bodies } = start({ info, lists: [refusal('PERMISSION_DENIED', 403)] });
      const failure = await failureOf(outcome, 'ExportError.PermissionDenied');
      assert.equal(failure.retryable, retryable);
      assert.match(
        failure.details.action,
        /aiplatform\.operations\.list.*whether an export of .*models\/1@1 is running/,
      );
      assert.deepEqual(bodies, []);
    }
  });

  test('is not made if any other error prevents the list', async () => {
    const { outcome, bodies, releases } = start({ lists: [refusal('UNAVAILABLE', 503)] });
    assert.ok((await failureOf(outcome, 'ExportError.Unavailable')).retryable);
    assert.deepEqual([bodies, releases()], [[], 1]);
  });
});

suite('the folder of a start after an earlier attempt', () => {
  const object = { name: 'x', size: 1, generation: '1' };
  const FULL = storageWith([object]).storage;

  test('prevents the start if it has objects, and the failure becomes final after minutes', async () => {
    for (const [attempt, ageMs, retryable] of [
      [2, 0, true],
      [12, 3_600_000, false],
    ] as const) {
      const info = { attempt, scheduledTimestampMs: Date.now() - ageMs };
      const { outcome, bodies } = start({ info, deps: { storage: FULL } });
      assert.equal((await failureOf(outcome, 'ExportError.OperationNotFound')).retryable, retryable);
      assert.deepEqual(bodies, []);
    }
  });

  for (const [title, situation] of [
    ['it is shared', { request: { ...SHARED, mayHaveStarted: true } }],
    [
      'earlier operations of the run are known',
      { request: { mayHaveStarted: true, exclude: [`${MODEL}/operations/5`] } },
    ],
    [
      'it has the files of a cancelled operation',
      {
        request: { mayHaveStarted: true },
        lists: [[operationOf(request, 1, { done: true, error: CANCELLED })]],
        status: 'RUNNING',
      },
    ],
    [
      'it cannot be listed',
      {
        request: { mayHaveStarted: true },
        deps: { storage: storageWith(refusal('PERMISSION_DENIED', 403)).storage },
      },
    ],
  ] satisfies [string, StartSituation][]) {
    test(`does not prevent the start if ${title}`, async () => {
      const { operation } = await start({ deps: { storage: FULL }, ...situation }).outcome;
      assert.equal(operation, NEW.name);
    });
  }
});
