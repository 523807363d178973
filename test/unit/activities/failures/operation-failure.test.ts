import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ApplicationFailure } from '@temporalio/common';
import { operationFailure } from '../../../../src/activities/failures/operation-failure';
import type { ExportFailureDetails } from '../../../../src/contract/failures';

suite('an operation that ended with an error', () => {
  const OPERATION = 'projects/42/locations/us-central1/models/1/operations/7';
  const outputInfo = { artifactOutputUri: 'gs://bucket/folder' };
  const details = (failure: ApplicationFailure) => (failure.details as [ExportFailureDetails])[0];

  test("names the grant of the service's agent for a missing right", () => {
    const failure = operationFailure(OPERATION, { code: 7, message: 'denied' }, { outputInfo, genericMetadata: {} });
    assert.match(failure.message, /gcloud storage buckets add-iam-policy-binding gs:\/\/bucket/);
  });

  test('names the perimeter, and no grant, where VPC Service Controls refused', () => {
    const error = { code: 7, message: 'vpcServiceControlsUniqueIdentifier: aB3' };
    const failure = operationFailure(OPERATION, error, { outputInfo, genericMetadata: {} });
    assert.match(details(failure).action, /perimeter.*: aB3/);
    assert.equal(details(failure).fixableBy, 'organization-administrator');
  });

  test('reports what failed in part beside the error, in its message and in its details', () => {
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
