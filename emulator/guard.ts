import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer';
import { json } from './answer';
import type { GrpcStatus } from './api-error';

/** Why a request is rejected. */
export interface Refusal {
  readonly status: number;
  readonly name: GrpcStatus;
  readonly message: string;
}

/**
 * Names of this machine in a Host header, with any port, since ports can be forwarded. A page of another site that points
 * its name at 127.0.0.1 (DNS rebinding) still sends that name.
 */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Headers of all answers. They prevent pages from embedding an answer, guessing its type, or running its content. */
const PROTECTIVE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; sandbox",
} as const;

/** Content types that a page of any site can post without a preflight request. */
const PAGE_CONTENT_TYPES = new Set(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']);

/**
 * Why a request is rejected because a web page may have sent it; undefined if it is accepted. Browsers always add `Origin`
 * and `Sec-Fetch-Site`, and a page can't remove them.
 */
export function pageRefusal(request: Pick<IncomingMessage, 'method' | 'rawHeaders' | 'headers'>): Refusal | undefined {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  if (hosts !== 1 || host === undefined || !LOOPBACK_HOST.test(host)) {
    return forbidden('The Host header must name this machine. Send the request to 127.0.0.1, localhost or [::1].');
  }
  if (origin !== undefined) {
    return forbidden(
      'Requests from web pages are rejected. Send the request without an Origin header, not from a browser.',
    );
  }
  // `none` means that a person typed the address.
  if (site !== undefined && site !== 'none') {
    return forbidden('Requests from web pages are rejected. Send the request from a program, not from a browser.');
  }
  if (request.method === 'OPTIONS') {
    return forbidden('Preflight requests of web pages are rejected. Send the request without an OPTIONS request.');
  }
  return undefined;
}

/** Why a body is rejected if only JSON is accepted; undefined if it is accepted. */
export function onlyJson({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): Refusal | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (method === 'DELETE' && !hasBody(headers)) return undefined;
  return mediaType(headers) === 'application/json' ? undefined : unsupported(headers);
}

/** Why a body is rejected if several content types of JSON are accepted; undefined if it is accepted. */
export function noPageContent({ headers }: Pick<IncomingMessage, 'headers'>): Refusal | undefined {
  // Clients send a long query as a form with this header. A page can't send the header without a preflight request.
  if (headers['x-http-method-override'] !== undefined) return undefined;
  return hasBody(headers) && PAGE_CONTENT_TYPES.has(mediaType(headers)) ? unsupported(headers) : undefined;
}

/** The answer to a rejected request, in Google's error format. */
export function refused({ status, name, message }: Refusal): Answer {
  return json(status, { error: { code: status, message, status: name } });
}

/** The headers of an answer, without those that let web pages read it and with those that prevent it. */
export function protectedHeaders<T>(headers: Readonly<Record<string, T>>): Record<string, T | string> {
  const kept = Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith('access-control-'));
  return { ...Object.fromEntries(kept), ...PROTECTIVE_HEADERS };
}

/** Adds the headers that protect an answer from web pages. */
export function protect(response: ServerResponse): void {
  for (const [name, value] of Object.entries(PROTECTIVE_HEADERS)) response.setHeader(name, value);
}

function forbidden(message: string): Refusal {
  return { status: 403, name: 'PERMISSION_DENIED', message };
}

function unsupported(headers: IncomingMessage['headers']): Refusal {
  const given = mediaType(headers);
  return {
    status: 415,
    name: 'INVALID_ARGUMENT',
    message: `The body's content type is ${given === '' ? 'missing' : given.slice(0, 100)}. Send JSON with the header "content-type: application/json".`,
  };
}

function mediaType(headers: IncomingMessage['headers']): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') > 0;
}
