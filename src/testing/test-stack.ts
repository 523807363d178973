import type { Client } from '@temporalio/client';
import type { Emulator, EmulatorModel, EmulatorOptions } from '../../emulator';
import type { GoogleOptions } from '../activities';
import { VertexExportClient } from '../client/client';
import { defined } from '../internal/defined';
import { startGoogleServices } from './services/local-stack';
import type { TemporalServerOptions } from './services/services';
import { Started } from './started';
import type { TestTemporalOptions } from './test-temporal';
import { startTestTemporal } from './test-temporal';
import type { TestWorkerOptions } from './test-worker';
import { startTestWorker } from './test-worker';

/** Options of {@link startTestStack}. */
export interface TestStackOptions {
  /** Path of a models file, or its entries. Default: the models that ship with the package. */
  models?: string | readonly EmulatorModel[];
  /** Buckets of the object store. Default: `exports`. */
  buckets?: readonly string[];
  /** Other options of the local Vertex AI. */
  emulator?: Omit<EmulatorOptions, 'models' | 'storageUrl' | 'registryUrl'>;
  /** Temporal server. Default `dev-server`. */
  temporal?: TestTemporalOptions;
  /** Options of a server that the stack starts (`dev-server`). */
  temporalServer?: TemporalServerOptions;
  /** Task queue of the worker and of `exports`. Default `vertex-export`. */
  taskQueue?: string;
  /** Options of the worker; `false` starts none. Default: a worker with this package's workflows and activities. */
  worker?: TestWorkerOptions | false;
}

/** Everything that a test of exports needs, on this machine. */
export interface TestStack {
  /** Client of the Temporal server. With `time-skipping`, awaiting a result through it skips time. */
  readonly client: Client;
  /** Client that starts and follows exports. */
  readonly exports: VertexExportClient;
  /** The local Vertex AI: adds Models, sets outcomes, injects faults, and logs requests. */
  readonly vertex: Emulator;
  /** `host:port` and namespace of the Temporal server. */
  readonly temporal: { readonly address: string; readonly namespace: string; readonly webUiUrl?: string };
  /** Task queue that the worker polls. */
  readonly taskQueue: string;
  /** Resolves when the worker has stopped. Rejects with its error if it failed. Never settles without a worker. */
  readonly workerEnded: Promise<void>;
  /** Options for `createExportActivities` in a worker that a test starts itself. */
  readonly google: GoogleOptions;
  /** Environment variables that connect another process, such as `npm run worker`, to the stack. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops everything that the stack has started. */
  stop(): Promise<void>;
}

/** The local services list an operation at once and have no quota. */
const WITHOUT_DELAYS: GoogleOptions = {
  settleDelayMs: 100,
  maxRequestsPerMinute: 1_000_000,
  maxSubmissionsPerMinute: 1_000_000,
};

/**
 * Starts a Temporal server, a local Vertex AI with an object store and a container registry, and a worker, on free ports of
 * this machine. Nothing leaves it: there are no requests to Google. For `node:test`, Jest and Vitest; see
 * docs/testing.md. If a part fails to start, the other parts are stopped.
 *
 * @throws Error if a part can't start, for example because the Temporal server is not on this machine and can't be fetched
 * @experimental
 *
 * @example
 * const stack = await startTestStack();
 * const handle = await stack.exports.start({
 *   name: 'projects/my-project/locations/us-central1/models/1001',
 *   outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/test' } },
 * });
 * const { files } = await handle.result();
 * await stack.stop();
 */
export function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { taskQueue = 'vertex-export', worker = {} } = options;
  return Started.all(async (started) => {
    const services = await startGoogleServices({
      emulator: { ...options.emulator, ...defined({ models: options.models }) },
      ...defined({ buckets: options.buckets }),
    });
    started.add(() => services.stop());
    const { vertex, environment } = services;
    const temporal = await startTestTemporal(options.temporal ?? 'dev-server', started, options.temporalServer);
    const google = {
      ...WITHOUT_DELAYS,
      emulators: {
        vertex: environment['VERTEX_EMULATOR_HOST'],
        storage: environment['STORAGE_EMULATOR_HOST'],
        registry: environment['REGISTRY_EMULATOR_HOST'],
      },
    };
    const running = worker === false ? undefined : await startTestWorker(temporal, taskQueue, google, worker, started);
    const { address, namespace, webUiUrl, client } = temporal;
    return {
      client,
      exports: new VertexExportClient(client, { taskQueue, google }),
      vertex,
      temporal: { address, namespace, ...defined({ webUiUrl }) },
      taskQueue,
      workerEnded: running?.ended ?? new Promise(() => undefined),
      google,
      environment: { ...environment, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
      stop: () => started.stop(),
    };
  });
}
