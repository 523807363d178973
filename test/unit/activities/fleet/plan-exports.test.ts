import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { planExports } from '../../../../src/activities/fleet/plan-exports';
import type { PlanExportsRequest, PlannedExports } from '../../../../src/contract/fleet-activities';
import { GoogleApiError, GoogleTransportError } from '../../../../src/google/api-error';
import { CredentialsError } from '../../../../src/google/credentials-error';
import type { VertexApi } from '../../../../src/google/vertex';
import { activityEnvironment } from '../../../support/activities';

const PARENT = 'projects/demo-project/locations/us-central1';
const [FIRST, SECOND] = [`${PARENT}/models/1`, `${PARENT}/models/2`];

/** Plans two Models, of which the first one fails with the given error. */
function plan(error: Error): Promise<PlannedExports> {
  const vertex: Partial<VertexApi> = {
    getModel: (name) =>
      name === FIRST
        ? Promise.reject(error)
        : Promise.resolve({
            model: {
              name,
              displayName: '',
              versionAliases: [],
              supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
            },
            serviceTime: new Date(),
          }),
  };
  const request: PlanExportsRequest = {
    fleet: 'fleet',
    defaults: { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/fleet' } } },
    source: { models: [FIRST, SECOND], formats: 'all' },
  };
  const info = { scheduledTimestampMs: Date.now() };
  return activityEnvironment(info).run(() => planExports({ vertex: vertex as VertexApi }, request));
}

suite('the plan of a fleet', () => {
  test('reports a Model that does not exist, and plans the others', async () => {
    const { planned, failed } = await plan(new GoogleApiError('no such Model', 'NOT_FOUND', 404, `GET ${FIRST}`));
    assert.deepEqual(
      planned.map(({ input }) => input.name),
      [SECOND],
    );
    assert.deepEqual(
      failed.map(({ model, outcome, failure }) => [model, outcome, failure?.type]),
      [[FIRST, 'failed', 'ExportError.ModelNotFound']],
    );
  });

  for (const [title, error] of [
    ['an outage', new GoogleApiError('try again', 'UNAVAILABLE', 503, `GET ${FIRST}`)],
    ['an exhausted quota', new GoogleApiError('too many', 'RESOURCE_EXHAUSTED', 429, `GET ${FIRST}`)],
    ['a lost answer', new GoogleTransportError('reset', `GET ${FIRST}`)],
    [
      'a new permission that does not take effect yet',
      new GoogleApiError('refused', 'UNAUTHENTICATED', 401, `GET ${FIRST}`),
    ],
  ] as const) {
    test(`is retried completely after ${title}, so that no Model is missing`, async () => {
      await assert.rejects(plan(error), (failure) => {
        assert.ok(failure instanceof ApplicationFailure && failure.nonRetryable !== true, String(failure));
        return true;
      });
    });
  }

  test('fails for missing credentials, which affect every Model', async () => {
    await assert.rejects(plan(new CredentialsError('missing', `GET ${FIRST}`)), (failure) => {
      assert.ok(failure instanceof ApplicationFailure && failure.nonRetryable);
      assert.equal(failure.type, 'ExportError.CredentialsUnavailable');
      return true;
    });
  });
});
