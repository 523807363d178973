import type { Credentials } from './credentials';
import { anonymous, applicationDefaultCredentials, basicCredentials } from './credentials';
import { credentialsProblem, EndpointError, endpointUrl } from './endpoint';
import type { RegistryApi } from './registry';
import { registryRest } from './registry';
import { vertexEndpoint } from './resource-url';
import type { RestOptions } from './rest';
import { RestClient } from './rest';
import type { StorageApi } from './storage';
import { storageRest } from './storage';
import type { VertexApi } from './vertex';
import { vertexRest } from './vertex';

/** URLs or `host:port` of the three services. */
export interface ServiceHosts {
  vertex?: string | undefined;
  storage?: string | undefined;
  /** Replaces the host of every image's URI. */
  registry?: string | undefined;
}

/** Where Google's services are, and how to connect to them. */
export interface GoogleServiceOptions {
  /** Private or regional endpoints, called with credentials. Default: Google's public ones, by location. */
  endpoints?: ServiceHosts;
  /**
   * Local emulators, called without credentials; they take precedence over `endpoints`. Default: the environment
   * variables `VERTEX_EMULATOR_HOST`, `STORAGE_EMULATOR_HOST` and `REGISTRY_EMULATOR_HOST`.
   */
  emulators?: ServiceHosts;
  /**
   * Whether credentials may be sent to `endpoints` over `http://`. Set it only in a network that no other party can read.
   * `http://` to this machine needs no permission. Default `false`.
   */
  allowHttpCredentials?: boolean;
  /** Source of the authorization headers. Default: Application Default Credentials. */
  credentials?: Credentials;
  /** Project that quota and cost are counted for. Default: `GOOGLE_CLOUD_QUOTA_PROJECT`, then that of the credentials. */
  quotaProject?: string;
  /** Limit of a request, in milliseconds: a later answer counts as lost. Default 30 000. */
  requestTimeoutMs?: number;
}

/** Clients of the three services. */
export interface GoogleServices {
  readonly vertex: VertexApi;
  readonly storage: StorageApi;
  readonly registry: RegistryApi;
}

const STORAGE_ENDPOINT = 'https://storage.googleapis.com';

/**
 * The credentials for Google's services.
 *
 * @returns `undefined` if an emulator replaces each service
 */
export function googleCredentials(options: GoogleServiceOptions): Credentials | undefined {
  const { vertex, storage, registry } = emulatorHosts(options);
  const isLocal = [vertex, storage, registry].every((host) => endpointUrl(host, 'http') !== undefined);
  return isLocal ? undefined : configuredCredentials(options);
}

/**
 * Creates the clients. Emulators get no credentials.
 *
 * @throws EndpointError if an endpoint is not a URL, or would get credentials over `http://`
 */
export function googleServices(options: GoogleServiceOptions = {}): GoogleServices {
  const google = configuredCredentials(options);
  const vertex = connectionOf('vertex', options, google);
  const registry = connectionOf('registry', options, google);
  const restOptions = restOptionsOf(options);
  return {
    vertex: vertexRest(
      new RestClient(vertex.credentials, restOptions),
      (location) => vertex.url ?? vertexEndpoint(location),
    ),
    storage: storageOf(options, google, restOptions),
    registry: registryRest(
      new RestClient(basicCredentials(registry.credentials), restOptions),
      (host) => registry.url ?? `https://${host}`,
    ),
  };
}

/** Attempts of each request, over about a minute: one bad answer must not fail a long check. */
const RETRYING_ATTEMPTS = 8;

/**
 * Creates a client of Cloud Storage for use outside of Temporal: it retries each request whose failure may pass. An
 * emulator gets no credentials.
 *
 * @throws EndpointError if the endpoint is not a URL, or would get credentials over `http://`
 */
export function retryingStorage(options: GoogleServiceOptions = {}): StorageApi {
  const restOptions = { ...restOptionsOf(options), attempts: RETRYING_ATTEMPTS };
  return storageOf(options, configuredCredentials(options), restOptions);
}

function storageOf(options: GoogleServiceOptions, google: Credentials, restOptions: RestOptions): StorageApi {
  const { url = STORAGE_ENDPOINT, credentials } = connectionOf('storage', options, google);
  return storageRest(new RestClient(credentials, restOptions), url);
}

function restOptionsOf({ allowHttpCredentials, requestTimeoutMs: timeoutMs }: GoogleServiceOptions): RestOptions {
  return { timeoutMs, allowHttpCredentials };
}

function connectionOf(
  name: keyof ServiceHosts,
  options: GoogleServiceOptions,
  google: Credentials,
): { url: string | undefined; credentials: Credentials } {
  const emulator = endpointUrl(emulatorHosts(options)[name], 'http');
  if (emulator !== undefined) return { url: emulator, credentials: anonymous };
  const url = endpointUrl(options.endpoints?.[name], 'https');
  const problem = url === undefined || options.allowHttpCredentials ? undefined : credentialsProblem(url);
  if (problem !== undefined) throw new EndpointError(`The ${name} endpoint ${problem}.`);
  return { url, credentials: google };
}

function emulatorHosts({ emulators }: GoogleServiceOptions): ServiceHosts {
  const { env } = process;
  return (
    emulators ?? {
      vertex: env['VERTEX_EMULATOR_HOST'],
      storage: env['STORAGE_EMULATOR_HOST'],
      registry: env['REGISTRY_EMULATOR_HOST'],
    }
  );
}

function configuredCredentials({
  credentials,
  quotaProject = process.env['GOOGLE_CLOUD_QUOTA_PROJECT'],
}: GoogleServiceOptions): Credentials {
  return credentials ?? applicationDefaultCredentials(quotaProject ? { quotaProject } : {});
}
