import type { HttpAnswer } from './http';
import { isPublicHost } from './public-address';

/** Whether an answer sends its reader elsewhere. */
export function isRedirect({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  return status >= 300 && status < 400 && headers.location !== undefined;
}

/** Where a redirect leads. */
export interface RedirectTarget {
  readonly href: string;
  readonly isSameOrigin: boolean;
}

/**
 * Where a redirect may be followed to, without credentials: the same origin, or a public host over https. `undefined`
 * for any other target: an answer must not make the worker call what only the worker's network can reach.
 */
export function redirectTarget({ headers }: Pick<HttpAnswer, 'headers'>, from: string): RedirectTarget | undefined {
  const target = targetOf(headers.location, from);
  if (target?.username !== '' || target.password !== '') return undefined;
  const isSameOrigin = target.origin === new URL(from).origin;
  if (!isSameOrigin && (target.protocol !== 'https:' || !isPublicHost(target.hostname))) return undefined;
  return { href: target.href, isSameOrigin };
}

/** The target as a message may show it: signed URLs carry their right in the query. */
export function shownTarget({ headers }: Pick<HttpAnswer, 'headers'>, from: string): string {
  const target = targetOf(headers.location, from);
  return target === undefined ? 'what is not a URL' : `${target.protocol}//${target.host}${target.pathname}`;
}

/** Longer than any URL that a server accepts. */
const MAX_LOCATION_LENGTH = 16_384;

function targetOf(location: string | undefined, from: string): URL | undefined {
  if (location === undefined || location.length > MAX_LOCATION_LENGTH) return undefined;
  return URL.canParse(location, from) ? new URL(location, from) : undefined;
}
