import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { GoogleTransportError } from '../../../../src/google/api-error';
import { CredentialsError } from '../../../../src/google/credentials-error';
import { failureOf } from '../../../support/activities';
import { MODEL, operationOf, refusal } from '../../../support/export-steps';
import { NEW, request, SHARED, start } from '../../../support/export-starts';

suite('a start in a place that another export writes to', () => {
  const shared = { ...request, ...SHARED };
  const other = operationOf(shared, 1, { seconds: -60 });

  test('is refused before the request, and states that nothing was started', async () => {
    for (const running of [other, operationOf(shared, 2)]) {
      const { outcome, bodies } = start({ request: SHARED, lists: [[running]] });
      const { message, retryable, details } = await failureOf(outcome, 'ExportError.FailedPrecondition');
      assert.deepEqual([retryable, details.nothingStarted, bodies], [false, true, []]);
      assert.ok(message.includes(`same place: ${running.name} to gs://exports/shared/model`), message);
    }
  });

  test('is made if the other export has ended, is excluded, or writes to another place', async () => {
    const elsewhere = { outputInfo: { artifactOutputUri: 'gs://exports/elsewhere/model' }, genericMetadata: {} };
    for (const [listed, exclude] of [
      [{ ...other, done: true }, []],
      [other, [other.name]],
      [{ ...other, metadata: elsewhere }, []],
    ] as const) {
      const { outcome, cancelled } = start({ request: { ...SHARED, exclude }, lists: [[listed]] });
      assert.equal((await outcome).operation, NEW.name);
      assert.deepEqual(cancelled, []);
    }
  });

  test('is refused for the image of another export', async () => {
    const destinations = { imageUri: 'us-docker.pkg.dev/p/r/image:v1' };
    const running = operationOf({ ...request, destinations }, 1, { seconds: -60 });
    const failure = await failureOf(
      start({ request: { destinations }, lists: [[running]] }).outcome,
      'ExportError.FailedPrecondition',
    );
    assert.ok(failure.message.includes(`to ${destinations.imageUri}`), failure.message);
  });

  for (const [title, id, seconds, isOlder] of [
    ['an older one', 8, 8, true],
    ['one of the same time with a smaller name', 8, 9, true],
    ['one of the same time with a larger name', 99, 9, false],
    ['a newer one', 8, 10, false],
  ] as const) {
    test(`${isOlder ? 'is cancelled' : 'is kept'} if the list after the request has ${title}`, async () => {
      const race = operationOf(shared, id, { seconds });
      const run = operationOf(shared, 9);
      const { outcome, cancelled } = start({
        request: SHARED,
        lists: [[], [race, run]],
        exportModel: () => Promise.resolve(run),
      });
      if (isOlder) {
        const { details } = await failureOf(outcome, 'ExportError.FailedPrecondition');
        assert.equal(details.nothingStarted, true);
      } else assert.equal((await outcome).operation, run.name);
      assert.deepEqual(cancelled, isOlder ? [run.name] : []);
    });
  }
});

suite('the answer to a start', () => {
  const request1 = `POST ${MODEL}:export`;
  for (const [title, error, expected] of [
    ['503', refusal('UNAVAILABLE', 503), { type: 'Unavailable', retryable: true, delay: 700 }],
    ['409', refusal('ABORTED', 409, 90_000), { type: 'Unavailable', retryable: true, delay: 90_000 }],
    ['503 with short advice', refusal('UNAVAILABLE', 503, 10), { type: 'Unavailable', retryable: true, delay: 700 }],
    ['none', new GoogleTransportError('reset', request1), { type: 'Unavailable', retryable: true, delay: 700 }],
    [
      'none from the token service',
      new CredentialsError('unreachable', request1),
      { type: 'Unavailable', retryable: true, delay: 700 },
    ],
    [
      'none for lack of credentials',
      new CredentialsError('missing', request1),
      { type: 'CredentialsUnavailable', retryable: false, nothingStarted: true },
    ],
    ['403', refusal('PERMISSION_DENIED', 403), { type: 'PermissionDenied', retryable: false, nothingStarted: true }],
    [
      '429',
      refusal('RESOURCE_EXHAUSTED', 429, 5_000),
      { type: 'QuotaExceeded', retryable: true, delay: 5_000, nothingStarted: true },
    ],
  ] as const) {
    test(`of ${title} has a failure that states what is known, and releases the quota`, async () => {
      const { type, retryable, ...rest } = expected;
      const { outcome, releases } = start({
        exportModel: () => Promise.reject(error),
        deps: { settleDelayMs: 700 },
      });
      const failure = await failureOf(outcome, `ExportError.${type}`);
      const thrown: unknown = await outcome.catch((reason: unknown) => reason);
      assert.ok(thrown instanceof ApplicationFailure);
      assert.deepEqual(
        [failure.retryable, failure.details.nothingStarted, thrown.nextRetryDelay ?? undefined, releases()],
        [retryable, 'nothingStarted' in rest ? true : undefined, 'delay' in rest ? rest.delay : undefined, 1],
      );
      assert.equal(failure.details.request, error.request);
      if ('delay' in rest && !('nothingStarted' in rest)) {
        assert.match(failure.details.action, /next attempt first searches for an operation/);
      }
    });
  }

  test('of a refusal does not state that nothing was started after an earlier attempt', async () => {
    const { outcome } = start({
      info: { attempt: 2 },
      exportModel: () => Promise.reject(refusal('PERMISSION_DENIED', 403)),
    });
    assert.equal((await failureOf(outcome, 'ExportError.PermissionDenied')).details.nothingStarted, undefined);
  });
});
