import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { GoogleOptions } from '../../../src/activities';
import type { ExportActivities } from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { verifyManifest } from '../../../src';
import { activitiesOf, activityEnvironment, run } from '../../support/activities';
import { isolateCredentials, restoreEnvironment } from '../../support/credential-sources';
import { addModel, operationsOf } from '../../support/models';
import { cancelRequest, POLLING, startRequest } from '../../support/requests';
import { runCommand } from '../../support/command-line';
import { useGoogleServices } from '../../support/services';
import { exported } from '../../support/verification';

const services = useGoogleServices();
const folder = mkdtempSync(path.join(tmpdir(), 'no-credentials-'));
const saved = { ...process.env };
before(async () => {
  // The services are found in the cache of the home directory.
  await services.ready();
  // The real library then finds nothing.
  isolateCredentials(folder);
});
after(() => {
  restoreEnvironment(saved);
  rmSync(folder, { recursive: true });
});

/** The local services, called like Google's with Application Default Credentials, which do not exist here. */
function withoutCredentials(): GoogleOptions {
  const { vertex, store, registry } = services();
  return { emulators: {}, endpoints: { vertex: vertex.url, storage: store.url, registry: registry.url }, outageMs: 1 };
}

const FOLDER = 'gs://exports/test/00000000-0000-4000-8000-000000000000/';

type Step = (activities: ExportActivities, model: string) => Promise<unknown>;

/** Every activity that calls Google, and whether it is retried at first. */
const STEPS: Readonly<Record<string, { readonly run: Step; readonly isPatient: boolean }>> = {
  selectExportFormat: {
    isPatient: false,
    run: ({ selectExportFormat }, name) =>
      selectExportFormat({ name, outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/x' } } }),
  },
  startExport: { isPatient: true, run: ({ startExport }, model) => startExport(startRequest(model)) },
  awaitExport: {
    // Its polls have failed for minutes by then.
    isPatient: false,
    run: async ({ awaitExport }, model) => {
      const { operation } = await exported(services(), model, 'tflite');
      return awaitExport({ operation, polling: POLLING });
    },
  },
  verifyExport: {
    isPatient: true,
    run: async ({ verifyExport }, model) => verifyExport(await exported(services(), model, 'tflite')),
  },
  cancelExport: {
    isPatient: true,
    run: async ({ cancelExport }, model) => {
      const { operation, destinations } = await exported(services(), model, 'tflite');
      return cancelExport(cancelRequest(startRequest(model, { destinations }), operation));
    },
  },
  deletePartialArtifacts: {
    isPatient: true,
    run: ({ deletePartialArtifacts }) => deletePartialArtifacts({ folder: FOLDER, heartbeatTimeoutMs: 60_000 }),
  },
  writeResults: {
    isPatient: true,
    run: ({ writeResults }) => writeResults({ uri: `${FOLDER}results-00001.jsonl`, exports: [] }),
  },
  planExports: {
    isPatient: false,
    run: ({ planExports }, name) =>
      planExports({
        fleet: 'fleet',
        defaults: { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/x' } } },
        source: { models: [name], formats: 'all' },
      }),
  },
};

async function failureOf(step: Step, ageMs: number, model = addModel(services().vertex)): Promise<ApplicationFailure> {
  const environment = activityEnvironment({ scheduledTimestampMs: Date.now() - ageMs, attempt: ageMs > 0 ? 12 : 1 });
  const activities = activitiesOf(services(), withoutCredentials());
  const error: unknown = await environment
    .run(() => step(activities, model))
    .then(
      (value) => new Error(`succeeded: ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof ApplicationFailure, String(error));
  return error;
}

suite('without credentials,', () => {
  for (const [name, { run: step, isPatient }] of Object.entries(STEPS)) {
    test(`${name} fails with an action for the user, ${isPatient ? 'after minutes of retries' : 'at once'}`, async () => {
      for (const ageMs of [0, 600_000]) {
        const failure = await failureOf(step, ageMs);
        assert.equal(failure.type, ExportFailureType.CredentialsUnavailable, failure.message);
        assert.match(failure.message, /there are no Application Default Credentials — Run `gcloud auth/);
        assert.match(failure.message, /GOOGLE_APPLICATION_CREDENTIALS/);
        assert.equal(failure.nonRetryable, !(isPatient && ageMs === 0), `after ${ageMs} ms`);
      }
    });
  }

  test('no export is started', async () => {
    const model = addModel(services().vertex);
    await failureOf((activities) => activities.startExport(startRequest(model)), 0, model);
    assert.deepEqual(operationsOf(services().vertex, model), []);
  });

  test('a check of a manifest states what to do, and does not retry', async () => {
    const began = performance.now();
    const checking = verifyManifest('gs://exports/somewhere', { google: withoutCredentials() });
    await assert.rejects(checking, { name: 'ManifestError', message: /Run `gcloud auth/ });
    // With the retries of an outage it would take a minute.
    assert.ok(performance.now() - began < 20_000);
  });

  test('the command verify exits with 2 and states what to do', async () => {
    const ended = await runCommand('', 'verify', 'gs://exports/somewhere');
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(
      ended.stderr,
      /there are no Application Default Credentials. Run `gcloud auth application-default login`/,
    );
    assert.doesNotMatch(ended.stderr, /start the export again|^ {4}at /m);
  });
});

suite('an export whose credentials are replaced while it runs', () => {
  test('waits until a token is available again, and succeeds', async () => {
    const model = addModel(services().vertex, { durationMs: 1_500 });
    const { startExport } = activitiesOf(services());
    const { operation } = await run(startExport, startRequest(model));
    let requests = 0;
    const credentials = {
      headers: () => {
        requests += 1;
        if (requests <= 3) return Promise.reject(new Error('Could not load the default credentials.'));
        return Promise.resolve({ authorization: 'Bearer new-token-of-the-worker' });
      },
      refresh: () => undefined,
    };
    const { awaitExport } = activitiesOf(services(), { ...withoutCredentials(), outageMs: 600_000, credentials });
    const { outputInfo } = await run(awaitExport, { operation, polling: POLLING });
    assert.ok(outputInfo.artifactOutputUri);
    assert.ok(requests > 3);
  });
});
