import type { PartialFailure } from './export-result';

/**
 * The `type` of each failure that this package raises. Match on it in a parent workflow or a client:
 * `error.cause instanceof ApplicationFailure && error.cause.type === ExportFailureType.ModelNotFound`.
 */
export const ExportFailureType = {
  /** The input is invalid. The message and the details list all problems. */
  InvalidInput: 'ExportError.InvalidInput',
  /** The Model or its version does not exist. */
  ModelNotFound: 'ExportError.ModelNotFound',
  /** The Model has no `supportedExportFormats`. */
  NotExportable: 'ExportError.NotExportable',
  /** The Model does not support the requested format. */
  FormatNotSupported: 'ExportError.FormatNotSupported',
  /** The format can't be written to the requested kind of destination. */
  DestinationMismatch: 'ExportError.DestinationMismatch',
  /** The bucket or the image repository does not exist. */
  DestinationNotFound: 'ExportError.DestinationNotFound',
  /** The bucket is not in the Model's region. */
  BucketRegionMismatch: 'ExportError.BucketRegionMismatch',
  /** Google rejected the request, for example since a role is missing or an API is disabled; see `reason` in the details. */
  PermissionDenied: 'ExportError.PermissionDenied',
  /** The worker's credentials are missing or unreadable, or Google rejects them. */
  CredentialsUnavailable: 'ExportError.CredentialsUnavailable',
  /** A quota of the project is exhausted. */
  QuotaExceeded: 'ExportError.QuotaExceeded',
  /** The service rejected the request because of its state, for a reason without its own type. */
  FailedPrecondition: 'ExportError.FailedPrecondition',
  /** The service could not be reached, or its answer was not usable. The activity is retried. */
  Unavailable: 'ExportError.Unavailable',
  /** The service does not implement the call. */
  NotImplemented: 'ExportError.NotImplemented',
  /** The export is parked (`longExports`): its operation is running, and the activity is retried later. */
  StillRunning: 'ExportError.StillRunning',
  /** The operation ended with an error. */
  OperationFailed: 'ExportError.OperationFailed',
  /** The operation was cancelled outside of this package. */
  OperationCancelled: 'ExportError.OperationCancelled',
  /** The service no longer knows the operation. */
  OperationNotFound: 'ExportError.OperationNotFound',
  /** The export did not end before its deadline. */
  DeadlineExceeded: 'ExportError.DeadlineExceeded',
  /** The export's workflow was terminated. It could not cancel its operation, which may still be running. */
  Terminated: 'ExportError.Terminated',
  /** The exported files or image are missing, incomplete or damaged. */
  VerificationFailed: 'ExportError.VerificationFailed',
  /** A bug in this package or in the code that uses it. Please report it. */
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

/** Details of a failure: the first element of its `details`. */
export interface ExportFailureDetails {
  /** Type of the failure. */
  readonly type: ExportFailureTypeName;
  /** What the reader can do to fix the cause. */
  readonly action: string;
  /** gRPC code of Google's answer, for example 9. */
  readonly code?: number;
  /** Name of the gRPC code, for example `FAILED_PRECONDITION`. */
  readonly status?: string;
  /** HTTP status of the answer; missing if there was no answer. */
  readonly httpStatus?: number;
  /** Google's identifier of the reason, for example `SERVICE_DISABLED` or `retentionPolicyNotMet`. */
  readonly reason?: string;
  /** Who can perform the `action`, if known. */
  readonly fixableBy?: FixableBy;
  /** The request that failed: method and resource, for example `GET projects/p/locations/l/models/m`. */
  readonly request?: string;
  /** Resource name of the operation that failed or that may still be running. */
  readonly operation?: string;
  /** Partial failures of the operation, at most 20. */
  readonly partialFailures?: readonly PartialFailure[];
  /** All problems that were found, for types of which there can be several. */
  readonly problems?: readonly string[];
  /** Whether another export may succeed. */
  readonly exportAgain?: boolean;
  /** Whether it is certain that no operation was started. */
  readonly nothingStarted?: boolean;
  /** For `DeadlineExceeded`: the last failure of the step that was running at the deadline. */
  readonly lastFailure?: LastFailure;
}

/** The failure of the last attempt of a step. */
export interface LastFailure extends Pick<
  ExportFailureDetails,
  'action' | 'code' | 'status' | 'httpStatus' | 'reason' | 'request'
> {
  /** Usually an {@link ExportFailureTypeName}. */
  readonly type: string;
  /** Message of the failure. */
  readonly message: string;
}
