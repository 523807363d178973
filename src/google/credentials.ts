import type { GoogleAuth } from 'google-auth-library';
import { within } from './within';

/** A source of the authorization headers of requests to Google. */
export interface Credentials {
  /** `authorization`, and `x-goog-user-project` where a quota project is set. */
  headers(): Promise<Record<string, string>>;
  /** Drops a cached token after the service refused it. */
  refresh(): void;
}

/** Scope of every call that this package makes. */
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

/** Limit of a request for a token, in milliseconds. */
const TOKEN_TIMEOUT_MS = 30_000;
/** Largest answer of a token service, in bytes: tokens have a few thousand. */
const MAX_TOKEN_REPLY_BYTES = 1_000_000;

/**
 * Application Default Credentials: environment variable, gcloud's file, the metadata server, workload identity
 * federation. Source: https://cloud.google.com/docs/authentication/application-default-credentials
 *
 * @param options.timeoutMs limit of one request for a token, default 30 000
 */
export function applicationDefaultCredentials(
  options: { quotaProject?: string; timeoutMs?: number } = {},
): Credentials {
  const { quotaProject, timeoutMs = TOKEN_TIMEOUT_MS } = options;
  // The library is loaded for the first token: clients, and workers with emulators, never need one.
  const create = async (): Promise<GoogleAuth> => {
    const library = await import('google-auth-library');
    // `size` bounds what is read; the library applies `maxContentLength` to the announced length only.
    const transporterOptions = {
      timeout: timeoutMs,
      maxContentLength: MAX_TOKEN_REPLY_BYTES,
      size: MAX_TOKEN_REPLY_BYTES,
    };
    return new library.GoogleAuth({ scopes: CLOUD_PLATFORM, clientOptions: { transporterOptions } });
  };
  let auth: Promise<GoogleAuth> | undefined;
  /** The current request. All callers share it, so that a hanging token server has one connection. */
  let pending: Promise<Record<string, string>> | undefined;

  const request = async (): Promise<Record<string, string>> => {
    auth ??= create();
    const headers = Object.fromEntries(await (await auth).getRequestHeaders());
    return quotaProject === undefined ? headers : { ...headers, 'x-goog-user-project': quotaProject };
  };
  const requestOnce = async (): Promise<Record<string, string>> => {
    try {
      return await within(request(), timeoutMs);
    } catch (error) {
      // A client that hangs or failed can have an invalid state: the next attempt creates another one.
      auth = undefined;
      throw error;
    }
  };
  return {
    headers() {
      if (pending !== undefined) return pending;
      const started = requestOnce().finally(() => {
        if (pending === started) pending = undefined;
      });
      pending = started;
      return started;
    },
    refresh() {
      auth = undefined;
      // A request that began before the refusal may return the refused token.
      pending = undefined;
    },
  };
}

/** No credentials, for an emulator. */
export const anonymous: Credentials = {
  headers: () => Promise.resolve({}),
  refresh: () => undefined,
};

/**
 * Converts a token for a registry: Basic authentication with the user `oauth2accesstoken`.
 *
 * Source: https://cloud.google.com/artifact-registry/docs/docker/authentication#token
 */
export function basicCredentials(credentials: Credentials): Credentials {
  return {
    async headers() {
      const { authorization } = await credentials.headers();
      const token = authorization?.replace(/^Bearer /i, '');
      if (token === undefined) return {};
      return { authorization: `Basic ${Buffer.from(`oauth2accesstoken:${token}`).toString('base64')}` };
    },
    refresh: () => {
      credentials.refresh();
    },
  };
}
