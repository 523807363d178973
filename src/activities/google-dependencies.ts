import type { MetricMeter } from '@temporalio/common';
import type { Credentials } from '../google/credentials';
import { anonymous, applicationDefaultCredentials, basicCredentials } from '../google/credentials';
import { credentialsProblem, EndpointError, endpointUrl } from '../google/endpoint';
import { withKnownBuckets } from '../google/bucket-cache';
import { registryRest } from '../google/registry';
import { vertexEndpoint } from '../google/resource-url';
import { RestClient } from '../google/rest';
import { storageRest } from '../google/storage';
import { vertexRest } from '../google/vertex';
import { budgetedVertex, submissionsOf } from '../polling/budget/budgeted-vertex';
import { temporalMetrics } from '../telemetry/metrics';
import { SharedOperationPoller } from '../polling/operation-poller';
import type { BudgetLimits } from '../polling/budget/region-budgets';
import { RegionBudgets } from '../polling/budget/region-budgets';
import { processTimers } from '../polling/time/timers';
import type { ExportDependencies } from './dependencies';

/** URLs or `host:port` of the three services. */
export interface ServiceHosts {
  vertex?: string | undefined;
  storage?: string | undefined;
  /** Stands for every image's registry. */
  registry?: string | undefined;
}

/** Where Google's services are, and how to speak to them. */
export interface GoogleOptions extends BudgetLimits {
  /** Private or regional endpoints, spoken to with credentials. Default: Google's public ones, by location. */
  endpoints?: ServiceHosts;
  /**
   * Local stand-ins, spoken to without any token; they go before `endpoints`. Default: the environment variables
   * `VERTEX_EMULATOR_HOST`, `STORAGE_EMULATOR_HOST` and `REGISTRY_EMULATOR_HOST`.
   */
  emulators?: ServiceHosts;
  /**
   * Sends credentials to `endpoints` over `http://`, too: only for a network where nobody else can listen. `http://` to
   * this machine needs no permission. Default `false`.
   */
  allowHttpCredentials?: boolean;
  /** Where requests get their headers from. Default: Application Default Credentials. */
  credentials?: Credentials;
  /** Project that quota and cost are counted for. Default: `GOOGLE_CLOUD_QUOTA_PROJECT`, then that of the credentials. */
  quotaProject?: string;
  /**
   * After an answer that does not tell whether an export was started, so long the service gets to show the operation
   * before it is looked for, in milliseconds. Default 15 000.
   */
  settleDelayMs?: number;
  /** An answer that takes longer counts as lost, in milliseconds. Default 30 000. */
  requestTimeoutMs?: number;
  /** How long the service is asked to hold a `:wait`, in milliseconds. Default 30 000. */
  longPollMs?: number;
  /** Without a good answer about an operation for so long, its activity fails and is retried, in ms. Default 600 000. */
  outageMs?: number;
  /**
   * Buckets that Models are uploaded from. A `custom-trained` export is compared with the Model's `artifactUri`, which
   * can be in a bucket that only the worker may list: differences in other buckets than these and that of the export are
   * counted, and not named. Default: none.
   */
  uploadBuckets?: readonly string[];
  /** A 404 about an operation is believed when it lasts this long, in milliseconds. Default 120 000. */
  notFoundMs?: number;
  /** Another refusal about an operation (400, 403, 412, …) is believed when it lasts this long, in ms. Default 300 000. */
  refusedMs?: number;
  /** Where the `vertex_export_…` metrics go. Default: the meter of the worker's `Runtime`. */
  metricMeter?: MetricMeter;
}

/** The local stand-ins: those that were given, or those of the environment. */
function emulatorsOf({ emulators }: GoogleOptions): ServiceHosts {
  const { env } = process;
  return (
    emulators ?? {
      vertex: env['VERTEX_EMULATOR_HOST'],
      storage: env['STORAGE_EMULATOR_HOST'],
      registry: env['REGISTRY_EMULATOR_HOST'],
    }
  );
}

/** The credentials for Google's services; `undefined` where an emulator takes the place of each of them. */
export function googleCredentials(options: GoogleOptions): Credentials | undefined {
  const { vertex, storage, registry } = emulatorsOf(options);
  const isLocal = [vertex, storage, registry].every((host) => endpointUrl(host, 'http') !== undefined);
  return isLocal ? undefined : credentialsOf(options);
}

function credentialsOf({ credentials, quotaProject = process.env['GOOGLE_CLOUD_QUOTA_PROJECT'] }: GoogleOptions) {
  return credentials ?? applicationDefaultCredentials(quotaProject ? { quotaProject } : {});
}

const STORAGE_ENDPOINT = 'https://storage.googleapis.com';
const SETTLE_DELAY_MS = 15_000;
const REFUSED_MS = 300_000;

/** The runtime is loaded when it is needed: clients load this file too, and an application may still install its own. */
async function meterOf({ metricMeter }: GoogleOptions): Promise<MetricMeter> {
  if (metricMeter) return metricMeter;
  const { Runtime } = await import('@temporalio/worker');
  return Runtime.instance().metricMeter;
}

/**
 * Real clients over Application Default Credentials; towards an emulator no token is sent.
 *
 * @throws EndpointError where an endpoint is not a URL, or would get credentials over `http://`
 * @param storageAttempts of a request to Cloud Storage that is made outside of an activity
 */
export function createDependencies(options: GoogleOptions = {}, { storageAttempts = 1 } = {}): ExportDependencies {
  const emulators = emulatorsOf(options);
  const { allowHttpCredentials = false, requestTimeoutMs: timeoutMs } = options;
  const google = credentialsOf(options);

  const service = (name: keyof ServiceHosts): { url: string | undefined; credentials: Credentials } => {
    const emulator = endpointUrl(emulators[name], 'http');
    if (emulator !== undefined) return { url: emulator, credentials: anonymous };
    const url = endpointUrl(options.endpoints?.[name], 'https');
    const problem = url === undefined || allowHttpCredentials ? undefined : credentialsProblem(url);
    if (problem !== undefined) throw new EndpointError(`The ${name} endpoint ${problem}.`);
    return { url, credentials: google };
  };
  const restOptions = { timeoutMs, allowHttpCredentials };
  const vertexHost = service('vertex');
  const storage = service('storage');
  const registry = service('registry');
  const budgets = new RegionBudgets(
    processTimers,
    temporalMetrics(() => meterOf(options)),
    options,
  );
  const vertex = vertexRest(
    new RestClient(vertexHost.credentials, restOptions),
    (location) => vertexHost.url ?? vertexEndpoint(location),
  );
  return {
    vertex: budgetedVertex(vertex, budgets),
    storage: withKnownBuckets(
      storageRest(
        new RestClient(storage.credentials, { ...restOptions, attempts: storageAttempts }),
        storage.url ?? STORAGE_ENDPOINT,
      ),
      () => processTimers.clock.now(),
    ),
    registry: registryRest(
      new RestClient(basicCredentials(registry.credentials), restOptions),
      (host) => registry.url ?? `https://${host}`,
    ),
    poller: new SharedOperationPoller(vertex, budgets, options),
    submission: submissionsOf(vertex, budgets),
    settleDelayMs: options.settleDelayMs ?? SETTLE_DELAY_MS,
    refusedMs: options.refusedMs ?? REFUSED_MS,
    uploadBuckets: options.uploadBuckets ?? [],
  };
}
