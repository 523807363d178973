import type { EmulatorOperation } from './control';
import { operationsOf } from './control';
import type { FaultRule } from './faults';
import { Faults } from './faults';
import type { EmulatorModel, ExportOutcome } from './models';
import { DEFAULT_MODELS } from './models';
import type { Capabilities, EmulatorOptions } from './options';
import type { RequestLog } from './requests';
import { Requests } from './requests';
import { serve } from './server';
import { Service } from './service';

export type { EmulatorOperation } from './control';
export type { Fault, FaultRule } from './faults';
export type { EmulatorModel, ExportOutcome } from './models';
export type { Capabilities, EmulatorOptions, Quotas } from './options';
export type { LoggedRequest, RequestLog } from './requests';

/** A running local Vertex AI. */
export interface Emulator {
  /** For `VERTEX_EMULATOR_HOST`. */
  readonly url: string;
  /** Makes requests fail. Gives the rule's id. */
  addFault(rule: FaultRule): string;
  /** How often a rule took effect so far. */
  faultUses(id: string): number;
  removeFault(id: string): void;
  clearFaults(): void;
  /** What was asked since the start or the last clear. */
  requests(): RequestLog;
  clearRequests(): void;
  /** All exports since the start, oldest first. */
  operations(): EmulatorOperation[];
  addModels(models: readonly EmulatorModel[]): void;
  /**
   * Sets how the next exports of a model end and how long they run, in milliseconds; of several outcomes each export
   * takes the next, and the last one stays.
   */
  setOutcome(model: string, outcome: ExportOutcome | readonly ExportOutcome[], durationMs?: number): void;
  /** Switches what the service can do; keys that are left out stay as they are. */
  setCapabilities(capabilities: Capabilities): void;
  /** Listens on one more port, so that the log shows which requests came through it. Gives its URL. */
  openPort(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a local Vertex AI for model exports on 127.0.0.1. Exports really write their files to the object store at
 * `storageUrl` and really push their images to the registry at `registryUrl`.
 *
 * @throws Error where the models have problems (each is named) or the port is taken
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
