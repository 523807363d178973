import { isLoopback } from './public-address';

/** The configured endpoint can't be used. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

/** The setting of the worker's environment that allows credentials over `http://`. */
const ALLOW_HTTP_CREDENTIALS = 'VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS';

/**
 * The URL of an endpoint, from a host with or without a scheme or a trailing slash; `undefined` if there is no host.
 *
 * @throws EndpointError if it is not an http or https URL, or has a user, query or fragment
 */
export function endpointUrl(host: string | undefined, scheme: 'http' | 'https'): string | undefined {
  if (host === undefined || host === '') return undefined;
  const text = host.includes('://') ? host : `${scheme}://${host}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\/[^/?#@\\\s][^?#@\\\s]*$/i.test(text)) {
    throw new EndpointError('The endpoint of a service must be https://HOST, http://HOST or HOST:PORT.');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Whether credentials that are sent to an endpoint can be read in transit: over http, to another machine. */
export function isUnencrypted(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol !== 'https:' && !isLoopback(hostname);
}

/** Why an endpoint must not get credentials; `undefined` if it may. */
export function credentialsProblem(endpoint: string): string | undefined {
  if (!isUnencrypted(endpoint)) return undefined;
  return `${endpoint} would get credentials without encryption. Use https, or set ${ALLOW_HTTP_CREDENTIALS}=true`;
}
