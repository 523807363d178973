import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails, ExportFailureTypeName, InputProblem } from '../contract';
import { describeProblems, ExportFailureType } from '../contract';
import type { GoogleStatus } from '../google/api-error';
import { GoogleApiError, googleCode, googleStatus, GoogleTransportError } from '../google/api-error';

/** What a request was for: the same answer means another thing to each. */
export type RequestPurpose = 'model' | 'bucket' | 'export' | 'operation' | 'artifacts' | 'image' | 'deletion';

interface FailureRow {
  readonly status: GoogleStatus;
  /** Only for requests of this purpose. */
  readonly purpose?: RequestPurpose;
  /** Only where Google's message matches. */
  readonly message?: RegExp;
  readonly type: ExportFailureTypeName;
  /** Whether the same request may be answered differently later without anybody's doing. */
  readonly retry: boolean;
  /** Whether a fresh export may succeed. */
  readonly exportAgain?: boolean;
  readonly action: string;
}

const READ_RIGHTS: Readonly<Record<RequestPurpose, string>> = {
  model: 'roles/aiplatform.user (aiplatform.models.get) on the project',
  bucket: 'roles/storage.bucketViewer (storage.buckets.get) on the bucket',
  export: 'roles/aiplatform.user (aiplatform.models.export) on the project',
  operation: 'roles/aiplatform.user on the project',
  artifacts: 'roles/storage.objectViewer (storage.objects.list, storage.objects.get) on the bucket',
  image: 'roles/artifactregistry.reader on the repository',
  deletion: 'roles/storage.objectUser (storage.objects.delete) on the bucket',
};

/**
 * What each of Google's answers becomes: the first row that fits counts. docs/failures.md holds the same table.
 * The messages are those of the service as users reported them.
 */
const FAILURES: readonly FailureRow[] = [
  {
    status: 'NOT_FOUND',
    purpose: 'bucket',
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: "Create the bucket in the Model's region, or correct outputUriPrefix.",
  },
  {
    status: 'NOT_FOUND',
    purpose: 'export',
    message: /bucket|repository/i,
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: "Create the bucket or the image repository in the Model's region, or correct the destination.",
  },
  {
    status: 'NOT_FOUND',
    purpose: 'operation',
    type: ExportFailureType.OperationNotFound,
    retry: false,
    action: 'The service has forgotten the operation: look into the destination, and start the export again.',
  },
  {
    status: 'NOT_FOUND',
    purpose: 'artifacts',
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: 'The bucket is gone: restore it, and export again.',
  },
  {
    status: 'NOT_FOUND',
    purpose: 'image',
    type: ExportFailureType.VerificationFailed,
    retry: false,
    exportAgain: true,
    action:
      'The operation succeeded, but the image is not in the registry: look into the repository, and export again.',
  },
  {
    status: 'NOT_FOUND',
    type: ExportFailureType.ModelNotFound,
    retry: false,
    action: 'Check the project, the location, the Model id and its version: `gcloud ai models list --region=LOCATION`.',
  },
  {
    status: 'FAILED_PRECONDITION',
    message: /must be in the same (regional )?location/i,
    type: ExportFailureType.BucketRegionMismatch,
    retry: false,
    action: "Export to a bucket in the Model's own region; multi-regions such as `us` are refused.",
  },
  {
    status: 'FAILED_PRECONDITION',
    message: /bucket.*(does not exist|not found)/i,
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: "Create the bucket in the Model's region, or correct outputUriPrefix.",
  },
  {
    status: 'FAILED_PRECONDITION',
    message: /in format `[^`]*` is not supported/i,
    type: ExportFailureType.FormatNotSupported,
    retry: false,
    action: "Ask for one of the Model's supportedExportFormats.",
  },
  {
    status: 'FAILED_PRECONDITION',
    message: /not exportable|can ?not be exported/i,
    type: ExportFailureType.NotExportable,
    retry: false,
    action: 'The Model has no supportedExportFormats: Vertex AI can only deploy it.',
  },
  {
    status: 'FAILED_PRECONDITION',
    message: /permission|does not have|access/i,
    type: ExportFailureType.PermissionDenied,
    retry: false,
    action:
      "Grant roles/storage.objectAdmin on the bucket to the service's own agent, service-PROJECT_NUMBER@gcp-sa-aiplatform.iam.gserviceaccount.com.",
  },
  {
    status: 'FAILED_PRECONDITION',
    type: ExportFailureType.FailedPrecondition,
    retry: false,
    action: "Mend what Google's message names, and start the export again.",
  },
  {
    status: 'PERMISSION_DENIED',
    type: ExportFailureType.PermissionDenied,
    retry: false,
    action: "Grant the worker's account {rights}.",
  },
  {
    status: 'UNAUTHENTICATED',
    type: ExportFailureType.PermissionDenied,
    retry: true,
    action: 'Give the worker Application Default Credentials whose token is accepted, and {rights}.',
  },
  {
    status: 'RESOURCE_EXHAUSTED',
    type: ExportFailureType.QuotaExceeded,
    retry: true,
    action: 'Nothing: the request is repeated when the quota allows it. Raise the quota where this lasts.',
  },
  {
    status: 'INVALID_ARGUMENT',
    purpose: 'export',
    message: /exportableContents/i,
    type: ExportFailureType.DestinationMismatch,
    retry: false,
    action: "Give a destination of the kind that the format's exportableContents names.",
  },
  {
    status: 'INVALID_ARGUMENT',
    type: ExportFailureType.InvalidInput,
    retry: false,
    action: "Correct what Google's message names.",
  },
  {
    status: 'OUT_OF_RANGE',
    type: ExportFailureType.InvalidInput,
    retry: false,
    action: "Correct what Google's message names.",
  },
  {
    status: 'UNIMPLEMENTED',
    type: ExportFailureType.NotImplemented,
    retry: false,
    action: "The service does not offer this call in the Model's location: export from another one.",
  },
];

const UNAVAILABLE = 'Nothing: the request is repeated until it is answered or the deadline passes.';

/** Codes of a failed operation after which a fresh export may succeed. */
const TRANSIENT: ReadonlySet<GoogleStatus> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

function rowOf(status: GoogleStatus, message: string, purpose: RequestPurpose): FailureRow | undefined {
  return FAILURES.find(
    (row) =>
      row.status === status &&
      (row.purpose === undefined || row.purpose === purpose) &&
      (row.message === undefined || row.message.test(message)),
  );
}

/** Makes one of the documented failures. */
export function exportFailure(
  message: string,
  details: ExportFailureDetails,
  options: { retry?: boolean; nextRetryDelayMs?: number | undefined; cause?: Error } = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${message} — ${details.action}`,
    type: details.type,
    nonRetryable: !(options.retry ?? false),
    details: [details],
    ...(options.nextRetryDelayMs === undefined ? {} : { nextRetryDelay: options.nextRetryDelayMs }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/** Turns what a Google client threw into a documented failure; everything else comes back as it is. */
export function failureOf(error: unknown, purpose: RequestPurpose): unknown {
  if (error instanceof GoogleTransportError) {
    const details = { type: ExportFailureType.Unavailable, action: UNAVAILABLE, request: error.request };
    return exportFailure(error.message, details, { retry: true, cause: error });
  }
  if (!(error instanceof GoogleApiError)) return error;
  const row = rowOf(error.status, error.message, purpose);
  const details: ExportFailureDetails = {
    type: row?.type ?? ExportFailureType.Unavailable,
    action: (row?.action ?? UNAVAILABLE).replace('{rights}', READ_RIGHTS[purpose]),
    code: googleCode(error.status),
    status: error.status,
    httpStatus: error.httpStatus,
    request: error.request,
    ...(row?.exportAgain && { exportAgain: true }),
  };
  return exportFailure(`${error.request}: ${error.status}: ${error.message}`, details, {
    retry: row?.retry ?? true,
    nextRetryDelayMs: error.retryDelayMs,
    cause: error,
  });
}

/** Runs `call`; what Google's clients throw becomes a documented failure. */
export async function withFailures<T>(purpose: RequestPurpose, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error, purpose);
  }
}

/** The failure of an operation that ended with an error; `exportAgain` tells whether a fresh export may succeed. */
export function operationFailure(operation: string, error: { code: number; message: string }): ApplicationFailure {
  const status = googleStatus(error.code);
  const exportAgain = TRANSIENT.has(status);
  const cancelled = status === 'CANCELLED';
  const row = rowOf(status, error.message, 'export');
  const type = cancelled ? ExportFailureType.OperationCancelled : (row?.type ?? ExportFailureType.OperationFailed);
  return exportFailure(`The export operation ${operation} ended with ${status}: ${error.message}`, {
    // Quota is something that a person can mend, when attempts did not help.
    type: exportAgain && status !== 'RESOURCE_EXHAUSTED' ? ExportFailureType.OperationFailed : type,
    action: cancelled
      ? 'Somebody else cancelled the operation: ask them, and start the export again.'
      : exportAgain
        ? 'The error may pass: a fresh export is started while attempts are left.'
        : (row?.action ?? "Mend what Google's message names, and start the export again.").replace(
            '{rights}',
            READ_RIGHTS.export,
          ),
    code: error.code,
    status,
    operation,
    exportAgain,
  });
}

/** The failure of a verification, with every finding. */
export function verificationFailure(where: string, findings: readonly string[]): ApplicationFailure {
  return exportFailure(`What was exported to ${where} is not what was asked for: ${findings.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'A fresh export is started while attempts are left; where it lasts, look at the files named.',
    problems: findings,
    exportAgain: true,
  });
}

/** The failure of an input, with every problem. */
export function inputFailure(
  problems: readonly InputProblem[],
  type: ExportFailureTypeName = ExportFailureType.InvalidInput,
): ApplicationFailure {
  return exportFailure(describeProblems(problems), {
    type,
    action: 'Correct the input and start the export again; nothing was exported.',
    problems: problems.map(({ path, message }) => `${path}: ${message}`),
  });
}
