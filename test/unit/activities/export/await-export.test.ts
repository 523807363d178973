import type { Info } from '@temporalio/activity';
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { awaitExport } from '../../../../src/activities/export/await-export';
import type { AwaitedExport, AwaitExportRequest } from '../../../../src/contract/export-activities';
import { CredentialsError } from '../../../../src/google/credentials-error';
import type { ExportOperation } from '../../../../src/google/vertex';
import type { EndedOperation, PollOptions, PollProgress } from '../../../../src/polling/types';
import { OperationStillRunning } from '../../../../src/polling/types';
import { activityEnvironment, failureOf } from '../../../support/activities';
import {
  CANCELLED,
  dependenciesWith,
  MODEL,
  operationOf,
  refusal,
  storageWith,
  vertexWith,
} from '../../../support/export-steps';
import { POLLING, startRequest } from '../../../support/requests';

const run = startRequest(MODEL);
const RUNNING = operationOf(run, 1);
const ENDED: ExportOperation = { ...RUNNING, done: true };
const TWIN = operationOf(run, 2);
const MINUTE_MS = 60_000;

interface Situation {
  readonly request?: Partial<AwaitExportRequest>;
  readonly info?: Partial<Info>;
  /** The results of the waits, in order. Default: one that succeeded. */
  readonly waits?: readonly (ExportOperation | Error)[];
  readonly lists?: readonly ExportOperation[] | Error;
  readonly progress?: PollProgress;
}

/** Waits for an operation. It calls the function of the heartbeats twice, after the given progress. */
function wait({ request, info, waits = [ENDED], lists = [], progress }: Situation) {
  const polled: PollOptions[] = [];
  const beats: unknown[] = [];
  let beat: () => unknown = () => assert.fail('the details of heartbeats are not set');
  const { vertex, cancelled, listings } = vertexWith(() => lists);
  const { storage, listed } = storageWith([{ name: 'x', size: 7, generation: '1' }]);
  const waitForEnd = async (_name: string, options: PollOptions): Promise<EndedOperation> => {
    polled.push(options);
    if (progress) options.onPoll?.(progress);
    for (let count = 0; count < 3; count += 1) {
      beats.push(beat());
      await new Promise((resolve) => setImmediate(resolve));
    }
    const end = waits[polled.length - 1] ?? assert.fail('the operation is polled again');
    if (end instanceof Error) throw end;
    return { operation: end, polls: 3 };
  };
  const deps = dependenciesWith({ vertex, storage, poller: { waitForEnd } });
  const outcome: Promise<AwaitedExport> = activityEnvironment(info).run(() =>
    awaitExport(deps, { operation: RUNNING.name, polling: POLLING, ...request }, (details) => {
      beat = details;
    }),
  );
  return { outcome, polled, beats, cancelled, listings, listed };
}

suite('the wait for an operation', () => {
  test('returns the output, the times and the polls of one that succeeded', async () => {
    const { outcome, polled, listings } = wait({ request: { exportFormatId: 'tflite' } });
    assert.deepEqual(await outcome, {
      outputInfo: ENDED.metadata.outputInfo,
      createTime: ENDED.metadata.genericMetadata.createTime,
      polls: 3,
    });
    const [options] = polled;
    assert.deepEqual(options, {
      initialDelayMs: POLLING.initialDelay,
      multiplier: POLLING.multiplier,
      maxDelayMs: POLLING.maxDelay,
      formatId: 'tflite',
      resumed: false,
      parkAt: undefined,
      signal: options?.signal,
      onPoll: options?.onPoll,
    });
    assert.equal(listings(), 0);
  });

  for (const [title, info] of [
    ['a later attempt', { attempt: 2 }],
    ['an attempt after a reset of the activity', { heartbeatDetails: {} }],
  ] as const) {
    test(`polls at once in ${title}, since the operation may have ended`, async () => {
      const { outcome, polled } = wait({ info });
      await outcome;
      assert.equal(polled[0]?.resumed, true);
    });
  }

  test('fails with the error of an operation that failed', async () => {
    const { outcome } = wait({ waits: [{ ...ENDED, error: { code: 13, message: 'broken' } }] });
    const { details } = await failureOf(outcome, 'ExportError.OperationFailed');
    assert.deepEqual([details.operation, details.exportAgain], [RUNNING.name, true]);
  });

  test('fails if the output is not where it was requested', async () => {
    const elsewhere = { ...run.destinations, outputUriPrefix: 'gs://exports/elsewhere/' };
    const failure = await failureOf(
      wait({ request: { destinations: elsewhere } }).outcome,
      'ExportError.VerificationFailed',
    );
    assert.deepEqual([failure.details.exportAgain, failure.details.problems?.length], [true, 1]);
    await wait({ request: { destinations: run.destinations } }).outcome;
  });

  for (const [title, error, type, retryable] of [
    ['missing credentials', new CredentialsError('missing', 'GET x'), 'CredentialsUnavailable', false],
    ['a refused token', refusal('UNAUTHENTICATED', 401), 'CredentialsUnavailable', false],
    ['an outage of the token service', new CredentialsError('unreachable', 'GET x'), 'Unavailable', true],
    ['an outage', refusal('UNAVAILABLE', 503), 'Unavailable', true],
    ['an operation that does not exist', refusal('NOT_FOUND', 404), 'OperationNotFound', false],
  ] as const) {
    test(`${retryable ? 'is retried' : 'ends'} after polls that failed for ${title}`, async () => {
      assert.equal((await failureOf(wait({ waits: [error] }).outcome, `ExportError.${type}`)).retryable, retryable);
    });
  }
});

suite('the wait of a long export', () => {
  const still = new OperationStillRunning(RUNNING.name);
  const parking = { at: 5, checkEvery: 10 * MINUTE_MS };

  test('parks if the operation is still running', async () => {
    const { outcome, polled } = wait({ request: { parking }, waits: [still] });
    const failure: unknown = await outcome.catch((reason: unknown) => reason);
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.nextRetryDelay], ['ExportError.StillRunning', parking.checkEvery]);
    assert.deepEqual([polled.length, polled[0]?.parkAt], [1, 5]);
  });

  test('continues without a pause close to the deadline, and does not park again', async () => {
    const { outcome, polled } = wait({
      request: { parking },
      info: { scheduleToCloseTimeoutMs: 1_000 },
      waits: [still, ENDED],
    });
    assert.equal((await outcome).polls, 3);
    assert.deepEqual(
      polled.map(({ resumed, parkAt }) => [resumed, parkAt]),
      [
        [false, 5],
        [true, undefined],
      ],
    );
  });

  test('fails for any other error, and without parking for this one', async () => {
    const failed = wait({ request: { parking }, waits: [refusal('UNAVAILABLE', 503)] });
    await failureOf(failed.outcome, 'ExportError.Unavailable');
    assert.equal(failed.polled.length, 1);
    await assert.rejects(wait({ waits: [still] }).outcome, OperationStillRunning);
  });
});

suite('the heartbeats of a wait', () => {
  const waited = '0 s';

  test('have the progress of the polls, and from the second on what the operation has written', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: MINUTE_MS });
    const { outcome, beats, listed } = wait({
      request: { outputInfo: ENDED.metadata.outputInfo, destinations: run.destinations },
      progress: { polls: 4, failures: 0, strategy: 'list' },
    });
    await outcome;
    const progress = { operation: RUNNING.name, waited, polls: 4, failures: 0, strategy: 'a list of many operations' };
    const written = { files: 1, bytes: 7, seenAt: new Date(MINUTE_MS).toISOString() };
    assert.deepEqual(beats, [progress, progress, { ...progress, written }]);
    assert.deepEqual(listed, [`${run.destinations.outputUriPrefix ?? ''}model/`]);
  });

  test('have the failure of the last poll', async () => {
    const { outcome, beats } = wait({
      progress: {
        polls: 2,
        failures: 1,
        strategy: 'get',
        lastFailure: { message: 'try again', status: 'UNAVAILABLE', at: '2026-01-01T00:00:00Z' },
      },
    });
    await outcome;
    assert.deepEqual(beats[0], {
      operation: RUNNING.name,
      waited,
      polls: 2,
      failures: 1,
      strategy: 'single requests',
      lastFailure: {
        type: 'ExportError.Unavailable',
        message: 'try again',
        action: 'Check that the service and the network to it are available.',
        status: 'UNAVAILABLE',
        code: 14,
      },
    });
  });

  test('list nothing outside of the requested destination', async () => {
    for (const destinations of [undefined, { outputUriPrefix: 'gs://exports/elsewhere/' }]) {
      const request = { outputInfo: ENDED.metadata.outputInfo, ...(destinations && { destinations }) };
      const { outcome, listed } = wait({ request });
      await outcome.catch(() => undefined);
      assert.deepEqual(listed, []);
    }
  });
});

suite('the search for a second operation after the wait', () => {
  test('cancels the others of the run that are running', async () => {
    const { outcome, cancelled } = wait({ request: { twinOf: run }, lists: [RUNNING, TWIN, { ...TWIN, name: 'x' }] });
    await outcome;
    // Once while the first one runs, and once after its end.
    assert.deepEqual(cancelled, [TWIN.name, TWIN.name]);
  });

  test('does not change the result if the list is refused', async () => {
    const { outcome } = wait({ request: { twinOf: run }, lists: refusal('PERMISSION_DENIED', 403) });
    assert.equal((await outcome).polls, 3);
  });

  test('does not allow a fresh start for a cancelled operation if the list is refused', async () => {
    const lists = refusal('PERMISSION_DENIED', 403);
    const { outcome } = wait({ request: { twinOf: run }, waits: [{ ...ENDED, error: CANCELLED }], lists });
    assert.equal((await failureOf(outcome, 'ExportError.OperationCancelled')).details.exportAgain, false);
  });

  for (const [title, others, hasSurvivor] of [
    ['another one runs', [TWIN], true],
    ['another one has succeeded', [{ ...TWIN, done: true }], true],
    ['all others were cancelled, too', [{ ...TWIN, done: true, error: CANCELLED }], false],
    ['no other operation exists', [], false],
  ] as const) {
    test(`${hasSurvivor ? 'allows' : 'does not allow'} a fresh start for a cancelled operation if ${title}`, async () => {
      const cancelledOne = { ...ENDED, error: CANCELLED };
      const { outcome } = wait({ request: { twinOf: run }, waits: [cancelledOne], lists: [cancelledOne, ...others] });
      const type = hasSurvivor ? 'ExportError.OperationFailed' : 'ExportError.OperationCancelled';
      const { details } = await failureOf(outcome, type);
      assert.equal(details.exportAgain, hasSurvivor);
    });
  }
});
