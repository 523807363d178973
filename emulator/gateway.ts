import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './answer';
import { json } from './answer';

/** A service behind the emulator. Its requests can be made to fail like those of Vertex AI. */
export interface Upstream {
  readonly route: 'storage' | 'registry';
  readonly url: string;
}

/** The service that a path is forwarded to: Cloud Storage or a container registry; undefined for other paths. */
export function upstreamOf(
  path: string,
  urls: { readonly storageUrl?: string | undefined; readonly registryUrl?: string | undefined },
): Upstream | undefined {
  if (urls.storageUrl !== undefined && /^\/(upload\/|download\/)?storage\/v1\//.test(path)) {
    return { route: 'storage', url: urls.storageUrl };
  }
  if (urls.registryUrl !== undefined && path.startsWith('/v2/')) return { route: 'registry', url: urls.registryUrl };
  return undefined;
}

/** Headers that belong to one connection or that fetch handles. */
const OWN_HEADERS = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Forwards a request and returns the answer. */
export async function handOn(
  upstream: Upstream,
  request: {
    readonly method: string;
    readonly target: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  },
): Promise<Answer> {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    OWN_HEADERS.has(name) || value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  try {
    const response = await fetch(`${upstream.url}${request.target}`, {
      method: request.method,
      headers,
      redirect: 'manual',
      ...(request.body.length > 0 && { body: new Uint8Array(request.body) }),
    });
    // A HEAD request asks for the length of the omitted body.
    const isOwn = (name: string): boolean =>
      OWN_HEADERS.has(name) && !(request.method === 'HEAD' && name === 'content-length');
    // The server removes other headers, such as those that let web pages read answers.
    const answered = [...response.headers].filter(([name]) => !isOwn(name));
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: Object.fromEntries(answered), body };
  } catch (error) {
    return json(502, { error: { code: 502, message: `${upstream.url}: ${String(error)}` } });
  }
}
