import type { Info } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import type { GoogleServices } from '../../src/testing/services/local-stack';
import type { GoogleOptions } from '../../src/activities';
import { createExportActivities } from '../../src/activities';
import type { ExportActivities } from '../../src/contract/export-activities';
import type { ExportFailureDetails, ExportFailureTypeName } from '../../src/contract/failures';

/** Activities that call the local services, without a quota and with a short wait after a lost answer. */
export function activitiesOf(services: GoogleServices, options: GoogleOptions = {}): ExportActivities {
  const { vertex, store, registry } = services;
  const emulators = { vertex: vertex.url, storage: store.url, registry: registry.url };
  return createExportActivities({ emulators, settleDelayMs: 100, ...NO_BUDGET, ...options });
}

/** More than any test uses. */
const NO_BUDGET: GoogleOptions = { maxRequestsPerMinute: 1_000_000, maxSubmissionsPerMinute: 1_000_000 };

type EnvironmentOptions = ConstructorParameters<typeof MockActivityEnvironment>[1];

/** The environment of one activity that was scheduled just now. Tests assert on failures, so they are not logged. */
export function activityEnvironment(info: Partial<Info> = {}, options?: EnvironmentOptions): MockActivityEnvironment {
  const { scheduledTimestampMs = Date.now() } = info;
  return new MockActivityEnvironment(
    {
      heartbeatTimeoutMs: 60_000,
      scheduleToCloseTimeoutMs: 0,
      scheduledTimestampMs,
      currentAttemptScheduledTimestampMs: scheduledTimestampMs,
      ...info,
    },
    { logger: new DefaultLogger('ERROR'), ...options },
  );
}

/** Temporal's client as an activity uses it: it answers with the status of the activity's workflow. */
export function workflowStatusClient(status: () => string): Client {
  const client = {
    withAbortSignal: (_: AbortSignal, use: () => unknown): unknown => use(),
    workflow: { getHandle: () => ({ describe: () => Promise.resolve({ status: { name: status() } }) }) },
  };
  return client as unknown as Client;
}

/** Runs one activity as a worker would. */
export function run<Args extends unknown[], Result>(
  activity: (...args: Args) => Promise<Result>,
  ...args: Args
): Promise<Result> {
  return activityEnvironment().run(activity, ...args);
}

/** The contents of a failure of this package. */
export interface SeenFailure {
  readonly message: string;
  readonly retryable: boolean;
  readonly details: ExportFailureDetails;
}

/** Waits for a failure of the given type. Any other outcome fails the test. */
export async function failureOf(promise: Promise<unknown>, type: ExportFailureTypeName): Promise<SeenFailure> {
  const error: unknown = await promise.then(
    (value) => new Error(`succeeded: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.equal(error.type, type, error.message);
  const [details] = error.details as [ExportFailureDetails];
  assert.equal(details.type, type);
  assert.ok(error.message.endsWith(details.action), 'the message ends with what to do');
  return { message: error.message, retryable: error.nonRetryable !== true, details };
}
