import type { HttpAnswer } from './http';
import { isPublicHost } from './public-address';

/** Whether an answer is a redirect. */
export function isRedirect({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  return status >= 300 && status < 400 && headers.location !== undefined;
}

/** The target of a redirect. */
export interface RedirectTarget {
  readonly href: string;
  readonly isSameOrigin: boolean;
}

/**
 * The target of a redirect that may be followed, without credentials: the same origin, or a public host over https.
 * `undefined` for any other target: an answer must not make the worker call a host that only its network can reach.
 */
export function redirectTarget({ headers }: Pick<HttpAnswer, 'headers'>, from: string): RedirectTarget | undefined {
  const target = targetOf(headers.location, from);
  if (target?.username !== '' || target.password !== '') return undefined;
  const isSameOrigin = target.origin === new URL(from).origin;
  if (!isSameOrigin && (target.protocol !== 'https:' || !isPublicHost(target.hostname))) return undefined;
  return { href: target.href, isSameOrigin };
}

/** The target for a message, without its query: that of a signed URL is a credential. */
export function shownTarget({ headers }: Pick<HttpAnswer, 'headers'>, from: string): string {
  const target = targetOf(headers.location, from);
  return target === undefined ? 'an invalid URL' : `${target.protocol}//${target.host}${target.pathname}`;
}

/** Longer than any URL that a server accepts. */
const MAX_LOCATION_LENGTH = 16_384;

function targetOf(location: string | undefined, from: string): URL | undefined {
  if (location === undefined || location.length > MAX_LOCATION_LENGTH) return undefined;
  return URL.canParse(location, from) ? new URL(location, from) : undefined;
}
