import type { Emulator, EmulatorOptions } from '../emulator';
import { startEmulator } from '../emulator';
import type { ObjectStore, Service, TemporalServer, TemporalServerOptions } from './services';
import { startObjectStore, startRegistry, startTemporalServer } from './services';

export interface LocalStackOptions {
  readonly temporal?: TemporalServerOptions;
  readonly emulator?: Omit<EmulatorOptions, 'storageUrl' | 'registryUrl'>;
  /** Created in the object store. Default: `exports`. */
  readonly buckets?: readonly string[];
}

/** Everything that an export needs, on this machine. */
export interface LocalStack {
  readonly temporal: TemporalServer;
  readonly store: ObjectStore;
  readonly registry: Service;
  readonly vertex: Emulator;
  /** What a worker process needs in its environment to work with all of it. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts a Temporal server, an object store, a registry and a local Vertex AI on free ports of loopback. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const [temporal, store, registry] = await Promise.all([
    startTemporalServer(options.temporal),
    startObjectStore(),
    startRegistry(),
  ]);
  for (const bucket of options.buckets ?? ['exports']) await store.createBucket(bucket);
  const vertex = await startEmulator({ ...options.emulator, storageUrl: store.url, registryUrl: registry.url });
  return {
    temporal,
    store,
    registry,
    vertex,
    workerEnvironment: {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      VERTEX_EMULATOR_HOST: vertex.url,
      STORAGE_EMULATOR_HOST: store.url,
      REGISTRY_EMULATOR_HOST: registry.url,
    },
    stop: async () => {
      await vertex.stop();
      await Promise.all([temporal.stop(), store.stop(), registry.stop()]);
    },
  };
}
