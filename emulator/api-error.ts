/** An error in Google's format. Source: https://cloud.google.com/apis/design/errors */
export class ApiError extends Error {
  constructor(
    readonly status: GrpcStatus,
    message: string,
    readonly details: readonly Readonly<Record<string, unknown>>[] = [],
  ) {
    super(message);
  }

  get httpStatus(): number {
    return STATUSES[this.status].http;
  }

  /** The body of the HTTP answer, with further fields of the error. */
  body(more: Readonly<Record<string, unknown>> = {}): unknown {
    const { httpStatus, message, status, details } = this;
    return { error: { code: httpStatus, message, ...more, status, ...(details.length > 0 && { details }) } };
  }
}

/** gRPC codes by name, with their HTTP statuses. */
export const STATUSES = {
  CANCELLED: { code: 1, http: 499 },
  UNKNOWN: { code: 2, http: 500 },
  INVALID_ARGUMENT: { code: 3, http: 400 },
  DEADLINE_EXCEEDED: { code: 4, http: 504 },
  NOT_FOUND: { code: 5, http: 404 },
  ALREADY_EXISTS: { code: 6, http: 409 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  RESOURCE_EXHAUSTED: { code: 8, http: 429 },
  FAILED_PRECONDITION: { code: 9, http: 400 },
  ABORTED: { code: 10, http: 409 },
  OUT_OF_RANGE: { code: 11, http: 400 },
  UNIMPLEMENTED: { code: 12, http: 501 },
  INTERNAL: { code: 13, http: 500 },
  UNAVAILABLE: { code: 14, http: 503 },
  DATA_LOSS: { code: 15, http: 500 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const;

export type GrpcStatus = keyof typeof STATUSES;

/** Creates an INVALID_ARGUMENT error for a field. */
export function badRequest(field: string, description: string, message = description): ApiError {
  return new ApiError('INVALID_ARGUMENT', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ ...(field !== '' && { field }), description }],
    },
  ]);
}
