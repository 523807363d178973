import type { EmulatorOperation } from './control';
import { operationsOf } from './control';
import type { FaultRule } from './faults';
import { Faults } from './faults';
import type { EmulatorModel, ExportOutcome } from './vertex/models';
import { DEFAULT_MODELS } from './vertex/models';
import { createBucket, DEFAULT_BUCKETS } from './buckets';
import type { BucketOptions, Capabilities, EmulatorOptions } from './options';
import type { RequestLog } from './requests';
import { Requests } from './requests';
import { serve } from './server';
import { Stores } from './stores';
import { Service } from './vertex/service';

export type { EmulatorOperation } from './control';
export type { Fault, FaultRule } from './faults';
export type { EmulatorModel, ExportOutcome } from './vertex/models';
export type { BucketOptions, Capabilities, EmulatorOptions, Quotas } from './options';
export type { LoggedRequest, RequestLog } from './requests';

/** A running emulator. */
export interface Emulator {
  /** URL of the emulator, for `VERTEX_EMULATOR_HOST`. */
  readonly url: string;
  /** URL of the object store, for `STORAGE_EMULATOR_HOST`: the emulator's if the store is built in. */
  readonly storage: string;
  /** URL of the registry, for `REGISTRY_EMULATOR_HOST`: the emulator's if the registry is built in. */
  readonly registry: string;
  /** Creates a bucket in the object store. @throws Error if the object store refuses, for example because it exists */
  createBucket(name: string, options?: Omit<BucketOptions, 'name'>): Promise<void>;
  /** Adds a rule that makes requests fail. Returns the rule's id. */
  addFault(rule: FaultRule): string;
  /** Number of faults by a rule. */
  faultUses(id: string): number;
  /** Removes a rule. */
  removeFault(id: string): void;
  /** Removes all rules. */
  clearFaults(): void;
  /** Requests since the start or the last `clearRequests`. */
  requests(): RequestLog;
  /** Empties the request log. */
  clearRequests(): void;
  /** All exports since the start, in the order of their starts. */
  operations(): EmulatorOperation[];
  /** Adds Models. @throws Error with all problems of the entries */
  addModels(models: readonly EmulatorModel[]): void;
  /**
   * Sets how the next exports of a Model end, and their duration in milliseconds. Several outcomes apply to successive
   * exports; the last one is repeated.
   */
  setOutcome(model: string, outcome: ExportOutcome | readonly ExportOutcome[], durationMs?: number): void;
  /** Changes capabilities of the service. Missing keys keep their values. */
  setCapabilities(capabilities: Capabilities): void;
  /** Opens another port, so that the log shows which requests used it. Returns its URL. */
  openPort(): Promise<string>;
  /** Stops the emulator. */
  stop(): Promise<void>;
}

/**
 * Starts an emulator of Vertex AI model exports on 127.0.0.1, with an object store and a registry in the same process and on
 * the same port. It is for tests and demos only.
 *
 * @throws Error if the Models have problems, the port is in use, or a store can't be used
 *
 * @example
 * const emulator = await startEmulator();
 * const activities = createExportActivities({
 *   emulators: { vertex: emulator.url, storage: emulator.storage, registry: emulator.registry },
 * });
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const stores = await Stores.open(options);
  const faults = new Faults();
  const requests = new Requests(options.onRequest);
  const listening = await serve(options.port ?? 0, (emulatorUrl) => {
    const { storage: storageUrl, registry: registryUrl } = stores.internalUrls(emulatorUrl);
    const service = new Service({
      ...options,
      models: options.models ?? DEFAULT_MODELS,
      layout: options.layout ?? 'reference',
      storageUrl,
      registryUrl,
    });
    return { service, faults, requests, options, stores };
  }).catch(async (error: unknown) => {
    await stores.close();
    throw error;
  });
  const { url, openPort, close, control } = listening;
  const { service } = control;
  const { storage } = stores.internalUrls(url);
  try {
    for (const bucket of options.buckets ?? (stores.hasBuiltInStorage ? DEFAULT_BUCKETS : [])) {
      await createBucket(storage, bucket, { mayExist: true });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    ...stores.urls(url),
    createBucket: (name, bucket) => createBucket(storage, { name, ...bucket }),
    addFault: (rule) => faults.add(rule),
    faultUses: (id) => faults.uses(id),
    removeFault: (id) => {
      faults.remove(id);
    },
    clearFaults: () => {
      faults.clear();
    },
    requests: () => requests.log(),
    clearRequests: () => {
      requests.clear();
    },
    operations: () => operationsOf(control),
    addModels: (models) => {
      service.addModels(models);
    },
    setOutcome: (model, outcome, durationMs) => {
      service.setOutcome(model, [outcome].flat(), durationMs);
    },
    setCapabilities: (capabilities) => {
      Object.assign(service.capabilities, capabilities);
    },
    openPort,
    stop: close,
  };
}
