import { z } from 'zod';
import type { HttpAnswer } from './http';

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

/** What an HTTP status means where the answer does not say it: proxies and front ends answer without a body of Google's. */
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

/** Google refused or failed a request, and said so. */
export class GoogleApiError extends Error {
  override readonly name = 'GoogleApiError';
  constructor(
    message: string,
    readonly status: GoogleStatus,
    readonly httpStatus: number,
    /** Method and resource, for example `POST projects/p/locations/l/models/m:export`. */
    readonly request: string,
    /** When the service wants the next try, in milliseconds: `RetryInfo` or `Retry-After`. */
    readonly retryDelayMs?: number,
  ) {
    super(message);
  }

  /** Whether the request may have taken effect: the answer does not say that it was refused. */
  get ambiguous(): boolean {
    return this.httpStatus === 408 || this.httpStatus >= 500;
  }
}

/** Whether the service says that it does not offer the call. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof GoogleApiError && error.status === 'UNIMPLEMENTED';
}

/** No answer, or one that is none: timeout, reset, a body that is cut off or of the wrong kind. */
export class GoogleTransportError extends Error {
  override readonly name = 'GoogleTransportError';
  constructor(
    message: string,
    readonly request: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether the same request may be answered better another time. */
export function isPassing(error: unknown): boolean {
  if (error instanceof GoogleTransportError) return true;
  if (!(error instanceof GoogleApiError)) return false;
  return [401, 408, 429].includes(error.httpStatus) || error.httpStatus >= 500;
}

const errorBodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().optional(),
    details: z.array(z.looseObject({ '@type': z.string().optional() })).default([]),
    // Cloud Storage's older shape.
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
});

const retryInfoSchema = z.object({ retryDelay: z.string().regex(/^\d+(\.\d+)?s$/) });

function retryDelayMs(details: readonly unknown[], retryAfter: string | undefined): number | undefined {
  for (const detail of details) {
    const info = retryInfoSchema.safeParse(detail);
    if (info.success) return Math.round(Number.parseFloat(info.data.retryDelay) * 1_000);
  }
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1_000;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1_000) : undefined;
}

/** Makes the error of an answer that is not 2xx, whatever its body is. */
export function apiErrorOf(answer: HttpAnswer, request: string): GoogleApiError {
  const body = answer.body.toString();
  const parsed = errorBodySchema.safeParse(jsonOrUndefined(body));
  const retryAfter = answer.headers['retry-after'];
  if (!parsed.success) {
    const text = body
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 200);
    const status = STATUS_OF_HTTP[answer.status] ?? (answer.status >= 500 ? 'INTERNAL' : 'UNKNOWN');
    const message = `HTTP ${answer.status}${text ? `: ${text}` : ' without a body'}`;
    return new GoogleApiError(message, status, answer.status, request, retryDelayMs([], retryAfter));
  }
  const { message, status: named, details } = parsed.data.error;
  const status = isGoogleStatus(named)
    ? named
    : (STATUS_OF_HTTP[answer.status] ?? (answer.status >= 500 ? 'INTERNAL' : 'UNKNOWN'));
  return new GoogleApiError(message, status, answer.status, request, retryDelayMs(details, retryAfter));
}

/** The parsed JSON, or `undefined` where the text is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
