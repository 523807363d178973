import { before } from 'node:test';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import assert from 'node:assert/strict';
import type { LocalStack } from '../../src/testing/services/local-stack';
import type { ExportHandle, FleetHandle } from '../../src';
import { VertexExportClient } from '../../src';
import { parseWorkerConfig } from '../../src/worker/config';
import type { ExportFailureDetails, ExportFailureTypeName } from '../../src/contract/failures';
import type { ExportModelInput } from '../../src/contract/export-input';
import { createExportWorker } from '../../src/worker';
import type { Services } from './services';

// Failures are asserted on, not logged.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A client and, while the tests run, a worker in this process. */
export interface Exports {
  readonly client: Client;
  readonly exports: VertexExportClient;
}

type Settings = Readonly<Record<string, string>>;

/** The local services have no quota, unless a test gives them one. */
const WITHOUT_DELAYS: Settings = {
  VERTEX_EXPORT_SETTLE_DELAY: '200ms',
  VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE: '1000000',
  VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE: '1000000',
};

/** Refusals of polls are final after four answers in a row, which takes seven seconds instead of minutes. */
const IMPATIENT = { notFoundMs: 1_000, refusedMs: 1_000 };

/** Connects to the stack, and polls with a worker of this package, unless an option disables it. */
export function useExports(
  stack: Services<LocalStack>,
  settings: Settings | ((stack: LocalStack) => Settings) | 'without worker' = {},
): () => Exports {
  let current: Exports | undefined;
  before(async () => {
    const { temporal, environment } = await stack.ready();
    const connection = await Connection.connect({ address: temporal.address });
    stack.beforeStop(() => connection.close());
    const client = new Client({ connection });
    current = { client, exports: new VertexExportClient(client) };
    if (settings === 'without worker') return;
    const native = await NativeConnection.connect({ address: temporal.address });
    stack.beforeStop(() => native.close());
    const changes = typeof settings === 'function' ? settings(await stack.ready()) : settings;
    const config = parseWorkerConfig({ ...environment, ...WITHOUT_DELAYS, ...changes });
    const google = { ...config.google, ...IMPATIENT };
    const worker = await createExportWorker(native, temporal.namespace, { ...config, google });
    const running = worker.run();
    stack.beforeStop(() => {
      worker.shutdown();
      return running;
    });
  });
  return () => {
    assert.ok(current, 'a client is available in tests and hooks only');
    return current;
  };
}

/** Short pauses, so that a test does not wait for the defaults, which suit exports of minutes. */
export const QUICK: Pick<ExportModelInput, 'polling'> = {
  polling: { initialDelay: '50ms', maxDelay: '500ms', heartbeatTimeout: '2s' },
};

export const ARTIFACTS: ExportModelInput['outputConfig'] = {
  artifactDestination: { outputUriPrefix: 'gs://exports/tests' },
};

/** A handle with `result()`. */
type Ended = Pick<ExportHandle | FleetHandle, 'result'>;

/** How an export failed: the failure's type, message and details. */
export async function exportFailure(
  handle: Ended,
  type: ExportFailureTypeName,
): Promise<{ message: string; details: ExportFailureDetails }> {
  const cause = await causeOf(handle);
  assert.ok(cause instanceof ApplicationFailure, String(cause));
  assert.equal(cause.type, type, cause.message);
  const [details] = cause.details as [ExportFailureDetails];
  return { message: cause.message, details };
}

/** Waits for an export that ends cancelled. */
export async function exportCancelled(handle: Ended): Promise<void> {
  const cause = await causeOf(handle);
  assert.ok(cause instanceof CancelledFailure, String(cause));
}

async function causeOf(handle: Ended): Promise<unknown> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  assert.ok(error instanceof WorkflowFailedError, `did not fail: ${JSON.stringify(error)}`);
  return error.cause;
}

/** Repeats a request until it returns the expected answer. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < giveUpAt, `not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
