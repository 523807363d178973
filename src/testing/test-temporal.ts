import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { findComponent } from './services/find-component';
import type { TemporalServerOptions } from './services/services';
import { startTemporalServer } from './services/services';
import type { Started } from './started';

/**
 * Temporal server of a test stack:
 *
 * - `dev-server`: the development server of the Temporal CLI, with its Web UI.
 * - `time-skipping`: the test server of `@temporalio/testing`. While a test waits for a result, timers end at once.
 * - an address: a server that is running already. It is not stopped with the stack.
 */
export type TestTemporalOptions =
  'dev-server' | 'time-skipping' | { readonly address: string; readonly namespace?: string };

/** A running Temporal server with its connections. */
export interface TestTemporal {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly namespace: string;
  /** URL of the Web UI; missing if the server has none. */
  readonly webUiUrl?: string;
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
}

/** Starts or connects to a Temporal server. */
export async function startTestTemporal(
  options: TestTemporalOptions,
  started: Started,
  server: TemporalServerOptions = {},
): Promise<TestTemporal> {
  if (options === 'time-skipping') return startTimeSkipping(started);
  if (options !== 'dev-server') return connect(options.address, options.namespace ?? 'default', started);
  const { address, namespace, url, stop } = await startTemporalServer(server);
  started.add(stop);
  return { ...(await connect(address, namespace, started)), webUiUrl: url };
}

async function connect(address: string, namespace: string, started: Started): Promise<TestTemporal> {
  const connection = await Connection.connect({ address });
  started.add(() => connection.close());
  const nativeConnection = await NativeConnection.connect({ address });
  started.add(() => nativeConnection.close());
  return { address, namespace, client: new Client({ connection, namespace }), nativeConnection };
}

async function startTimeSkipping(started: Started): Promise<TestTemporal> {
  const path = await findComponent('temporal-test-server');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  started.add(() => environment.teardown());
  const { address, namespace = 'default', client, nativeConnection } = environment;
  return { address, namespace, client, nativeConnection };
}
