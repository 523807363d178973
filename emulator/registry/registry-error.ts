/**
 * Error codes and their usual statuses.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
const STATUSES = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNSUPPORTED: 405,
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof STATUSES;

/** Parts of an error that differ from the usual ones of its code. */
export interface RegistryErrorParts {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** One error for each of these details, all with the same code and message. Default: one error without a detail. */
  readonly details?: readonly unknown[];
}

/** An error in the format of the OCI distribution specification. */
export class RegistryError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: RegistryErrorCode,
    message: string,
    private readonly parts: RegistryErrorParts = {},
  ) {
    super(message);
    this.status = parts.status ?? STATUSES[code];
    this.headers = parts.headers ?? {};
  }

  /** The body of the answer. */
  body(): unknown {
    const { code, message } = this;
    const { details } = this.parts;
    return { errors: details?.map((detail) => ({ code, message, detail })) ?? [{ code, message }] };
  }
}
