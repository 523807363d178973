import type { PartialFailure } from './export-result';

/**
 * `type` of every failure that this package raises. Match on it in a parent workflow or a client:
 * `error.cause instanceof ApplicationFailure && error.cause.type === ExportFailureType.ModelNotFound`.
 */
export const ExportFailureType = {
  /** The input has problems; every one is listed in the message and in the details. */
  InvalidInput: 'ExportError.InvalidInput',
  ModelNotFound: 'ExportError.ModelNotFound',
  /** The Model has no `supportedExportFormats`. */
  NotExportable: 'ExportError.NotExportable',
  FormatNotSupported: 'ExportError.FormatNotSupported',
  /** The format can't be written to a destination that was given. */
  DestinationMismatch: 'ExportError.DestinationMismatch',
  /** The bucket or the image repository does not exist. */
  DestinationNotFound: 'ExportError.DestinationNotFound',
  BucketRegionMismatch: 'ExportError.BucketRegionMismatch',
  /** Google refused the request: a right is missing, an API is disabled, …; `reason` in the details says which. */
  PermissionDenied: 'ExportError.PermissionDenied',
  /** The worker's credentials are missing, unreadable or refused, or Google does not accept their token. */
  CredentialsUnavailable: 'ExportError.CredentialsUnavailable',
  QuotaExceeded: 'ExportError.QuotaExceeded',
  /** A precondition that none of the other types names. */
  FailedPrecondition: 'ExportError.FailedPrecondition',
  /** The service could not be reached or did not answer as it should; the activity is retried. */
  Unavailable: 'ExportError.Unavailable',
  /** The service does not implement the call. */
  NotImplemented: 'ExportError.NotImplemented',
  /** The operation still runs, and its activity gave its slot back (`longExports`); the activity is retried. */
  StillRunning: 'ExportError.StillRunning',
  /** The operation ended with an error. */
  OperationFailed: 'ExportError.OperationFailed',
  /** The operation was cancelled by somebody else. */
  OperationCancelled: 'ExportError.OperationCancelled',
  /** The service no longer knows the operation. */
  OperationNotFound: 'ExportError.OperationNotFound',
  DeadlineExceeded: 'ExportError.DeadlineExceeded',
  /** Somebody terminated the workflow of the export: it cancelled nothing, and its operation may still be running. */
  Terminated: 'ExportError.Terminated',
  VerificationFailed: 'ExportError.VerificationFailed',
  /** A fault in this package, or in the code around it: the message says where. Please report it. */
  Internal: 'ExportError.Internal',
} as const;

/** One of the values of {@link ExportFailureType}. */
export type ExportFailureTypeName = (typeof ExportFailureType)[keyof typeof ExportFailureType];

/** Who can fix the cause of a failure. */
export type FixableBy =
  | 'worker-operator'
  | 'project-administrator'
  | 'bucket-administrator'
  | 'organization-administrator'
  | 'export-author'
  | 'google';

/** First element of `details` of every failure of this package. */
export interface ExportFailureDetails {
  readonly type: ExportFailureTypeName;
  /** What the person who reads it can do. */
  readonly action: string;
  /** gRPC code of Google's answer, for example 9. */
  readonly code?: number;
  /** Its name, for example `FAILED_PRECONDITION`. */
  readonly status?: string;
  /** HTTP status of the answer, where there was one. */
  readonly httpStatus?: number;
  /** Google's name for the reason, where it gives one: `SERVICE_DISABLED`, `retentionPolicyNotMet`. */
  readonly reason?: string;
  /** Who can do what `action` says, where that is known. */
  readonly fixableBy?: FixableBy;
  /** The request that was answered: method and resource, for example `GET projects/p/locations/l/models/m`. */
  readonly request?: string;
  readonly operation?: string;
  /** What the operation reported beside its error, at most 20. */
  readonly partialFailures?: readonly PartialFailure[];
  /** Every problem that was found, where there can be several. */
  readonly problems?: readonly string[];
  /** Whether a fresh export may succeed where this one failed. */
  readonly exportAgain?: boolean;
  /** Whether it is certain that no operation was started, so that there is none to cancel. */
  readonly nothingStarted?: boolean;
  /** With `DeadlineExceeded`: why the step that was running at the deadline had not ended, where that is known. */
  readonly lastFailure?: LastFailure;
}

/** The failure of the last attempt of a step. */
export interface LastFailure extends Pick<
  ExportFailureDetails,
  'action' | 'code' | 'status' | 'httpStatus' | 'reason' | 'request'
> {
  /** An {@link ExportFailureTypeName}, mostly. */
  readonly type: string;
  readonly message: string;
}
