import type { EmulatorOperation } from './control';
import { operationsOf } from './control';
import type { FaultRule } from './faults';
import { Faults } from './faults';
import type { EmulatorModel, ExportOutcome } from './vertex/models';
import { DEFAULT_MODELS } from './vertex/models';
import type { Capabilities, EmulatorOptions } from './options';
import type { RequestLog } from './requests';
import { Requests } from './requests';
import { serve } from './server';
import { Service } from './vertex/service';

export type { EmulatorOperation } from './control';
export type { Fault, FaultRule } from './faults';
export type { EmulatorModel, ExportOutcome } from './vertex/models';
export type { Capabilities, EmulatorOptions, Quotas } from './options';
export type { LoggedRequest, RequestLog } from './requests';

/** A running emulator. */
export interface Emulator {
  /** URL of the emulator, for `VERTEX_EMULATOR_HOST`. */
  readonly url: string;
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
 * Starts an emulator of Vertex AI model exports on 127.0.0.1. Its exports write files to the object store at `storageUrl`
 * and push images to the registry at `registryUrl`. It is for tests and demos only.
 *
 * @throws Error if the Models have problems or the port is in use
 *
 * @example
 * const emulator = await startEmulator({ storageUrl: 'http://127.0.0.1:4443' });
 * const activities = createExportActivities({ emulators: { vertex: emulator.url, storage: 'http://127.0.0.1:4443' } });
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const storageUrl = options.storageUrl ?? process.env['STORAGE_EMULATOR_HOST'];
  const registryUrl = options.registryUrl ?? process.env['REGISTRY_EMULATOR_HOST'];
  const urls = {
    ...(storageUrl && { storageUrl: asUrl(storageUrl) }),
    ...(registryUrl && { registryUrl: asUrl(registryUrl) }),
  };
  const service = new Service({
    ...options,
    models: options.models ?? DEFAULT_MODELS,
    layout: options.layout ?? 'reference',
    ...urls,
  });
  const faults = new Faults();
  const requests = new Requests(options.onRequest);
  const control = { service, faults, requests, options, urls };
  const { url, openPort, close } = await serve(control, options.port ?? 0);
  return {
    url,
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

function asUrl(host: string): string {
  return (host.includes('://') ? host : `http://${host}`).replace(/\/+$/, '');
}
