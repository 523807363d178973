import type { ExportFailureTypeName } from '../contract';
import { ExportFailureType } from '../contract';
import type { GoogleStatus } from '../google/api-error';

/** What a request was for: the same answer means another thing to each. */
export type RequestPurpose =
  'model' | 'models' | 'bucket' | 'export' | 'operation' | 'artifacts' | 'image' | 'deletion' | 'manifest' | 'results';

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

/** The right that the worker's account needs for a request. */
export const READ_RIGHTS: Readonly<Record<RequestPurpose, string>> = {
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

/** The first row that fits an answer; `undefined` where it may be answered better another time. */
export function rowOf(status: GoogleStatus, message: string, purpose: RequestPurpose): FailureRow | undefined {
  return FAILURES.find(
    (row) =>
      row.status === status &&
      (row.purpose === undefined || row.purpose === purpose) &&
      (row.message === undefined || row.message.test(message)),
  );
}
