import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import type { RequestPurpose } from '../../../../src/activities/failures/table';
import { failureOf } from '../../../../src/activities/failures/failure';
import { operationFailure } from '../../../../src/activities/failures/operation-failure';
import { REASONS } from '../../../../src/activities/failures/refusal-reasons';
import type { ExportFailureDetails, ExportFailureTypeName, FixableBy } from '../../../../src/contract/failures';
import { ExportFailureType } from '../../../../src/contract/failures';
import { apiErrorOf } from '../../../../src/google/api-error';

const REQUEST = 'POST projects/p-one/locations/us-central1/models/1:export';

interface Failed {
  readonly type: string;
  readonly retryable: boolean;
  readonly details: ExportFailureDetails;
  readonly message: string;
}

/** The failure of an activity for an answer, at an age since its schedule time. */
async function failed(
  httpStatus: number,
  error: object,
  purpose: RequestPurpose = 'export',
  ageMs = 0,
  attempt = ageMs > 0 ? 12 : 1,
): Promise<Failed> {
  const body = Buffer.from(JSON.stringify({ error: { message: 'injected', ...error } }));
  const answer = apiErrorOf({ status: httpStatus, headers: {}, body }, REQUEST);
  const environment = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - ageMs, attempt });
  const failure = await environment.run(() => Promise.resolve(failureOf(answer, purpose)));
  assert.ok(failure instanceof ApplicationFailure);
  const [details] = failure.details as [ExportFailureDetails];
  return { type: String(failure.type), retryable: failure.nonRetryable !== true, details, message: failure.message };
}

const info = (reason: string, metadata: object = {}) => ({
  status: 'PERMISSION_DENIED',
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, metadata }],
});
const storage = (reason: string) => ({ errors: [{ reason }] });

interface Row {
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

const MINUTE_MS = 60_000;
const { PermissionDenied, FailedPrecondition, QuotaExceeded, CredentialsUnavailable, Unavailable } = ExportFailureType;

const ROWS: readonly Row[] = [
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

suite('a refusal of a request', () => {
  for (const { title, httpStatus, error, purpose, type, retriedMs, action, fixableBy } of ROWS) {
    test(`for ${title} has a specific type, retry time and action`, async () => {
      for (const ageMs of [0, retriedMs - 10_000, retriedMs + 1_000, 3_600_000]) {
        if (!Number.isFinite(ageMs) || ageMs < 0) continue;
        const failure = await failed(httpStatus, error, purpose, ageMs);
        assert.equal(failure.type, type, failure.message);
        assert.equal(failure.retryable, ageMs < retriedMs, `after ${ageMs} ms`);
        assert.match(failure.details.action, action);
        assert.ok(failure.message.endsWith(failure.details.action), failure.message);
        if (fixableBy) assert.equal(failure.details.fixableBy, fixableBy);
      }
    });
  }

  test('has its reason in the details and in the message', async () => {
    const { details, message } = await failed(403, info('BILLING_DISABLED'));
    assert.deepEqual(
      [details.reason, details.status, details.httpStatus],
      ['BILLING_DISABLED', 'PERMISSION_DENIED', 403],
    );
    assert.match(message, /PERMISSION_DENIED \(BILLING_DISABLED\): injected/);
  });

  test('outside of an activity is final, because no caller retries it', () => {
    const body = Buffer.from(JSON.stringify({ error: info('SERVICE_DISABLED') }));
    const failure = failureOf(apiErrorOf({ status: 403, headers: {}, body }, REQUEST), 'artifacts');
    assert.ok(failure instanceof ApplicationFailure && failure.nonRetryable);
  });

  test('has an action of limited length for any names in the answer', async () => {
    const long = 'x'.repeat(100);
    for (const { reasons } of REASONS) {
      for (const reason of reasons) {
        const { details } = await failed(403, info(reason, { service: long, consumer: `projects/${'p'.repeat(30)}` }));
        assert.ok(!details.action.endsWith('…') && !/[{}]/.test(details.action), details.action);
        assert.doesNotMatch(details.action, /\b[Mm]end\b|^Nothing:/);
      }
    }
  });

  test('of the token is retried in an old step whose attempts have not failed for minutes', async () => {
    for (const attempt of [1, 2, 10]) {
      const { retryable } = await failed(401, { status: 'UNAUTHENTICATED' }, 'artifacts', 3_600_000, attempt);
      assert.ok(retryable, `attempt ${attempt}`);
    }
    assert.ok(!(await failed(401, { status: 'UNAUTHENTICATED' }, 'artifacts', 3_600_000, 11)).retryable);
  });

  test('has a documented reason', () => {
    const docs = readFileSync(path.join(__dirname, '..', '..', '..', '..', 'docs', 'failures.md'), 'utf8');
    for (const reason of REASONS.flatMap((row) => row.reasons)) {
      if (!reason.startsWith('usageLimits.')) assert.ok(docs.includes(`\`${reason}\``), reason);
    }
  });

  test('has one row for each reason', () => {
    const reasons = REASONS.flatMap((row) => row.reasons);
    assert.equal(new Set(reasons).size, reasons.length);
  });
});

suite('an operation that ended with an error', () => {
  const OPERATION = 'projects/42/locations/us-central1/models/1/operations/7';
  const outputInfo = { artifactOutputUri: 'gs://bucket/folder' };
  const details = (failure: ApplicationFailure) => (failure.details as [ExportFailureDetails])[0];

  test("names the role of the service's agent for a missing permission", () => {
    const failure = operationFailure(OPERATION, { code: 7, message: 'denied' }, { outputInfo, genericMetadata: {} });
    assert.match(failure.message, /gcloud storage buckets add-iam-policy-binding gs:\/\/bucket/);
  });

  test('names the perimeter, and no role, after a refusal by VPC Service Controls', () => {
    const error = { code: 7, message: 'vpcServiceControlsUniqueIdentifier: aB3' };
    const failure = operationFailure(OPERATION, error, { outputInfo, genericMetadata: {} });
    assert.match(details(failure).action, /perimeter.*: aB3/);
    assert.equal(details(failure).fixableBy, 'organization-administrator');
  });

  test('reports partial failures beside the error, in its message and in its details', () => {
    const partialFailures = Array.from({ length: 5 }, (_, part) => ({
      code: 13,
      status: 'INTERNAL' as const,
      message: `part ${part} could not be written`,
    }));
    const genericMetadata = { partialFailures, morePartialFailures: 4 };
    const failure = operationFailure(OPERATION, { code: 13, message: 'broken' }, { outputInfo, genericMetadata });
    assert.match(failure.message, /broken; partial failure: INTERNAL: part 0 .*part 2 .*; and 6 more partial failures/);
    assert.deepEqual(details(failure).partialFailures, partialFailures);
  });
});
