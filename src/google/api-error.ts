import { z } from 'zod';
import type { ErrorReason } from './error-reason';
import { errorReasonOf, isThrottlingReason, registryErrorOf, withMessage } from './error-reason';
import type { HttpAnswer } from './http';
import { jsonOrUndefined } from '../internal/json';
import { messageText } from './message-text';
import { optionalField } from './reply-fields';

/** Names of gRPC's status codes, at the place of their numbers. Source: https://grpc.io/docs/guides/status-codes/ */
const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type GoogleStatus = (typeof GRPC_CODES)[number];

/** The status for an HTTP status without one in the body: proxies and front ends do not send Google's JSON. */
const STATUS_OF_HTTP: Readonly<Record<number, GoogleStatus>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const statusNames: ReadonlySet<string> = new Set(GRPC_CODES);
const isGoogleStatus = (name: string | undefined): name is GoogleStatus => name !== undefined && statusNames.has(name);

/** Name of a gRPC code; `UNKNOWN` for numbers that gRPC does not define. */
export function googleStatus(code: number): GoogleStatus {
  return GRPC_CODES[code] ?? 'UNKNOWN';
}

/** Number of a gRPC status. */
export function googleCode(status: GoogleStatus): number {
  return GRPC_CODES.indexOf(status);
}

/** Longest advised delay that is followed, in milliseconds. */
const MAX_RETRY_DELAY_MS = 600_000;

/** An error that Google answered a request with. */
export class GoogleApiError extends Error {
  override readonly name = 'GoogleApiError';
  /** Method and resource, for example `POST projects/p/locations/l/models/m:export`. */
  readonly request: string;
  /** Delay that the service asks for before a retry, in milliseconds: `RetryInfo` or `Retry-After`. At most 10 minutes. */
  readonly retryDelayMs?: number;
  /** Why the service refused the request, if the service states it. */
  readonly info: ErrorReason;

  constructor(
    message: string,
    readonly status: GoogleStatus,
    readonly httpStatus: number,
    request: string,
    retryDelayMs?: number,
    info: ErrorReason = {},
  ) {
    super(messageText(message));
    this.request = messageText(request);
    this.info = info;
    if (retryDelayMs !== undefined && retryDelayMs >= 0) {
      this.retryDelayMs = Math.min(Math.round(retryDelayMs), MAX_RETRY_DELAY_MS);
    }
  }

  /** The service's name for the reason, for example `SERVICE_DISABLED`. */
  get reason(): string | undefined {
    return this.info.reason;
  }

  /** Whether the request may have taken effect: the answer is not a clear refusal. */
  get ambiguous(): boolean {
    // 409 and 499 are also sent for requests that were aborted in transit.
    return [408, 409, 499].includes(this.httpStatus) || this.httpStatus >= 500;
  }
}

/** Whether an error is Google's, with one of the given statuses. */
export function hasStatus(error: unknown, ...statuses: readonly GoogleStatus[]): error is GoogleApiError {
  return error instanceof GoogleApiError && statuses.includes(error.status);
}

/** Whether the service reports that it does not offer the call. */
export function isUnimplemented(error: unknown): boolean {
  return hasStatus(error, 'UNIMPLEMENTED');
}

/**
 * No usable answer: a timeout, a reset, a body that is cut off, too large or of the wrong kind, or an answer that names
 * another resource. It never has a cause: text of the peer is only in the message, bounded and without credentials.
 */
export class GoogleTransportError extends Error {
  override readonly name: string = 'GoogleTransportError';
  /** Method and resource, for example `POST projects/p/locations/l/models/m:export`. */
  readonly request: string;

  constructor(message: string, request: string) {
    super(messageText(message));
    this.request = messageText(request);
  }
}

/** Whether the service reports an exhausted quota, which can also be a 403. */
export function isThrottled(error: unknown): boolean {
  return error instanceof GoogleApiError && (error.httpStatus === 429 || error.status === 'RESOURCE_EXHAUSTED');
}

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof GoogleTransportError || isThrottled(error)) return true;
  if (!(error instanceof GoogleApiError)) return false;
  return [401, 408, 429].includes(error.httpStatus) || error.httpStatus >= 500;
}

const errorBodySchema = z.object({
  error: z.object({
    message: optionalField(z.string()),
    status: optionalField(z.string()),
    details: z.unknown().optional(),
    errors: z.unknown().optional(),
  }),
});

const retryInfoSchema = z.object({ retryDelay: z.string().regex(/^\d{1,20}(\.\d{1,20})?s$/) });

/** Most details that are read: Google sends one of each kind. */
const MAX_DETAILS = 20;
/** The text at the beginning of a proxy's page describes it. */
const MAX_PAGE_BYTES = 4_096;
const MAX_EXCERPT_LENGTH = 200;

function retryDelayMs(details: unknown, retryAfter: string | undefined): number | undefined {
  for (const detail of Array.isArray(details) ? details.slice(0, MAX_DETAILS) : []) {
    const info = retryInfoSchema.safeParse(detail);
    if (info.success) return Number.parseFloat(info.data.retryDelay) * 1_000;
  }
  if (retryAfter === undefined || retryAfter.length > 100) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1_000;
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

/** Makes the error of an answer that is not 2xx, whatever its body is. */
export function apiErrorOf(
  answer: HttpAnswer,
  request: string,
  refusesInJson = false,
): GoogleApiError | GoogleTransportError {
  const content = jsonOrUndefined(answer.body.toString());
  const parsed = errorBodySchema.safeParse(content);
  const retryAfter = answer.headers['retry-after'];
  const unnamed = STATUS_OF_HTTP[answer.status] ?? (answer.status >= 500 ? 'INTERNAL' : 'UNKNOWN');
  if (!parsed.success) {
    const text = excerpt(answer.body);
    const message = `HTTP ${answer.status}${text ? `: ${text}` : ' without a body'}`;
    if ((refusesInJson || isPage(answer.body)) && isRefusal(answer.status)) {
      return new GoogleTransportError(`${request}: the answer does not come from the service: ${message}`, request);
    }
    const registry = registryErrorOf(content);
    const reason = registry === undefined ? {} : withMessage(registry.message, { reason: registry.reason });
    const named = statusOf(unnamed, answer.status, reason);
    const said = registry === undefined ? message : registry.message || registry.reason;
    return new GoogleApiError(said, named, answer.status, request, retryDelayMs([], retryAfter), reason);
  }
  const { message = '', status, details, errors } = parsed.data.error;
  const reason = errorReasonOf({ details, errors }, message);
  const named = statusOf(isGoogleStatus(status) ? status : unnamed, answer.status, reason);
  return new GoogleApiError(message, named, answer.status, request, retryDelayMs(details, retryAfter), reason);
}

/** Maps 403 and 429 for an exhausted quota to the same status. */
function statusOf(status: GoogleStatus, httpStatus: number, { reason }: ErrorReason): GoogleStatus {
  return [403, 429].includes(httpStatus) && isThrottlingReason(reason) ? 'RESOURCE_EXHAUSTED' : status;
}

/** Whether a body is a web page, which proxies and front ends send; services refuse with JSON or plain text. */
function isPage(body: Buffer): boolean {
  return /^\s*<(?:!doctype html|html)\b/i.test(body.subarray(0, MAX_PAGE_BYTES).toString());
}

/** Whether a status means that the request itself is wrong; the others may pass, whoever sent them. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 408, 429].includes(status);
}

/** The beginning of a body as text, without tags. */
function excerpt(body: Buffer): string {
  const text = withoutTags(body.subarray(0, MAX_PAGE_BYTES).toString()).replace(/\s+/g, ' ').trim();
  return messageText(text, MAX_EXCERPT_LENGTH);
}

/** Replaces each tag with a space, in one pass. */
function withoutTags(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf('<', from);
    const close = open < 0 ? -1 : text.indexOf('>', open);
    if (close < 0) return parts.concat(text.slice(from)).join(' ');
    parts.push(text.slice(from, open));
    from = close + 1;
  }
}
