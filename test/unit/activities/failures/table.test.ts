import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import type { RequestPurpose } from '../../../../src/activities/failures/table';
import { failureOf } from '../../../../src/activities/failures/failure';
import { REASONS } from '../../../../src/activities/failures/refusal-reasons';
import type { ExportFailureDetails } from '../../../../src/contract/failures';
import { apiErrorOf } from '../../../../src/google/api-error';
import { ROWS, info } from './refusal-rows';

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

suite('a refusal', () => {
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
