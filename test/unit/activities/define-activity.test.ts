import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { defineActivity, defineUncheckedActivity } from '../../../src/activities/define-activity';
import { GoogleApiError } from '../../../src/google/api-error';
import type { ReportDetails } from '../../../src/activities/heartbeats';
import { activityEnvironment, failureOf, run } from '../../support/activities';

const schema = z.object({ count: z.int(), ms: z.int().optional() });
const denied = new GoogleApiError('no', 'PERMISSION_DENIED', 403, 'GET x', 90_000);

suite('an activity', () => {
  test('checks its request before it runs, and names every problem', async () => {
    const activity = defineActivity({ schema, run: () => assert.fail('it runs') });
    const failure = await failureOf(run(activity, { count: 'x', ms: 'y' } as never), 'ExportError.InvalidInput');
    assert.ok(!failure.retryable);
    assert.deepEqual(
      failure.details.problems?.map((text) => text.split(':')[0]),
      ['count', 'ms'],
    );
  });

  test('runs with the checked request', async () => {
    const activity = defineActivity({ schema, run: ({ count }) => Promise.resolve(count + 1) });
    assert.equal(await run(activity, { count: 1 }), 2);
  });

  test('sends no heartbeats without a timeout, and reports the given details with one', async () => {
    for (const sends of [false, true]) {
      const seen: unknown[] = [];
      const environment = activityEnvironment();
      environment.on('heartbeat', (details) => seen.push(details));
      const definition = {
        schema,
        run: async (_: unknown, report: ReportDetails) => {
          report(() => 'working');
          await new Promise((resolve) => setTimeout(resolve, 120));
        },
      };
      const activity = sends
        ? defineActivity({ ...definition, heartbeatTimeoutMs: ({ ms = 0 }) => ms })
        : defineActivity(definition);
      await environment.run(activity, { count: 1, ms: 4 });
      assert.equal(seen.length > 0, sends);
      assert.ok(seen.every((details) => details === 'working'));
    }
  });

  test('has a documented failure for errors of Google, and none of their cause in the history', async () => {
    for (const purpose of ['model', 'deletion'] as const) {
      const activity = defineActivity({ schema, purpose, run: () => Promise.reject(denied) });
      const promise = run(activity, { count: 1 });
      const { details } = await failureOf(promise, 'ExportError.PermissionDenied');
      assert.match(details.action, purpose === 'model' ? /aiplatform\.models\.get/ : /storage\.objects\.delete/);
      const failure: unknown = await promise.catch((reason: unknown) => reason);
      assert.ok(failure instanceof ApplicationFailure && !('cause' in failure));
    }
  });

  test('has an internal failure, which is retried, for any other error', async () => {
    for (const [error, message] of [
      [new TypeError('x is undefined'), /Unexpected error: TypeError: x is undefined/],
      ['text', /Unexpected error: text/],
      [denied, /Unexpected error: GoogleApiError: no/],
    ] as const) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries reject with any value
      const activity = defineActivity({ schema, run: () => Promise.reject(error) });
      const failure = await failureOf(run(activity, { count: 1 }), 'ExportError.Internal');
      assert.match(failure.message, message);
      assert.ok(failure.retryable);
    }
  });

  test('ends with the unchanged failure of a cancel, and of an asynchronous completion', async () => {
    for (const error of [new CancelledFailure('stop'), new CompleteAsyncError()]) {
      const activity = defineUncheckedActivity(() => Promise.reject(error));
      await assert.rejects(run(activity), (thrown) => thrown === error);
    }
  });

  test('is retried in the time that is left, whatever the service advises', async () => {
    const advised = ApplicationFailure.create({ message: 'm', type: 't', nextRetryDelay: 90_000 });
    const activity = defineUncheckedActivity(() => Promise.reject(advised));
    for (const [scheduleToCloseTimeoutMs, longest] of [
      [0, 90_000],
      [10_000, 5_000],
    ] as const) {
      const failure: unknown = await activityEnvironment({ scheduleToCloseTimeoutMs })
        .run(activity)
        .catch((reason: unknown) => reason);
      assert.ok(failure instanceof ApplicationFailure);
      assert.ok(Number(failure.nextRetryDelay) <= longest, String(failure.nextRetryDelay));
      assert.ok(Number(failure.nextRetryDelay) >= longest / 2, String(failure.nextRetryDelay));
    }
  });
});
