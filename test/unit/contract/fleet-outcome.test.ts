import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { ExportFailureType } from '../../../src/contract/failures';
import { notSucceeded } from '../../../src/contract/fleet-outcome';

function ofChild(cause: Error): ChildWorkflowFailure {
  const execution = { workflowId: 'fleet-1', runId: '' };
  return new ChildWorkflowFailure('default', execution, 'exportModelWorkflow', RetryState.NON_RETRYABLE_FAILURE, cause);
}

suite('the outcome of an export whose workflow did not succeed', () => {
  test('a failed export has the outcome failed with the type and message of its failure', () => {
    const failure = ApplicationFailure.nonRetryable('no format', 'ExportError.FormatNotSupported');
    assert.deepEqual(notSucceeded(ofChild(failure)), {
      outcome: 'failed',
      failure: { message: 'no format', type: 'ExportError.FormatNotSupported' },
    });
  });

  test('a cancelled export has the outcome cancelled', () => {
    assert.equal(notSucceeded(ofChild(new CancelledFailure('cancelled'))).outcome, 'cancelled');
  });

  test('the failure of a terminated or timed-out export states that its operation may still run', () => {
    for (const [cause, type] of [
      [new TerminatedFailure('by mistake'), ExportFailureType.Terminated],
      [new TimeoutFailure('late', undefined, TimeoutType.START_TO_CLOSE), ExportFailureType.DeadlineExceeded],
    ] as const) {
      const { outcome, failure } = notSucceeded(ofChild(cause));
      assert.deepEqual([outcome, failure?.type], ['failed', type]);
      assert.match(failure?.message ?? '', /operation may still be running/);
    }
  });

  test('a timeout of the activity that follows an export is not reported as a timeout of the export', () => {
    const timeout = new TimeoutFailure('no heartbeat', undefined, TimeoutType.HEARTBEAT);
    const error = new ActivityFailure('timed out', 'awaitExports', '1', RetryState.TIMEOUT, 'worker', timeout);
    assert.doesNotMatch(notSucceeded(error).failure?.message ?? '', /operation may still/);
  });

  test("the type and message of a fleet's failure are valid Unicode of bounded length", () => {
    const failure = ApplicationFailure.nonRetryable('😀'.repeat(5_000), 't'.repeat(5_000));
    const { failure: kept } = notSucceeded(ofChild(failure));
    assert.ok((kept?.message.length ?? 0) <= 500 && (kept?.type?.length ?? 0) <= 200);
    assert.doesNotMatch(kept?.message ?? '', /\p{Surrogate}/u);
  });
});
