import type { Emulator, EmulatorOptions } from '../../../emulator';
import { startEmulator } from '../../../emulator';
import type { ObjectStore, Service, TemporalServer, TemporalServerOptions } from './services';
import { startObjectStore, startRegistry, startTemporalServer } from './services';
import { orStop, startAll } from './start-all';

export interface GoogleServicesOptions {
  readonly emulator?: Omit<EmulatorOptions, 'storageUrl' | 'registryUrl'>;
  /** Created in the object store. Default: `exports`. */
  readonly buckets?: readonly string[];
}

/** The local services that replace Google Cloud. */
export interface GoogleServices {
  readonly store: ObjectStore;
  readonly registry: Service;
  readonly vertex: Emulator;
  /** What a process needs in its environment to work with them. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface LocalStackOptions extends GoogleServicesOptions {
  readonly temporal?: TemporalServerOptions;
}

/** Everything that an export needs, on this machine. */
export interface LocalStack extends GoogleServices {
  readonly temporal: TemporalServer;
}

/** Starts an object store, a registry and a local Vertex AI on free ports of loopback. */
export async function startGoogleServices(options: GoogleServicesOptions = {}): Promise<GoogleServices> {
  const [store, registry] = await startAll([startObjectStore(), startRegistry()]);
  const vertex = await orStop([store, registry], async () => {
    for (const bucket of options.buckets ?? ['exports']) await store.createBucket(bucket);
    return startEmulator({ ...options.emulator, storageUrl: store.url, registryUrl: registry.url });
  });
  return {
    store,
    registry,
    vertex,
    environment: {
      VERTEX_EMULATOR_HOST: vertex.url,
      STORAGE_EMULATOR_HOST: store.url,
      REGISTRY_EMULATOR_HOST: registry.url,
    },
    stop: async () => {
      await vertex.stop();
      await Promise.all([store.stop(), registry.stop()]);
    },
  };
}

/** Starts a Temporal server and the local services that replace Google Cloud. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const [temporal, google] = await startAll([startTemporalServer(options.temporal), startGoogleServices(options)]);
  return {
    ...google,
    temporal,
    environment: {
      ...google.environment,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    },
    stop: async () => {
      await Promise.all([temporal.stop(), google.stop()]);
    },
  };
}
