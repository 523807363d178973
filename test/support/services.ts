import { after, before } from 'node:test';
import type {
  GoogleServices,
  GoogleServicesOptions,
  LocalStack,
  LocalStackOptions,
  StoreKind,
} from '../../src/testing/services/local-stack';
import { startGoogleServices, startLocalStack } from '../../src/testing/services/local-stack';
import { findComponent } from '../../src/testing/services/find-component';
import { missingReason } from './missing-program';

/** Returns the services of a test file, in a test or a hook. */
export interface Services<T> {
  (): T;
  /** Resolves when they run, because the hooks of a file do not wait for each other. */
  readonly ready: () => Promise<T>;
  /** Runs an action before they stop, in the reverse order of additions. */
  readonly beforeStop: (ending: () => Promise<unknown>) => void;
}

/** Starts services before the first test of a file and stops them after its last. */
function useServices<T extends { stop(): Promise<void> }>(start: () => Promise<T>): Services<T> {
  let starting: Promise<T> | undefined;
  let services: T | undefined;
  const endings: (() => Promise<unknown>)[] = [];
  const ready = (): Promise<T> => (starting ??= start());
  before(async () => {
    services = await ready();
  });
  after(async () => {
    for (const end of endings.reverse()) await end();
    await services?.stop();
  });
  const current = (): T => {
    if (services === undefined) throw new Error('services are available in tests and hooks only');
    return services;
  };
  return Object.assign(current, { ready, beforeStop: (ending: () => Promise<unknown>) => endings.push(ending) });
}

/** A local Vertex AI with its object store and its registry. Independent stores are used if their programs are found. */
export const useGoogleServices = (options: GoogleServicesOptions = {}): Services<GoogleServices> =>
  useServices(async () => startGoogleServices({ ...options, stores: await foundStores(options.stores) }));

/** A local Vertex AI with its object store and its registry, and a Temporal server. */
export const useLocalStack = (options: LocalStackOptions = {}): Services<LocalStack> =>
  useServices(async () => startLocalStack({ ...options, stores: await foundStores(options.stores) }));

async function foundStores(wanted: StoreKind = 'built-in'): Promise<StoreKind> {
  if (wanted === 'built-in') return wanted;
  for (const name of ['fake-gcs-server', 'registry'] as const) {
    const reason = await missingReason(() => findComponent(name));
    if (reason === undefined) continue;
    process.stderr.write(`The tests of this file run on the built-in stores: ${reason}\n`);
    return 'built-in';
  }
  return wanted;
}
