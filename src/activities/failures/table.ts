import { ExportFailureType } from '../../contract/failures';
import type { GoogleStatus } from '../../google/api-error';
import type { ErrorReason } from '../../google/error-reason';
import { PASSING_MS } from './persistence';
import type { FailureRow } from './refusal-reasons';
import { REASONS } from './refusal-reasons';

/** The purpose of a request. The same answer has different meanings for different purposes. */
export type RequestPurpose =
  'model' | 'models' | 'bucket' | 'export' | 'operation' | 'artifacts' | 'image' | 'deletion' | 'manifest' | 'results';

/** A row for answers without a reason, and for reasons without a row. */
interface StatusRow extends FailureRow {
  readonly status: GoogleStatus;
  /** Only for requests of this purpose. */
  readonly purpose?: RequestPurpose;
  /** Only where Google's message matches. */
  readonly message?: RegExp;
}

/** The roles that the worker's account needs for a request. */
export const REQUIRED_ROLES: Readonly<Record<RequestPurpose, string>> = {
  model: 'roles/aiplatform.user (aiplatform.models.get) on the project',
  models: 'roles/aiplatform.user (aiplatform.models.list) on the project',
  results: 'roles/storage.objectUser (storage.objects.create, storage.objects.delete) on the bucket',
  bucket: 'roles/storage.bucketViewer (storage.buckets.get) on the bucket',
  export: 'roles/aiplatform.user (aiplatform.models.export) on the project',
  operation: 'roles/aiplatform.user on the project',
  artifacts: 'roles/storage.objectViewer (storage.objects.list, storage.objects.get) on the bucket',
  image: 'roles/artifactregistry.reader on the repository',
  manifest: 'roles/storage.objectUser (storage.objects.create, storage.objects.delete) on the bucket',
  deletion: 'roles/storage.objectUser (storage.objects.delete) on the bucket',
};

/**
 * The failures of Google's answers. The first matching row is used. docs/failures.md has the same table. The messages are
 * those that users reported.
 */
const FAILURES: readonly StatusRow[] = [
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
    action: 'The service no longer has the operation. Check the destination, and start the export again.',
  },
  {
    status: 'NOT_FOUND',
    purpose: 'artifacts',
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: 'The bucket no longer exists. Restore it, and export again.',
  },
  {
    status: 'NOT_FOUND',
    purpose: 'results',
    type: ExportFailureType.DestinationNotFound,
    retry: false,
    action: 'Create the bucket, or correct resultsUriPrefix.',
  },
  {
    status: 'NOT_FOUND',
    purpose: 'image',
    type: ExportFailureType.VerificationFailed,
    retry: false,
    exportAgain: true,
    action: 'The operation succeeded, but the image is not in the registry. Check the repository, and export again.',
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
    action: "Request one of the Model's supportedExportFormats.",
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
    fixableBy: 'bucket-administrator',
    action:
      "Grant roles/storage.objectAdmin on the bucket to the service's own agent, service-PROJECT_NUMBER@gcp-sa-aiplatform.iam.gserviceaccount.com.",
  },
  {
    status: 'FAILED_PRECONDITION',
    type: ExportFailureType.FailedPrecondition,
    retry: false,
    action: "Fix the problem named in Google's message, and start the export again.",
  },
  {
    status: 'PERMISSION_DENIED',
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'project-administrator',
    action: "Grant the worker's account {roles}{permission}.",
  },
  {
    status: 'UNAUTHENTICATED',
    type: ExportFailureType.CredentialsUnavailable,
    // A new token or key can be refused for a while.
    retry: PASSING_MS,
    fixableBy: 'worker-operator',
    action:
      "Google does not accept the worker's token. Run `gcloud auth application-default login` again, or check GOOGLE_APPLICATION_CREDENTIALS, the account and its keys.",
  },
  {
    status: 'RESOURCE_EXHAUSTED',
    type: ExportFailureType.QuotaExceeded,
    retry: true,
    fixableBy: 'project-administrator',
    action: 'Retrying when the quota allows it; no action needed. If this lasts, request a higher quota.',
  },
  {
    status: 'INVALID_ARGUMENT',
    purpose: 'export',
    message: /exportableContents/i,
    type: ExportFailureType.DestinationMismatch,
    retry: false,
    action: "Use a destination of a kind that the format's exportableContents contains.",
  },
  {
    status: 'INVALID_ARGUMENT',
    type: ExportFailureType.InvalidInput,
    retry: false,
    action: "Correct the problem named in Google's message, and start the export again.",
  },
  {
    status: 'OUT_OF_RANGE',
    type: ExportFailureType.InvalidInput,
    retry: false,
    action: "Correct the problem named in Google's message, and start the export again.",
  },
  {
    status: 'UNIMPLEMENTED',
    type: ExportFailureType.NotImplemented,
    retry: false,
    action: "The service does not offer this call in the Model's location. Export from another location.",
  },
];

/** The row for refusals without another row, for example 405 and 413. */
const OTHER_REFUSAL: FailureRow = {
  type: ExportFailureType.Unavailable,
  retry: PASSING_MS,
  fixableBy: 'worker-operator',
  action: "The service refused the request. Check Google's message and the endpoint that the worker uses.",
};

/** The parts of an answer that select a row. */
export interface Refusal {
  readonly status: GoogleStatus;
  readonly message: string;
  /** Absent for an operation's error. */
  readonly httpStatus?: number;
  readonly reason?: string | undefined;
}

/** The first row that matches an answer; `undefined` if a retry may succeed. */
export function rowOf(refusal: Refusal, purpose: RequestPurpose): FailureRow | undefined {
  const { status, message, httpStatus, reason = '' } = refusal;
  return (
    REASONS.find(({ reasons }) => reasons.includes(reason)) ??
    REASONS.find(({ message: pattern }) => pattern?.test(message) === true) ??
    FAILURES.find(
      (row) =>
        row.status === status &&
        (row.purpose === undefined || row.purpose === purpose) &&
        (row.message === undefined || row.message.test(message)),
    ) ??
    (isRefusal(httpStatus) ? OTHER_REFUSAL : undefined)
  );
}

/** HTTP statuses from 400 to 499 that a retry may resolve. */
const MOMENTARY: readonly number[] = [408, 409, 425, 429, 499];

function isRefusal(httpStatus = 0): boolean {
  return httpStatus >= 400 && httpStatus < 500 && !MOMENTARY.includes(httpStatus);
}

const SERVICES: Readonly<Partial<Record<RequestPurpose, string>>> = {
  bucket: 'storage.googleapis.com',
  artifacts: 'storage.googleapis.com',
  deletion: 'storage.googleapis.com',
  manifest: 'storage.googleapis.com',
  results: 'storage.googleapis.com',
  image: 'artifactregistry.googleapis.com',
};

/**
 * The action of a row, with the API, project and permission that the answer names.
 *
 * @param request for example `GET projects/p/locations/l/models/m`
 */
export function actionOf(
  { action }: FailureRow,
  { service, project, permission, violation }: ErrorReason,
  purpose: RequestPurpose,
  request: string,
): string {
  const roles = REQUIRED_ROLES[purpose];
  const values: Readonly<Record<string, string>> = {
    roles,
    service: service ?? SERVICES[purpose] ?? 'aiplatform.googleapis.com',
    project: project ?? /\bprojects\/([a-z0-9][a-z0-9.:-]{0,99})\//.exec(request)?.[1] ?? 'PROJECT_ID',
    permission: permission === undefined || roles.includes(permission) ? '' : `; Google names ${permission}`,
    violation: violation === undefined ? '' : `: ${violation}`,
  };
  return action.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}
