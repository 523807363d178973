import type { Emulator, EmulatorOptions } from '../../../emulator';
import { startEmulator } from '../../../emulator';
import type { TemporalServer, TemporalServerOptions } from './services';
import { startObjectStore, startRegistry, startTemporalServer } from './services';
import { orStop, startAll } from './start-all';

/** Which programs are the object store and the registry. */
export type StoreKind = 'built-in' | 'independent';

export interface GoogleServicesOptions {
  readonly emulator?: Omit<EmulatorOptions, 'storageUrl' | 'registryUrl' | 'buckets'>;
  /** Created in the object store. Default: `exports`. */
  readonly buckets?: readonly string[];
  /**
   * `built-in`: those in the local Vertex AI. `independent`: fake-gcs-server and go-containerregistry's registry, which other
   * people wrote. Default `built-in`.
   */
  readonly stores?: StoreKind;
}

/** A service by its URL, which has no slash at its end. */
interface StoreService {
  readonly url: string;
}

/** The local services that replace Google Cloud. */
export interface GoogleServices {
  readonly store: StoreService;
  readonly registry: StoreService;
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

/** Starts a local Vertex AI, an object store and a registry on free ports of loopback. */
export async function startGoogleServices(options: GoogleServicesOptions = {}): Promise<GoogleServices> {
  const stores = await startStores(options.stores ?? 'built-in');
  const vertex = await orStop([stores], () =>
    startEmulator({
      ...options.emulator,
      storageUrl: stores.storageUrl,
      registryUrl: stores.registryUrl,
      buckets: (options.buckets ?? ['exports']).map((name) => ({ name })),
    }),
  );
  return {
    store: { url: vertex.storage },
    registry: { url: vertex.registry },
    vertex,
    environment: {
      VERTEX_EMULATOR_HOST: vertex.url,
      STORAGE_EMULATOR_HOST: vertex.storage,
      REGISTRY_EMULATOR_HOST: vertex.registry,
    },
    stop: async () => {
      await vertex.stop();
      await stores.stop();
    },
  };
}

interface Stores {
  readonly storageUrl: string;
  readonly registryUrl: string;
  stop(): Promise<void>;
}

async function startStores(kind: StoreKind): Promise<Stores> {
  if (kind === 'built-in') {
    return { storageUrl: 'built-in', registryUrl: 'built-in', stop: () => Promise.resolve() };
  }
  const [store, registry] = await startAll([startObjectStore(), startRegistry()]);
  return {
    storageUrl: store.url,
    registryUrl: registry.url,
    stop: async () => {
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
