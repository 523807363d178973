import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';
import type { ExportFailureDetails } from '../../../../src/contract/failures';
import {
  applicationFailureIn,
  documentedFailure,
  endedAttempt,
  failureDetails,
  failureOf,
  fixableFailureIn,
  hasNothingStarted,
  isDeadline,
  isTransient,
  lastFailureIn,
} from '../../../../src/workflows/export/failures';

const OPERATION = 'projects/p/locations/us-central1/models/1/operations/2';

function failed(details: Partial<ExportFailureDetails> = {}, message = 'refused'): ApplicationFailure {
  const type = details.type ?? 'ExportError.PermissionDenied';
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    details: [{ action: 'Grant it.', ...details, type }],
  });
}

function ofActivity(cause: Error, retryState: RetryState = RetryState.NON_RETRYABLE_FAILURE): ActivityFailure {
  return new ActivityFailure('activity failed', 'startExport', '1', retryState, 'worker', cause);
}

const timeout = (type: TimeoutType, heartbeat?: unknown): TimeoutFailure => new TimeoutFailure('late', heartbeat, type);

suite('the failure of an activity', () => {
  test('is that which the activity raised, itself or as the cause', () => {
    const failure = failed();
    assert.equal(applicationFailureIn(failure), failure);
    assert.equal(applicationFailureIn(ofActivity(failure)), failure);
    assert.equal(applicationFailureIn(ofActivity(timeout('HEARTBEAT'))), undefined);
    assert.equal(applicationFailureIn(new Error('other', { cause: failure })), undefined);
  });

  test('ends a workflow unchanged; a timeout and an error of the code become documented failures', () => {
    const failure = failed();
    assert.equal(documentedFailure(ofActivity(failure)), failure);
    const cancelled = new CancelledFailure('cancelled');
    assert.equal(documentedFailure(cancelled), cancelled);
    const late = documentedFailure(ofActivity(timeout('SCHEDULE_TO_CLOSE')));
    assert.ok(late instanceof ApplicationFailure && late.nonRetryable);
    assert.equal(late.type, 'ExportError.Unavailable');
    assert.equal(
      late.message,
      'The activity startExport did not finish in time (SCHEDULE_TO_CLOSE) — Check that workers poll the task queue, and start the export again.',
    );
    for (const [error, text] of [
      [new TypeError('x is undefined'), 'TypeError: x is undefined'],
      ['text', 'text'],
    ] as const) {
      const internal = documentedFailure(error);
      assert.ok(internal instanceof ApplicationFailure && internal.nonRetryable);
      assert.equal(internal.type, 'ExportError.Internal');
      assert.equal(
        internal.message,
        `Unexpected error in the workflow: ${text} — Report it with this message and the workflow history.`,
      );
    }
  });

  test('has its details as the first of its details, and its cause if there is one', () => {
    const details = { type: 'ExportError.Internal', action: 'Report it.' } as const;
    const cause = new Error('reason');
    const failure = failureOf('message', details, cause);
    assert.deepEqual([failure.details, failure.cause, failure.type], [[details], cause, details.type]);
    assert.equal(failureOf('message', details).cause, undefined);
    assert.deepEqual(failureDetails(failure), details);
    assert.deepEqual([failureDetails(undefined), failureDetails(ApplicationFailure.create({}))], [{}, {}]);
  });
});

suite('a failure whose cause a person can fix', () => {
  for (const name of [
    'PermissionDenied',
    'CredentialsUnavailable',
    'DestinationNotFound',
    'BucketRegionMismatch',
    'QuotaExceeded',
    'FailedPrecondition',
  ] as const) {
    test(`is ${name}, with its message and action`, () => {
      const type = `ExportError.${name}` as const;
      assert.deepEqual(fixableFailureIn(ofActivity(failed({ type }))), {
        type,
        message: 'refused',
        action: 'Grant it.',
      });
    });
  }

  test('is not another one, nor one after the deadline', () => {
    assert.equal(fixableFailureIn(ofActivity(failed({ type: 'ExportError.ModelNotFound' }))), undefined);
    assert.equal(fixableFailureIn(ofActivity(failed(), RetryState.TIMEOUT)), undefined);
    assert.equal(fixableFailureIn(ofActivity(timeout('HEARTBEAT'))), undefined);
    const bare = ApplicationFailure.create({ message: 'm', type: 'ExportError.PermissionDenied' });
    assert.equal(fixableFailureIn(bare)?.action, '');
  });
});

suite('the deadline of an export', () => {
  const past = 0;
  const future = Number.MAX_SAFE_INTEGER;

  test('has passed if the server gave no time for a retry, or reports the deadline itself', () => {
    assert.equal(isDeadline(ofActivity(failed(), RetryState.TIMEOUT), future), true);
    assert.equal(isDeadline(ofActivity(timeout('SCHEDULE_TO_CLOSE')), future), true);
  });

  test('has passed after any other timeout only if it is in the past', () => {
    assert.equal(isDeadline(ofActivity(timeout('SCHEDULE_TO_START')), past), true);
    assert.equal(isDeadline(ofActivity(timeout('SCHEDULE_TO_START')), future), false);
    assert.equal(isDeadline(ofActivity(failed()), past), false);
    assert.equal(isDeadline(failed(), past), false);
  });
});

suite('the last failure of a step', () => {
  test('is that of its last attempt, with what is known of the answer', () => {
    const known = {
      code: 7,
      status: 'PERMISSION_DENIED',
      httpStatus: 403,
      reason: 'SERVICE_DISABLED',
      request: 'GET x',
    };
    const { type, action } = { type: 'ExportError.PermissionDenied', action: 'Grant it.' } as const;
    assert.deepEqual(lastFailureIn(ofActivity(failed(known))), { type, message: 'refused', action, ...known });
    assert.deepEqual(lastFailureIn(failed()), { type, message: 'refused', action });
    assert.deepEqual(lastFailureIn(ApplicationFailure.create({ message: 'm' })), {
      type: 'unknown',
      message: 'm',
      action: '',
    });
  });

  test('is that of the attempt before a timeout', () => {
    const earlier = defaultFailureConverter.errorToFailure(ofActivity(failed({}, 'earlier')), defaultPayloadConverter);
    const late = timeout('SCHEDULE_TO_CLOSE');
    late.failure = earlier;
    assert.equal(lastFailureIn(ofActivity(late))?.message, 'earlier');
  });

  test('is that of the last heartbeat after a timeout', () => {
    const lastFailure = { type: 't', message: 'm', action: 'a' };
    assert.deepEqual(lastFailureIn(ofActivity(timeout('HEARTBEAT', { lastFailure }))), lastFailure);
    for (const details of [
      undefined,
      null,
      'text',
      {},
      { lastFailure: null },
      { lastFailure: 'text' },
      { lastFailure: { ...lastFailure, type: 1 } },
      { lastFailure: { ...lastFailure, message: 1 } },
      { lastFailure: { ...lastFailure, action: 1 } },
    ]) {
      assert.equal(lastFailureIn(ofActivity(timeout('HEARTBEAT', details))), undefined, JSON.stringify(details));
    }
  });

  test('is not that of a parked export, nor of an error of the workflow', () => {
    assert.equal(lastFailureIn(ofActivity(failed({ type: 'ExportError.StillRunning' }))), undefined);
    assert.equal(lastFailureIn(new Error('other')), undefined);
    assert.equal(lastFailureIn(ofActivity(new CancelledFailure('cancelled'))), undefined);
  });
});

suite('an attempt of an export', () => {
  test('ended if its operation failed, or if its output is not intact', () => {
    assert.deepEqual(endedAttempt(OPERATION, ofActivity(failed({ operation: OPERATION }, 'x'.repeat(600)))), {
      operation: OPERATION,
      outcome: 'failed',
      reason: `${'x'.repeat(499)}…`,
    });
    assert.deepEqual(endedAttempt(OPERATION, failed({ type: 'ExportError.VerificationFailed' }, 'x'.repeat(600))), {
      operation: OPERATION,
      outcome: 'verification-failed',
      reason: `${'x'.repeat(499)}…`,
    });
  });

  test('has not ended after any other failure, nor at the deadline', () => {
    assert.equal(endedAttempt(OPERATION, ofActivity(failed())), undefined);
    assert.equal(endedAttempt(OPERATION, new Error('other')), undefined);
    const late = ofActivity(failed({ type: 'ExportError.VerificationFailed' }), RetryState.TIMEOUT);
    assert.equal(endedAttempt(OPERATION, late), undefined);
  });

  test('may be repeated, or has started nothing, only if its failure reports it', () => {
    assert.deepEqual([isTransient(failed({ exportAgain: true })), isTransient(failed())], [true, false]);
    assert.deepEqual([hasNothingStarted(failed({ nothingStarted: true })), hasNothingStarted(failed())], [true, false]);
  });
});
