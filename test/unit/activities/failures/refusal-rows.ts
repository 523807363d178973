import type { RequestPurpose } from '../../../../src/activities/failures/table';
import type { ExportFailureTypeName, FixableBy } from '../../../../src/contract/failures';
import { ExportFailureType } from '../../../../src/contract/failures';

export const info = (reason: string, metadata: object = {}) => ({
  status: 'PERMISSION_DENIED',
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, metadata }],
});
export const storage = (reason: string) => ({ errors: [{ reason }] });

export interface Row {
  readonly title: string;
  readonly httpStatus: number;
  readonly error: object;
  readonly purpose?: RequestPurpose;
  readonly type: ExportFailureTypeName;
  /** The time for which the step is retried, in milliseconds. */
  readonly retriedMs: number;
  readonly action: RegExp;
  readonly fixableBy?: FixableBy;
}

export const MINUTE_MS = 60_000;
const { PermissionDenied, FailedPrecondition, QuotaExceeded, CredentialsUnavailable, Unavailable } = ExportFailureType;

export const ROWS: readonly Row[] = [
  {
    title: 'an API that is disabled',
    httpStatus: 403,
    error: info('SERVICE_DISABLED', { service: 'aiplatform.googleapis.com', consumer: 'projects/42' }),
    type: PermissionDenied,
    retriedMs: 2 * MINUTE_MS,
    action: /`gcloud services enable aiplatform\.googleapis\.com --project=42`/,
    fixableBy: 'project-administrator',
  },
  {
    title: 'an API that is disabled and not named',
    httpStatus: 403,
    error: info('SERVICE_DISABLED'),
    purpose: 'bucket',
    type: PermissionDenied,
    retriedMs: 2 * MINUTE_MS,
    action: /`gcloud services enable storage\.googleapis\.com --project=p-one`/,
  },
  {
    title: 'billing that is disabled',
    httpStatus: 403,
    error: info('BILLING_DISABLED', { consumer: 'projects/p-two' }),
    type: PermissionDenied,
    retriedMs: 2 * MINUTE_MS,
    action: /`gcloud billing projects link p-two --billing-account=ACCOUNT_ID`/,
    fixableBy: 'project-administrator',
  },
  {
    title: 'a project that does not exist',
    httpStatus: 403,
    error: info('CONSUMER_INVALID', { consumer: 'projects/gone' }),
    type: PermissionDenied,
    retriedMs: 0,
    action: /project gone does not exist.*GOOGLE_CLOUD_QUOTA_PROJECT/,
    fixableBy: 'worker-operator',
  },
  {
    title: 'a project that is suspended',
    httpStatus: 403,
    error: info('CONSUMER_SUSPENDED'),
    type: PermissionDenied,
    retriedMs: 0,
    action: /suspended the project p-one/,
  },
  {
    title: 'a perimeter of VPC Service Controls',
    httpStatus: 403,
    error: info('SECURITY_POLICY_VIOLATED', { uid: 'aB3' }),
    type: PermissionDenied,
    retriedMs: 0,
    action: /perimeter.*: aB3\.$/,
    fixableBy: 'organization-administrator',
  },
  {
    title: 'a perimeter that only the message of Cloud Storage names',
    httpStatus: 403,
    error: { message: 'Prohibited. vpcServiceControlsUniqueIdentifier: xY_9', ...storage('forbidden') },
    purpose: 'artifacts',
    type: PermissionDenied,
    retriedMs: 0,
    action: /perimeter.*: xY_9\.$/,
    fixableBy: 'organization-administrator',
  },
  {
    title: 'a policy of the organization',
    httpStatus: 412,
    error: storage('orgPolicyConstraintFailed'),
    purpose: 'manifest',
    type: PermissionDenied,
    retriedMs: 0,
    action: /organization policy forbids/,
    fixableBy: 'organization-administrator',
  },
  {
    title: 'a token with too few scopes',
    httpStatus: 403,
    error: info('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
    type: PermissionDenied,
    retriedMs: 0,
    action: /auth\/cloud-platform.*--scopes=cloud-platform/,
    fixableBy: 'worker-operator',
  },
  {
    title: 'too few scopes that only the message names',
    httpStatus: 403,
    error: { message: 'Request had insufficient authentication scopes.' },
    purpose: 'artifacts',
    type: PermissionDenied,
    retriedMs: 0,
    action: /auth\/cloud-platform/,
  },
  {
    title: 'a quota project that may not be used',
    httpStatus: 403,
    error: info('USER_PROJECT_DENIED', { consumer: 'projects/payer' }),
    type: PermissionDenied,
    retriedMs: 0,
    action: /quota project payer.*roles\/serviceusage\.serviceUsageConsumer/,
  },
  {
    title: 'a bucket where the requester pays',
    httpStatus: 400,
    error: storage('userProjectMissing'),
    purpose: 'bucket',
    type: FailedPrecondition,
    retriedMs: 0,
    action: /requester pays.*GOOGLE_CLOUD_QUOTA_PROJECT/,
    fixableBy: 'worker-operator',
  },
  {
    title: 'a retention policy',
    httpStatus: 403,
    error: storage('retentionPolicyNotMet'),
    purpose: 'deletion',
    type: PermissionDenied,
    retriedMs: 0,
    action: /retention policy of the bucket protects the object/,
    fixableBy: 'bucket-administrator',
  },
  {
    title: 'a hold',
    httpStatus: 403,
    error: storage('objectUnderActiveHold'),
    purpose: 'deletion',
    type: PermissionDenied,
    retriedMs: 0,
    action: /gcloud storage objects update OBJECT --no-temporary-hold/,
    fixableBy: 'bucket-administrator',
  },
  {
    title: 'an object that another writer changes',
    httpStatus: 412,
    error: storage('conditionNotMet'),
    purpose: 'results',
    type: FailedPrecondition,
    retriedMs: 5 * MINUTE_MS,
    action: /Something else writes/,
  },
  {
    title: 'a permission that IAM denies',
    httpStatus: 403,
    error: info('IAM_PERMISSION_DENIED', { permission: 'aiplatform.models.export' }),
    type: PermissionDenied,
    retriedMs: 0,
    action: /^Grant the worker's account roles\/aiplatform\.user \(aiplatform\.models\.export\) on the project\.$/,
    fixableBy: 'project-administrator',
  },
  {
    title: 'a permission that the table does not name',
    httpStatus: 403,
    error: info('IAM_PERMISSION_DENIED', { permission: 'storage.objects.update' }),
    purpose: 'manifest',
    type: PermissionDenied,
    retriedMs: 0,
    action: /roles\/storage\.objectUser .*; Google names storage\.objects\.update\.$/,
  },
  {
    title: 'a 403 without a reason',
    httpStatus: 403,
    error: {},
    purpose: 'image',
    type: PermissionDenied,
    retriedMs: 0,
    action: /roles\/artifactregistry\.reader/,
  },
  {
    title: 'a rate limit as 403',
    httpStatus: 403,
    error: storage('rateLimitExceeded'),
    purpose: 'artifacts',
    type: QuotaExceeded,
    retriedMs: Infinity,
    action: /^Retrying .*no action needed/,
  },
  {
    title: 'a rate limit of Vertex AI as 403',
    httpStatus: 403,
    error: info('RATE_LIMIT_EXCEEDED'),
    type: QuotaExceeded,
    retriedMs: Infinity,
    action: /^Retrying .*no action needed/,
  },
  {
    title: 'a service account that is disabled',
    httpStatus: 401,
    error: info('ACCOUNT_STATE_INVALID'),
    type: CredentialsUnavailable,
    retriedMs: 5 * MINUTE_MS,
    action: /gcloud iam service-accounts enable/,
  },
  {
    title: 'a token that Google does not accept',
    httpStatus: 401,
    error: { status: 'UNAUTHENTICATED' },
    type: CredentialsUnavailable,
    retriedMs: 5 * MINUTE_MS,
    action: /gcloud auth application-default login/,
    fixableBy: 'worker-operator',
  },
  {
    title: 'a method that is not allowed',
    httpStatus: 405,
    error: {},
    purpose: 'artifacts',
    type: Unavailable,
    retriedMs: 5 * MINUTE_MS,
    action: /the endpoint that the worker uses/,
  },
  {
    title: 'a request that is too large',
    httpStatus: 413,
    error: {},
    purpose: 'results',
    type: Unavailable,
    retriedMs: 5 * MINUTE_MS,
    action: /Check Google's message/,
  },
  {
    title: 'a conflict',
    httpStatus: 409,
    error: {},
    purpose: 'manifest',
    type: Unavailable,
    retriedMs: Infinity,
    action: /^Retrying; no action needed/,
  },
];
