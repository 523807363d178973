import type { ExportFailureTypeName, FixableBy } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import { PASSING_MS } from './persistence';

/** The failure that an answer is mapped to. */
export interface FailureRow {
  readonly type: ExportFailureTypeName;
  /**
   * Whether the same request may succeed later without a change. A number limits the retries, in milliseconds since the
   * step was scheduled.
   */
  readonly retry: boolean | number;
  /** Whether a fresh export may succeed. */
  readonly exportAgain?: boolean;
  readonly fixableBy?: FixableBy;
  /** What to do, at most 300 characters. Placeholders in braces are filled from the answer. */
  readonly action: string;
}

/** How long a change of rights or APIs takes to take effect, in milliseconds. */
const PROPAGATION_MS = 120_000;

/** A row for refusals with a reason. */
interface ReasonRow extends FailureRow {
  readonly reasons: readonly string[];
  /** Matches refusals that have the reason in their message only. */
  readonly message?: RegExp;
}

/**
 * The failures of refusals with a reason. The status alone is not enough: 403 has a dozen causes, which different people
 * can fix.
 *
 * Sources: https://cloud.google.com/apis/design/errors#error_info and
 * https://cloud.google.com/storage/docs/json_api/v1/status-codes
 */
export const REASONS: readonly ReasonRow[] = [
  {
    reasons: ['SERVICE_DISABLED', 'accessNotConfigured', 'usageLimits.accessNotConfigured'],
    type: ExportFailureType.PermissionDenied,
    retry: PROPAGATION_MS,
    fixableBy: 'project-administrator',
    action:
      'Enable the API, which takes a few minutes to take effect: `gcloud services enable {service} --project={project}`.',
  },
  {
    reasons: ['BILLING_DISABLED', 'accountDisabled', 'userProjectAccountProblem'],
    type: ExportFailureType.PermissionDenied,
    retry: PROPAGATION_MS,
    fixableBy: 'project-administrator',
    action:
      'Enable billing, which takes a few minutes to take effect: `gcloud billing projects link {project} --billing-account=ACCOUNT_ID`.',
  },
  {
    reasons: ['CONSUMER_INVALID', 'RESOURCE_PROJECT_INVALID', 'userProjectInvalid', 'userProjectInconsistent'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'worker-operator',
    action:
      'The project {project} does not exist or is not active. Correct the project in the input, or the quota project of the worker: GOOGLE_CLOUD_QUOTA_PROJECT, or `gcloud auth application-default set-quota-project`.',
  },
  {
    reasons: ['CONSUMER_SUSPENDED'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'project-administrator',
    action:
      'Google has suspended the project {project}. A project administrator can appeal in the Google Cloud console; start the export again when the project is active.',
  },
  {
    reasons: ['SECURITY_POLICY_VIOLATED', 'vpcServiceControls'],
    message: /vpcServiceControlsUniqueIdentifier/,
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'organization-administrator',
    action:
      "VPC Service Controls refused the request. Allow the worker's account and network into the perimeter with an ingress rule or an access level. The violation analyzer explains the refusal{violation}.",
  },
  {
    reasons: ['LOCATION_ORG_POLICY_VIOLATED', 'ORG_RESTRICTION_VIOLATION', 'orgPolicyConstraintFailed'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'organization-administrator',
    action: "An organization policy forbids the request. Change the policy that Google's message names.",
  },
  {
    reasons: ['ACCESS_TOKEN_SCOPE_INSUFFICIENT'],
    message: /insufficient authentication scopes/i,
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'worker-operator',
    action:
      "The worker's token lacks the scope https://www.googleapis.com/auth/cloud-platform. On a VM: `gcloud compute instances set-service-account VM --scopes=cloud-platform`; for a person: `gcloud auth application-default login`.",
  },
  {
    reasons: ['USER_PROJECT_DENIED', 'userProjectAccessDenied'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'project-administrator',
    action:
      "The worker's account may not use the quota project {project}. Grant it roles/serviceusage.serviceUsageConsumer on that project, or set GOOGLE_CLOUD_QUOTA_PROJECT to another one.",
  },
  {
    reasons: ['userProjectMissing', 'authenticationRequiredRequesterPays'],
    type: ExportFailureType.FailedPrecondition,
    retry: false,
    fixableBy: 'worker-operator',
    action:
      'The bucket has requester pays. Set GOOGLE_CLOUD_QUOTA_PROJECT of the worker to the project that pays, and restart the worker.',
  },
  {
    reasons: ['retentionPolicyNotMet'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'bucket-administrator',
    action:
      'The retention policy of the bucket protects the object. Wait until its retention period is over, or use a bucket without a retention policy.',
  },
  {
    reasons: ['objectUnderActiveHold'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'bucket-administrator',
    action:
      'The object is under a hold. Release it: `gcloud storage objects update OBJECT --no-temporary-hold --no-event-based-hold`.',
  },
  {
    reasons: ['conditionNotMet'],
    type: ExportFailureType.FailedPrecondition,
    retry: PASSING_MS,
    fixableBy: 'export-author',
    action: 'Something else writes to the same object. Find out what, or export to another place.',
  },
  {
    reasons: ['sslRequired'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'worker-operator',
    action: 'Use an https:// endpoint for the service.',
  },
  {
    reasons: ['countryBlocked'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'worker-operator',
    action: "Google does not serve the country of the worker's address. Run the worker in another country.",
  },
  {
    reasons: ['ACCOUNT_STATE_INVALID'],
    type: ExportFailureType.CredentialsUnavailable,
    retry: PASSING_MS,
    fixableBy: 'project-administrator',
    action:
      "The worker's service account is disabled or deleted. Enable it: `gcloud iam service-accounts enable ACCOUNT`, or give the worker another one.",
  },
];
