import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailureCategory } from '@temporalio/common';
import { parkedFailure, parkedPause } from '../../../../src/activities/export/parking';
import { outputDirectory, outputProblems } from '../../../../src/activities/export/requested-output';
import { WrittenBytes } from '../../../../src/activities/export/written-bytes';
import type { StorageApi, StorageObject } from '../../../../src/google/storage';

const MINUTE_MS = 60_000;

suite('an export that parks', () => {
  const until = (leftMs: number) => ({ scheduledTimestampMs: 0, scheduleToCloseTimeoutMs: leftMs });

  test('pauses for the requested time, or until a minute before its deadline', () => {
    assert.equal(parkedPause(10 * MINUTE_MS, until(60 * MINUTE_MS), 0), 10 * MINUTE_MS);
    assert.equal(parkedPause(10 * MINUTE_MS, until(60 * MINUTE_MS), 55 * MINUTE_MS), 4 * MINUTE_MS);
    assert.equal(parkedPause(10_000, until(MINUTE_MS), 30_000), 10_000);
    assert.equal(parkedPause(10_000, until(MINUTE_MS), 45_000), 5_000);
  });

  test('does not pause if no time is left', () => {
    assert.equal(parkedPause(10 * MINUTE_MS, until(MINUTE_MS), 0), undefined);
    assert.equal(parkedPause(10_000, until(MINUTE_MS), 55_000), undefined);
  });

  test('fails with a benign failure, which names the pause and is retried after it', () => {
    const failure = parkedFailure('operations/1', 10 * MINUTE_MS);
    assert.deepEqual(
      [failure.type, failure.nonRetryable, failure.category],
      ['ExportError.StillRunning', false, ApplicationFailureCategory.BENIGN],
    );
    assert.equal(failure.nextRetryDelay, 10 * MINUTE_MS);
    assert.match(
      failure.message,
      /operations\/1 is still running; .*Waiting; no action needed\. The operation is checked again in 10/,
    );
  });
});

suite('the output that an operation reports', () => {
  const asked = { outputUriPrefix: 'gs://exports/run/', imageUri: 'us-docker.pkg.dev/p/r/image:v1' };
  const image = 'us-docker.pkg.dev/p/r/image';

  test('has no problem below the requested prefix, and as the requested image or its digest', () => {
    assert.deepEqual(outputProblems({}, asked), []);
    assert.deepEqual(
      outputProblems({ artifactOutputUri: 'gs://exports/run/model', imageOutputUri: `${image}:v1` }, asked),
      [],
    );
    assert.deepEqual(outputProblems({ imageOutputUri: `${image}@sha256:${'0'.repeat(64)}` }, asked), []);
    assert.deepEqual(outputProblems({ imageOutputUri: `${image}:latest` }, { imageUri: image }), []);
    assert.deepEqual(outputProblems({ artifactOutputUri: 'gs://exports/run/a..b/.c/d' }, asked), []);
  });

  test('has a problem at any other place', () => {
    const field = "the operation's artifactOutputUri";
    for (const [uri, problem] of [
      ['here', `${field} is not a Cloud Storage URI: here`],
      ['gs://exports/other/model', `${field} is gs://exports/other/model, which is not below gs://exports/run/`],
      ['gs://exports/run/', `${field} is gs://exports/run/, which is not below gs://exports/run/`],
      ['gs://exports/run///', `${field} is gs://exports/run///, which is not below gs://exports/run/`],
      ['gs://exports/run/../x', `${field} has . or .. as a part of its path: gs://exports/run/../x`],
      ['gs://exports/run/x/./y', `${field} has . or .. as a part of its path: gs://exports/run/x/./y`],
    ] as const) {
      assert.deepEqual(outputProblems({ artifactOutputUri: uri }, asked), [problem], uri);
    }
    assert.deepEqual(outputProblems({ artifactOutputUri: 'gs://exports/run/x' }, {}), [
      `${field} is gs://exports/run/x, but no artifacts were requested`,
    ]);
  });

  test('has a problem if it is another image, or if no image was requested', () => {
    for (const other of [`${image}:v2`, 'us-docker.pkg.dev/p/r/other:v1', 'eu-docker.pkg.dev/p/r/image:v1', 'x']) {
      assert.deepEqual(outputProblems({ imageOutputUri: other }, asked), [
        `the operation's imageOutputUri is ${other}, but ${asked.imageUri} was requested`,
      ]);
    }
    assert.deepEqual(outputProblems({ imageOutputUri: `${image}:v1` }, {}), [
      `the operation's imageOutputUri is ${image}:v1, but no image was requested`,
    ]);
  });

  test('is a directory with a slash at its end, or no place in Cloud Storage', () => {
    assert.deepEqual(outputDirectory('gs://exports/run/model'), { bucket: 'exports', path: 'run/model/' });
    assert.throws(() => outputDirectory('here'), /The operation's artifactOutputUri is not a Cloud Storage URI: here/);
  });
});

suite('the bytes that a running export has written', () => {
  const { signal } = new AbortController();
  const object = (size: number): StorageObject => ({ name: 'x', size, generation: '1' });
  const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  function store(pages: readonly StorageObject[][], failure?: Error) {
    const listed: string[] = [];
    const storage: Partial<StorageApi> = {
      // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
      listObjects: async function* (bucket, prefix) {
        listed.push(`${bucket}/${prefix}`);
        if (failure) throw failure;
        yield* pages;
      },
    };
    return { storage: storage as StorageApi, listed };
  }

  test('are counted by a listing of its directory, and are known afterwards', async () => {
    const { storage, listed } = store([[object(1), object(2)], [object(4)]]);
    const written = new WrittenBytes(storage, 'gs://exports/run/model', signal);
    assert.equal(written.latestOrList(), undefined);
    await nextTick();
    const { seenAt, ...counted } = written.latestOrList() ?? { seenAt: '' };
    assert.deepEqual(counted, { files: 3, bytes: 7 });
    assert.ok(!Number.isNaN(Date.parse(seenAt)));
    assert.deepEqual(listed, ['exports/run/model/']);
  });

  test('are counted again after a minute, and not before', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: MINUTE_MS });
    const { storage, listed } = store([[object(1)]]);
    const written = new WrittenBytes(storage, 'gs://exports/run', signal);
    for (const [at, count] of [
      [0, 1],
      [59_999, 1],
      [60_000, 2],
    ] as const) {
      t.mock.timers.setTime(MINUTE_MS + at);
      written.latestOrList();
      await nextTick();
      assert.equal(listed.length, count, String(at));
    }
  });

  test('are those of ten pages if there are more', async () => {
    for (const [pages, counted] of [
      [9, { files: 9, bytes: 9 }],
      [12, { files: 10, bytes: 10, more: true }],
    ] as const) {
      const { storage } = store(Array.from({ length: pages }, () => [object(1)]));
      const written = new WrittenBytes(storage, 'gs://exports/run', signal);
      written.latestOrList();
      await nextTick();
      const latest = written.latestOrList();
      assert.deepEqual(latest, { ...counted, seenAt: latest?.seenAt });
    }
  });

  test('are not known without a directory, and after a listing that failed', async () => {
    const { storage, listed } = store([[object(1)]]);
    for (const uri of [undefined, 'here'])
      assert.equal(new WrittenBytes(storage, uri, signal).latestOrList(), undefined);
    assert.deepEqual(listed, []);
    const failing = new WrittenBytes(store([], new Error('refused')).storage, 'gs://exports/run', signal);
    failing.latestOrList();
    await nextTick();
    assert.equal(failing.latestOrList(), undefined);
  });

  test('are counted for eight exports at a time, and for others when one listing has ended', async () => {
    let finish = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let listings = 0;
    const storage: Partial<StorageApi> = {
      listObjects: async function* () {
        listings += 1;
        await ended;
        yield [object(1)];
      },
    };
    const listing = (): WrittenBytes => new WrittenBytes(storage as StorageApi, 'gs://exports/run', signal);
    for (let count = 0; count < 8; count += 1) listing().latestOrList();
    const ninth = listing();
    ninth.latestOrList();
    assert.equal(listings, 8);
    finish();
    await nextTick();
    ninth.latestOrList();
    assert.equal(listings, 9);
    await nextTick();
  });
});
