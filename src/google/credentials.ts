import type { GoogleAuth } from 'google-auth-library';

/** Gives the headers that a request to Google needs. */
export interface Credentials {
  /** `authorization`, and `x-goog-user-project` where a quota project is set. */
  headers(): Promise<Record<string, string>>;
  /** Forgets a cached token, after the service refused it. */
  refresh(): void;
}

/** Scope of every call that this package makes. */
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Application Default Credentials: environment variable, gcloud's file, the metadata server, workload identity
 * federation. Source: https://cloud.google.com/docs/authentication/application-default-credentials
 */
export function applicationDefaultCredentials(options: { quotaProject?: string } = {}): Credentials {
  // Loaded when the first token is needed: clients, and workers beside an emulator, never need one.
  const create = async (): Promise<GoogleAuth> => {
    const library = await import('google-auth-library');
    return new library.GoogleAuth({ scopes: CLOUD_PLATFORM });
  };
  let auth: Promise<GoogleAuth> | undefined;
  return {
    async headers() {
      auth ??= create();
      const headers = Object.fromEntries(await (await auth).getRequestHeaders());
      return options.quotaProject === undefined ? headers : { ...headers, 'x-goog-user-project': options.quotaProject };
    },
    refresh() {
      auth = undefined;
    },
  };
}

/** No token at all: what an emulator gets. */
export const anonymous: Credentials = {
  headers: () => Promise.resolve({}),
  refresh: () => undefined,
};

/**
 * The same token as a registry wants it: Basic, with the user `oauth2accesstoken`.
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
