import type { ExportFailureTypeName, FixableBy } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import { PASSING_MS } from './persistence';

/** What an answer becomes. */
export interface FailureRow {
  readonly type: ExportFailureTypeName;
  /**
   * Whether the same request may be answered differently later without anybody's doing; a number means for this long
   * since the step was scheduled, in milliseconds.
   */
  readonly retry: boolean | number;
  /** Whether a fresh export may succeed. */
  readonly exportAgain?: boolean;
  readonly fixableBy?: FixableBy;
  /** What to do, at most 300 characters; the answer fills in what is in braces. */
  readonly action: string;
}

/** What was enabled or granted a moment ago is still refused for this long, in milliseconds. */
const PROPAGATION_MS = 120_000;

/** A refusal whose reason the service names. */
interface ReasonRow extends FailureRow {
  readonly reasons: readonly string[];
  /** Some services say the same in the message only. */
  readonly message?: RegExp;
}

/**
 * What a refusal with a named reason becomes. The status alone does not say it: 403 has a dozen causes, each with
 * another person who can fix it.
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
      'The project {project} does not exist, or is not active. Correct the project in the input, or the quota project of the worker: GOOGLE_CLOUD_QUOTA_PROJECT, or `gcloud auth application-default set-quota-project`.',
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
      "VPC Service Controls refused the request. Let the worker's account and network into the perimeter, by an ingress rule or an access level. The violation analyzer explains the refusal{violation}.",
  },
  {
    reasons: ['LOCATION_ORG_POLICY_VIOLATED', 'ORG_RESTRICTION_VIOLATION', 'orgPolicyConstraintFailed'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'organization-administrator',
    action: "A policy of the organization forbids the request. Change the policy that Google's message names.",
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
      'The bucket is one where the requester pays. Set GOOGLE_CLOUD_QUOTA_PROJECT of the worker to the project that pays, and restart the worker.',
  },
  {
    reasons: ['retentionPolicyNotMet'],
    type: ExportFailureType.PermissionDenied,
    retry: false,
    fixableBy: 'bucket-administrator',
    action:
      "The bucket's retention policy keeps the object. Wait until its retention time is over, or use a bucket without such a policy.",
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
    action: 'Something else writes to the same object. Find it, and export to a place of its own.',
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
    action: "Google does not serve the country that the worker's address is in. Run the worker elsewhere.",
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
