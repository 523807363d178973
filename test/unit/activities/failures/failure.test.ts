import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import {
  exportFailure,
  failureOf,
  inputFailure,
  lastFailureOf,
  verificationFailure,
} from '../../../../src/activities/failures/failure';
import { haveAttemptsFailedFor } from '../../../../src/activities/failures/persistence';
import type { RequestPurpose } from '../../../../src/activities/failures/table';
import type { ExportFailureDetails } from '../../../../src/contract/failures';
import { GoogleTransportError } from '../../../../src/google/api-error';
import { CredentialsError } from '../../../../src/google/credentials-error';
import { EndlessListError, ListTooLongError } from '../../../../src/google/pages';
import { InvalidResourceNameError } from '../../../../src/google/resource-url';
import { activityEnvironment } from '../../../support/activities';
import { refusal } from '../../../support/export-steps';

const TOKEN = `ya29.${'a'.repeat(40)}`;
const HOUR_MS = 3_600_000;

function seen(failure: unknown) {
  assert.ok(failure instanceof ApplicationFailure, String(failure));
  const [details] = failure.details as [ExportFailureDetails];
  return {
    failure,
    details,
    type: failure.type?.replace('ExportError.', ''),
    retryable: failure.nonRetryable !== true,
  };
}

suite('a failure', () => {
  test('has no credentials in its message and its details', () => {
    const { failure, details } = seen(
      exportFailure(`the answer has ${TOKEN}`, {
        type: 'ExportError.Internal',
        action: `Remove ${TOKEN}.`,
        request: `GET ${TOKEN}`,
        problems: [`x: ${TOKEN}`],
      }),
    );
    assert.ok(!JSON.stringify([failure.message, details]).includes(TOKEN));
    assert.ok(failure.message.endsWith(` — ${details.action}`), failure.message);
  });

  test('is final unless it is to be retried', () => {
    const details = { type: 'ExportError.Internal', action: 'Wait.' } as const;
    assert.ok(!seen(exportFailure('m', details)).retryable);
    const { failure, retryable } = seen(exportFailure('m', details, { retry: true, nextRetryDelayMs: 5 }));
    assert.deepEqual([retryable, failure.nextRetryDelay], [true, 5]);
  });

  for (const [title, error, purpose, type, retryable, action] of [
    ['a lost answer', new GoogleTransportError('reset', 'r'), 'model', 'Unavailable', true, /^Retrying/],
    ['a list that is too long', new ListTooLongError('r', '5'), 'artifacts', 'Unavailable', false, /separate folder/],
    ['an endless list of Models', new EndlessListError('e', 'r'), 'models', 'Unavailable', false, /one by one/],
    ['another endless list', new EndlessListError('e', 'r'), 'operation', 'Unavailable', true, /^Retrying/],
    ['a service that is down', refusal('UNAVAILABLE', 503), 'model', 'Unavailable', true, /^Retrying/],
    [
      'a wrong name',
      new InvalidResourceNameError('Model', 'wrong', 'a/b'),
      'model',
      'InvalidInput',
      false,
      /^Correct the input/,
    ],
    [
      'a token service that is down',
      new CredentialsError('unreachable', 'r'),
      'export',
      'Unavailable',
      true,
      /^Retrying/,
    ],
  ] as const) {
    test(`of ${title} is ${retryable ? 'retried' : 'final'}`, () => {
      const result = seen(failureOf(error, purpose));
      assert.deepEqual([result.type, result.retryable], [type, retryable]);
      assert.match(result.details.action, action);
    });
  }

  test('has the changes that its step asks for', () => {
    for (const error of [new GoogleTransportError('reset', 'r'), refusal('UNAVAILABLE', 503)]) {
      const { details, retryable } = seen(failureOf(error, 'model', { action: 'Act.', retry: false }));
      assert.deepEqual([details.action, retryable], ['Act.', false]);
    }
    const denied = refusal('PERMISSION_DENIED', 403);
    assert.ok(seen(failureOf(denied, 'model', { retry: true })).retryable);
    assert.equal(seen(failureOf(denied, 'model', { nothingStarted: true })).details.nothingStarted, true);
    assert.ok(!('nothingStarted' in seen(failureOf(denied, 'model')).details));
  });

  test('is made only for errors of Google', () => {
    const error = new TypeError('x');
    assert.equal(failureOf(error, 'model'), error);
  });

  for (const [purpose, isAfterStart] of [
    ['model', false],
    ['models', false],
    ['bucket', false],
    ['export', false],
    ['operation', true],
    ['artifacts', true],
    ['image', true],
    ['deletion', true],
    ['manifest', true],
    ['results', true],
  ] as const satisfies [RequestPurpose, boolean][]) {
    test(`of missing credentials ${isAfterStart ? 'is retried for minutes' : 'is final'} for a request of ${purpose}`, async () => {
      const at = (attempt: number, ageMs: number): Promise<unknown> =>
        activityEnvironment({ attempt, scheduledTimestampMs: Date.now() - ageMs }).run(() =>
          Promise.resolve(failureOf(new CredentialsError('missing', 'r'), purpose)),
        );
      const { type, retryable, details } = seen(await at(1, 0));
      assert.deepEqual(
        [type, retryable, details.fixableBy],
        ['CredentialsUnavailable', isAfterStart, 'worker-operator'],
      );
      assert.ok(!seen(await at(12, HOUR_MS)).retryable);
    });
  }

  test('of a verification has every finding, and asks for a fresh export', () => {
    const { failure, details, retryable } = seen(verificationFailure('gs://b/x/', ['one', 'two']));
    assert.match(failure.message, /^The export to gs:\/\/b\/x\/ is not as requested: one; two — /);
    assert.deepEqual([details.problems, details.exportAgain, retryable], [['one', 'two'], true, false]);
    const many = seen(
      verificationFailure(
        'x',
        Array.from({ length: 500 }, (_, id) => `file ${id}`),
      ),
    );
    assert.ok((many.details.problems?.length ?? 0) <= 101);
  });

  test('of an input names each problem with its path', () => {
    const { details } = seen(inputFailure([{ path: 'a.b', message: 'must be c' }]));
    assert.deepEqual(details.problems, ['a.b: must be c']);
  });

  for (const [status, expected] of [
    ['PERMISSION_DENIED', { type: 'ExportError.PermissionDenied', code: 7, action: /Grant the worker's account/ }],
    ['UNAVAILABLE', { type: 'ExportError.Unavailable', code: 14, action: /^Check that the service and the network/ }],
    [
      undefined,
      { type: 'ExportError.Unavailable', code: undefined, action: /^Check that the service and the network/ },
    ],
  ] as const) {
    test(`that is still retried reports ${status ?? 'a lost answer'} and what to check`, () => {
      const last = lastFailureOf({ message: 'm', ...(status && { status }) }, 'operation');
      assert.deepEqual([last.type, last.message, last.status, last.code], [expected.type, 'm', status, expected.code]);
      assert.match(last.action, expected.action);
    });
  }
});

suite('attempts that have failed for a time', () => {
  // Pauses of 1, 2, 4, 8, 16, 32, 60, 60, … seconds come before the attempts 2, 3, 4, …
  for (const [attempt, ageMs, ms, expected] of [
    [1, HOUR_MS, 1_000, false],
    [2, HOUR_MS, 1_000, true],
    [2, HOUR_MS, 1_001, false],
    [2, 0, 1_000, false],
    [7, HOUR_MS, 63_000, true],
    [7, HOUR_MS, 63_001, false],
    [8, HOUR_MS, 123_000, true],
    [8, HOUR_MS, 123_001, false],
    [1, HOUR_MS, 0, true],
  ] as const) {
    test(`are ${expected ? '' : 'not '}known for ${ms} ms in attempt ${attempt} after ${ageMs} ms`, async () => {
      const environment = activityEnvironment({ attempt, scheduledTimestampMs: Date.now() - ageMs });
      assert.equal(await environment.run(() => Promise.resolve(haveAttemptsFailedFor(ms))), expected);
    });
  }

  test('are five minutes by default, and always known outside of an activity', async () => {
    const at = (attempt: number): Promise<boolean> =>
      activityEnvironment({ attempt, scheduledTimestampMs: Date.now() - HOUR_MS }).run(() =>
        Promise.resolve(haveAttemptsFailedFor()),
      );
    assert.deepEqual([await at(10), await at(11), haveAttemptsFailedFor()], [false, true, true]);
  });
});
