import { z } from 'zod';
import { cut } from '../internal/text';
import { defined } from '../internal/defined';
import { optionalField } from './reply-fields';

/**
 * The reason of a refusal, as the service names it. Every value has only characters that are safe in a message and on a
 * command line.
 */
export interface ErrorReason {
  /** `ErrorInfo.reason`, `errors[].reason` of Cloud Storage, or `errors[].code` of a registry. */
  readonly reason?: string;
  /** The API that refused: `aiplatform.googleapis.com`. */
  readonly service?: string;
  /** Id or number of the project that the request was counted for. */
  readonly project?: string;
  /** The permission that is missing: `storage.objects.get`. */
  readonly permission?: string;
  /** Identifier of a refusal by VPC Service Controls, for its troubleshooter. */
  readonly violation?: string;
}

/** Most details and errors that are read: Google sends one detail of each kind, and one error. */
const MAX_DETAILS = 20;
/** Longest part of a message that is searched, in characters. */
const MAX_SEARCHED = 4_096;

const reasonSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/);
const service = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/);
const project = z
  .string()
  .regex(/^(?:projects\/)?[a-z0-9][a-z0-9.:-]{0,99}$/)
  .transform((name) => name.replace(/^projects\//, ''));
const permission = z.string().regex(/^[a-zA-Z][a-zA-Z0-9.]{0,99}$/);
const violation = z.string().regex(/^[A-Za-z0-9][\w-]{0,199}$/);

/** Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
const errorInfoSchema = z.object({
  reason: reasonSchema,
  metadata: optionalField(
    z.object({
      service: optionalField(service),
      consumer: optionalField(project),
      containerInfo: optionalField(project),
      permission: optionalField(permission),
      uid: optionalField(violation),
      uniqueIdentifier: optionalField(violation),
    }),
  ),
});

/** Source: https://cloud.google.com/storage/docs/json_api/v1/status-codes */
const storageErrorSchema = z.object({ reason: reasonSchema });

/** Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
const registryErrorSchema = z.object({ code: reasonSchema, message: optionalField(z.string()) });

/** Code and message of a registry's error: `{"errors": [{"code": "DENIED", "message": "…"}]}`. */
export function registryErrorOf(body: unknown): { reason: string; message: string } | undefined {
  if (typeof body !== 'object' || body === null || !('errors' in body)) return undefined;
  const error = registryErrorSchema.safeParse(firstOf(body.errors)[0]);
  return error.success ? { reason: error.data.code, message: error.data.message ?? '' } : undefined;
}

/** The reason in an error of Google's JSON. */
export function errorReasonOf(
  error: { readonly details?: unknown; readonly errors?: unknown },
  message: string,
): ErrorReason {
  for (const detail of firstOf(error.details)) {
    const info = errorInfoSchema.safeParse(detail);
    if (!info.success) continue;
    const { reason, metadata } = info.data;
    return withMessage(message, {
      reason,
      service: metadata?.service,
      project: metadata?.consumer ?? metadata?.containerInfo,
      permission: metadata?.permission,
      violation: metadata?.uid ?? metadata?.uniqueIdentifier,
    });
  }
  for (const item of firstOf(error.errors)) {
    const named = storageErrorSchema.safeParse(item);
    if (named.success) return withMessage(message, { reason: named.data.reason });
  }
  return withMessage(message, {});
}

/** Adds values from the message that the details lack. */
export function withMessage(
  message: string,
  found: { readonly [Field in keyof ErrorReason]: string | undefined },
): ErrorReason {
  const searched = cut(message, MAX_SEARCHED);
  const first = (pattern: RegExp): string | undefined => pattern.exec(searched)?.[1];
  const all = {
    ...found,
    project: found.project ?? first(/\bproject[ /#]{1,2}(\d{5,20})\b/),
    permission: found.permission ?? first(/\bPermission ['"]([a-zA-Z][a-zA-Z0-9.]{0,99})['"] denied/),
    violation: found.violation ?? first(/\bvpcServiceControlsUniqueIdentifier: ?([A-Za-z0-9][\w-]{0,199})/),
  };
  return defined(all);
}

function firstOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_DETAILS) : [];
}

/** Reasons that mean an exhausted quota; they are sent with 403 as well as with 429. */
const THROTTLED: ReadonlySet<string> = new Set([
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_QUOTA_EXCEEDED',
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'quotaExceeded',
  'dailyLimitExceeded',
  'usageLimits.rateLimitExceeded',
  'usageLimits.userRateLimitExceeded',
  'TOOMANYREQUESTS',
]);

/** Whether a reason means an exhausted quota. */
export function isThrottlingReason(reason: string | undefined): boolean {
  return reason !== undefined && THROTTLED.has(reason);
}
