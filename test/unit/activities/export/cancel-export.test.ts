import type { Info } from '@temporalio/activity';
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { cancelExport } from '../../../../src/activities/export/cancel-export';
import type { CancelledOperation } from '../../../../src/contract/export-activities';
import type { ExportOperation, VertexApi } from '../../../../src/google/vertex';
import type { PollOptions } from '../../../../src/polling/types';
import { activityEnvironment, failureOf } from '../../../support/activities';
import {
  CANCELLED,
  dependenciesWith,
  ignore,
  MODEL,
  operationOf,
  refusal,
  vertexWith,
} from '../../../support/export-steps';
import { cancelRequest, startRequest } from '../../../support/requests';

const RUN = startRequest(MODEL);
const SHARED = { ...RUN, perRunFolder: false, destinations: { outputUriPrefix: 'gs://exports/shared/' } };
const [FIRST, SECOND] = [operationOf(RUN, 1), operationOf(RUN, 2)];
/** Minutes of failed attempts, after which a refusal is final. */
const OLD = { attempt: 12, scheduledTimestampMs: Date.now() - 3_600_000 };

interface Situation {
  readonly lists?: readonly (readonly ExportOperation[] | Error)[];
  readonly recorded?: string;
  readonly run?: typeof RUN;
  readonly calls?: Partial<VertexApi>;
  readonly info?: Partial<Info>;
  /** How operations end. Default: cancelled. */
  readonly end?: Partial<ExportOperation>;
}

/** Cancels the operations of a run. Each listing returns the next entry of `lists`, and the last one again and again. */
function cancel({ lists = [[]], recorded, run = RUN, calls, info, end = { error: CANCELLED } }: Situation) {
  const { vertex, cancelled, listings } = vertexWith(() => lists[Math.min(listings(), lists.length) - 1] ?? [], calls);
  const polled: PollOptions[] = [];
  const deps = dependenciesWith({
    vertex,
    poller: {
      waitForEnd: (name, options) => {
        polled.push(options);
        return Promise.resolve({ operation: { ...FIRST, name, done: true, ...end }, polls: 1 });
      },
    },
  });
  const outcome: Promise<CancelledOperation[]> = activityEnvironment(info).run(() =>
    cancelExport(deps, cancelRequest(run, recorded), ignore),
  );
  return { outcome, cancelled, polled, listings };
}

const namesOf = (ended: readonly CancelledOperation[]): string[] => ended.map(({ operation }) => operation);

suite('the cancel of an export', () => {
  test('is refused before any request for the folder of another workflow', async () => {
    const outputUriPrefix = RUN.destinations.outputUriPrefix?.replace('/test/', '/other/') ?? '';
    const { outcome, listings } = cancel({ run: { ...RUN, destinations: { outputUriPrefix } } });
    await failureOf(outcome, 'ExportError.InvalidInput');
    assert.equal(listings(), 0);
  });

  test('cancels every listed operation of the run once, and reports how each ended', async () => {
    const { outcome, cancelled, polled, listings } = cancel({ lists: [[FIRST, SECOND]] });
    assert.deepEqual(await outcome, [
      { operation: FIRST.name, outcome: 'cancelled', outputInfo: FIRST.metadata.outputInfo },
      { operation: SECOND.name, outcome: 'cancelled', outputInfo: FIRST.metadata.outputInfo },
    ]);
    assert.deepEqual([cancelled, listings()], [[FIRST.name, SECOND.name], 2]);
    const schedule = { initialDelayMs: 1_000, multiplier: 1.5, maxDelayMs: 10_000 };
    assert.deepEqual(polled[0], { ...schedule, signal: polled[0]?.signal });
  });

  test('also cancels an operation that is listed late', async () => {
    for (const early of [[], [FIRST]]) {
      const { outcome, cancelled } = cancel({ lists: [early, [...early, SECOND]] });
      assert.deepEqual(
        namesOf(await outcome),
        [...early, SECOND].map(({ name }) => name),
      );
      assert.equal(cancelled.length, early.length + 1);
    }
  });

  for (const [outcome, end] of [
    ['succeeded', {}],
    ['cancelled', { error: CANCELLED }],
    ['failed', { error: { code: 13, message: 'broken' } }],
  ] as const) {
    test(`reports an operation that ${outcome} before it, without a request`, async () => {
      const { outcome: ended, cancelled } = cancel({ lists: [[{ ...FIRST, done: true, ...end }]] });
      assert.deepEqual(
        (await ended).map((one) => one.outcome),
        [outcome],
      );
      assert.deepEqual(cancelled, []);
    });

    test(`reports an operation that ${outcome} after it`, async () => {
      const { outcome: ended, cancelled } = cancel({ lists: [[FIRST]], end });
      assert.deepEqual(
        (await ended).map((one) => one.outcome),
        [outcome],
      );
      assert.deepEqual(cancelled, [FIRST.name]);
    });
  }

  test('cancels in a shared folder only the recorded operation if there is one', async () => {
    const lists = [[operationOf(SHARED, 1), operationOf(SHARED, 2)]];
    const known = cancel({ run: SHARED, lists, recorded: SECOND.name });
    assert.deepEqual(namesOf(await known.outcome), [SECOND.name]);
    const unknown = cancel({ run: SHARED, lists });
    assert.deepEqual(namesOf(await unknown.outcome), [FIRST.name, SECOND.name]);
  });

  test('cancels a recorded operation that is not listed', async () => {
    for (const getOperation of [
      () => Promise.resolve(FIRST),
      () => Promise.reject(refusal('NOT_FOUND', 404)),
    ] satisfies VertexApi['getOperation'][]) {
      const { outcome, cancelled } = cancel({ recorded: FIRST.name, calls: { getOperation } });
      assert.deepEqual(namesOf(await outcome), [FIRST.name]);
      assert.deepEqual(cancelled, [FIRST.name]);
    }
  });

  test('cancels a recorded operation that the run excludes, since the workflow knows it', async () => {
    const { outcome } = cancel({ run: { ...RUN, exclude: [FIRST.name] }, lists: [[FIRST]], recorded: FIRST.name });
    assert.deepEqual(namesOf(await outcome), [FIRST.name]);
  });

  test('also cancels a recorded operation beside listed ones', async () => {
    const third = operationOf(RUN, 3);
    const calls = { getOperation: () => Promise.resolve(third) };
    const { outcome } = cancel({ lists: [[FIRST, SECOND]], recorded: third.name, calls });
    assert.deepEqual(namesOf(await outcome), [FIRST.name, SECOND.name, third.name]);
  });

  test('is refused for an operation of another export, listed or not', async () => {
    const foreign = { ...FIRST, metadata: { ...FIRST.metadata, outputInfo: { artifactOutputUri: 'gs://exports/x/' } } };
    for (const listed of [true, false]) {
      const { outcome, cancelled } = cancel({
        lists: [listed ? [foreign] : []],
        recorded: FIRST.name,
        calls: { getOperation: () => Promise.resolve(foreign) },
      });
      const { retryable, details } = await failureOf(outcome, 'ExportError.InvalidInput');
      assert.deepEqual([retryable, cancelled], [false, []]);
      assert.match(details.action, /Nothing was cancelled/);
    }
  });

  test('uses the recorded operation if the list is refused, and fails without one', async () => {
    const lists = [refusal('PERMISSION_DENIED', 403)];
    const known = cancel({ lists, recorded: FIRST.name, calls: { getOperation: () => Promise.resolve(FIRST) } });
    assert.deepEqual(namesOf(await known.outcome), [FIRST.name]);
    const final = await failureOf(cancel({ lists, info: OLD }).outcome, 'ExportError.PermissionDenied');
    assert.equal(final.retryable, false);
    assert.match(final.details.action, /Check yourself whether an export of .*models\/1@1 is running/);
  });

  test('is retried for minutes after any refusal, since the operation continues to run', async () => {
    for (const situation of [
      { lists: [refusal('PERMISSION_DENIED', 403)] },
      { lists: [[FIRST]], calls: { cancelOperation: () => Promise.reject(refusal('PERMISSION_DENIED', 403)) } },
      { recorded: FIRST.name, calls: { getOperation: () => Promise.reject(refusal('PERMISSION_DENIED', 403)) } },
    ] satisfies Situation[]) {
      assert.ok((await failureOf(cancel(situation).outcome, 'ExportError.PermissionDenied')).retryable);
      const old = await failureOf(cancel({ ...situation, info: OLD }).outcome, 'ExportError.PermissionDenied');
      assert.ok(!old.retryable);
    }
  });

  test('waits for the end if the service has no cancel', async () => {
    const cancelOperation = () => Promise.reject(refusal('UNIMPLEMENTED', 501));
    const { outcome, polled } = cancel({ lists: [[FIRST]], calls: { cancelOperation }, end: {} });
    assert.deepEqual(
      (await outcome).map((one) => one.outcome),
      ['succeeded'],
    );
    assert.equal(polled.length, 1);
  });

  for (const [done, info, isRetried] of [
    [true, {}, false],
    [false, {}, true],
    [false, OLD, false],
  ] as const) {
    test(`that is refused for the operation's state ${isRetried ? 'is retried' : 'waits for its end'} if the operation ${done ? 'has ended' : 'runs'} ${info === OLD ? 'after minutes' : 'at first'}`, async () => {
      const { outcome, polled } = cancel({
        lists: [[FIRST]],
        info,
        calls: {
          cancelOperation: () => Promise.reject(refusal('FAILED_PRECONDITION', 400)),
          getOperation: () => Promise.resolve({ ...FIRST, done }),
        },
      });
      if (isRetried) assert.ok((await failureOf(outcome, 'ExportError.FailedPrecondition')).retryable);
      else assert.deepEqual(namesOf(await outcome), [FIRST.name]);
      assert.equal(polled.length, isRetried ? 0 : 1);
    });
  }
});
