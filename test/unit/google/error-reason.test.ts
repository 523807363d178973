import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { apiErrorOf, GoogleApiError, isPassing, isThrottled } from '../../../src/google/api-error';

const REQUEST = 'GET projects/p-one/locations/us-central1/models/1';

function errorOf(status: number, body: unknown): GoogleApiError {
  const error = apiErrorOf({ status, headers: {}, body: Buffer.from(JSON.stringify(body)) }, REQUEST);
  assert.ok(error instanceof GoogleApiError, error.message);
  return error;
}

const google = (reason: unknown, metadata: unknown = {}, message = 'no') => ({
  error: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message,
    details: [
      { '@type': 'type.googleapis.com/google.rpc.Help', links: [] },
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata },
    ],
  },
});
const storage = (code: number, reason: unknown, message = 'no') => ({
  error: { code, message, errors: [{ domain: 'global', reason, message }] },
});

suite('the reason of a refusal', () => {
  test('is that of the ErrorInfo among the details, including its API, project and permission', () => {
    const metadata = {
      service: 'aiplatform.googleapis.com',
      consumer: 'projects/123456',
      permission: 'aiplatform.models.get',
      uid: 'fPq8-a_1',
      unread: 'x',
    };
    assert.deepEqual(errorOf(403, google('IAM_PERMISSION_DENIED', metadata)).info, {
      reason: 'IAM_PERMISSION_DENIED',
      service: 'aiplatform.googleapis.com',
      project: '123456',
      permission: 'aiplatform.models.get',
      violation: 'fPq8-a_1',
    });
  });

  test('is that of the first error of Cloud Storage', () => {
    const { reason, status } = errorOf(403, storage(403, 'retentionPolicyNotMet'));
    assert.deepEqual([reason, status], ['retentionPolicyNotMet', 'PERMISSION_DENIED']);
  });

  test("is the code of a registry's error, and its message is kept", () => {
    const body = { errors: [{ code: 'DENIED', message: 'Permission "artifactregistry.x" denied on resource "r"' }] };
    const { reason, message, info } = errorOf(403, body);
    assert.deepEqual(
      [reason, message, info.permission],
      ['DENIED', 'Permission "artifactregistry.x" denied on resource "r"', 'artifactregistry.x'],
    );
    assert.equal(errorOf(404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] }).message, 'MANIFEST_UNKNOWN');
  });

  test('is completed by the names in the message', () => {
    const missing = "Permission 'storage.objects.get' denied on resource (or it may not exist).";
    assert.equal(errorOf(403, storage(403, 'forbidden', missing)).info.permission, 'storage.objects.get');
    const perimeter = "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: aB-3_x.";
    assert.equal(errorOf(403, storage(403, 'forbidden', perimeter)).info.violation, 'aB-3_x');
    const disabled = 'The API has not been used in project 938386411120 before or it is disabled.';
    assert.equal(errorOf(403, google('SERVICE_DISABLED', {}, disabled)).info.project, '938386411120');
  });

  const hostile: readonly unknown[] = [
    '$(reboot)',
    '`reboot`',
    'a b',
    'x'.repeat(5_000),
    '\u{202e}x',
    '-flag',
    '',
    7,
    null,
    ['a'],
    { a: 1 },
  ];
  for (const value of hostile) {
    test(`omits names that a command line cannot contain: ${JSON.stringify(value).slice(0, 30)}`, () => {
      const metadata = { service: value, consumer: value, containerInfo: value, permission: value, uid: value };
      assert.deepEqual(errorOf(403, google('SERVICE_DISABLED', metadata)).info, { reason: 'SERVICE_DISABLED' });
      if (value === '-flag') return;
      assert.deepEqual(errorOf(403, google(value)).info, {});
      assert.deepEqual(errorOf(403, storage(403, value)).info, {});
      assert.equal(errorOf(403, { errors: [{ code: value }] }).reason, undefined);
    });
  }

  test('is missing if the details, the errors or the body are of another type', () => {
    const bodies = [
      { error: { message: 'no', details: 'x', errors: { reason: 'forbidden' } } },
      { error: { message: 'no', details: [null, 1, []], errors: [null] } },
      { error: { message: 'no', details: Array.from({ length: 100_000 }, () => ({})) } },
      { errors: 'x' },
      { errors: [] },
      [],
    ];
    for (const body of bodies) assert.deepEqual(errorOf(403, body).info, {});
  });
});

suite('an exhausted quota', () => {
  const reasons = [
    google('RATE_LIMIT_EXCEEDED'),
    google('RESOURCE_QUOTA_EXCEEDED'),
    storage(403, 'rateLimitExceeded'),
    storage(403, 'userRateLimitExceeded'),
    storage(403, 'quotaExceeded'),
    storage(403, 'usageLimits.rateLimitExceeded'),
    { errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] },
  ];
  for (const body of reasons) {
    test(`counts as temporary throttling even if the HTTP status is 403: ${JSON.stringify(body).slice(-60)}`, () => {
      const error = errorOf(403, body);
      assert.equal(error.status, 'RESOURCE_EXHAUSTED');
      assert.ok(isThrottled(error) && isPassing(error));
    });
  }

  test('is not assumed for another 403, or for an HTTP status that is neither 403 nor 429', () => {
    for (const error of [errorOf(403, google('IAM_PERMISSION_DENIED')), errorOf(400, storage(400, 'quotaExceeded'))]) {
      assert.ok(!isThrottled(error) && !isPassing(error), error.status);
    }
    assert.ok(isThrottled(errorOf(429, {})));
  });
});
