import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { StartedExport, StartExportRequest } from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel, MODELS, operationsOf, PARENT } from '../../support/models';
import { startRequest } from '../../support/requests';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();
beforeEach(() => {
  services().vertex.clearFaults();
  services().vertex.setCapabilities({ list: 'implemented' });
});

function start(request: StartExportRequest): Promise<StartedExport> {
  return run(activitiesOf(services()).startExport, request);
}

suite('startExport', () => {
  test('starts an operation in the folder of the run and returns its destinations', async () => {
    const model = addModel(services().vertex);
    const request = startRequest(model);
    const { operation, adoption, outputInfo } = await start(request);
    assert.equal(adoption, 'started');
    assert.deepEqual(
      operationsOf(services().vertex, model).map(({ name }) => name),
      [operation],
    );
    assert.ok(outputInfo.artifactOutputUri?.startsWith(request.destinations.outputUriPrefix ?? '-'));
  });

  test('finds its operation again on a retry, and starts no other one', async () => {
    const model = addModel(services().vertex);
    const request = startRequest(model);
    const first = await start(request);
    const second = await start(request);
    assert.deepEqual([second.operation, second.adoption], [first.operation, 'adopted']);
    assert.equal(operationsOf(services().vertex, model).length, 1);
  });

  const lost = {
    'the connection was lost after the export had started': { reset: true },
    'a proxy answered in its place after the export had started': { html: 502 },
    'the service failed after the export had started': {
      status: 503,
      body: { error: { code: 503, status: 'UNAVAILABLE', message: 'busy' } },
    },
    'the answer was cut off': { truncate: true },
  } as const;
  for (const [title, fault] of Object.entries(lost)) {
    test(`starts one export if ${title}`, async () => {
      const model = addModel(services().vertex);
      const request = startRequest(model);
      services().vertex.addFault({ match: { method: 'POST', path: ':export$' }, times: 1, when: 'after', fault });
      const failure = await failureOf(start(request), ExportFailureType.Unavailable);
      assert.equal(failure.retryable, true);
      assert.equal(operationsOf(services().vertex, model).length, 1, 'the export had started');
      const again = await start(request);
      const names = operationsOf(services().vertex, model).map(({ name }) => name);
      assert.deepEqual([[again.operation], again.adoption], [names, 'adopted']);
      assert.equal(operationsOf(services().vertex, model).length, 1);
    });
  }

  test('distinguishes a 503 before the start of the export from one after it, and retries', async () => {
    const model = addModel(services().vertex);
    const request = startRequest(model);
    const error = { code: 503, status: 'UNAVAILABLE', message: 'busy' };
    services().vertex.addFault({ match: { path: ':export$' }, times: 1, fault: { status: 503, body: { error } } });
    await failureOf(start(request), ExportFailureType.Unavailable);
    assert.equal((await start(request)).adoption, 'started');
    assert.equal(operationsOf(services().vertex, model).length, 1);
  });

  test('never adopts the operation of another run', async () => {
    const model = addModel(services().vertex);
    const other = await start(startRequest(model));
    const started = await start(startRequest(model));
    assert.equal(started.adoption, 'started');
    assert.notEqual(started.operation, other.operation);
  });

  test('never adopts an operation of an earlier export attempt', async () => {
    const model = addModel(services().vertex);
    const request = startRequest(model);
    const first = await start(request);
    const second = await start({ ...request, exclude: [first.operation] });
    assert.equal(second.adoption, 'started');
    assert.notEqual(second.operation, first.operation);
  });

  test('identifies its operation by destination and time if runs share a folder', async () => {
    const model = addModel(services().vertex);
    const request = startRequest(model, { perRunFolder: false });
    const first = await start(request);
    assert.equal((await start({ ...request, mayHaveStarted: true })).operation, first.operation);
    const later = new Date(Date.now() + 60_000).toISOString();
    await assert.rejects(
      start({ ...request, notBefore: later }),
      /Another export of this Model is writing to the same place/,
    );
  });

  test('finds its operation among more than one page of others', async () => {
    const model = addModel(services().vertex, { durationMs: 0 });
    const request = startRequest(model);
    const first = await start(request);
    for (let others = 0; others < 1_050; others += 50) {
      await Promise.all(
        Array.from({ length: 50 }, () =>
          fetch(`${services().vertex.url}/v1beta1/${model}:export`, {
            method: 'POST',
            body: JSON.stringify({
              outputConfig: {
                exportFormatId: 'tflite',
                artifactDestination: { outputUriPrefix: 'gs://exports/others' },
              },
            }),
          }).then((response) => response.arrayBuffer()),
        ),
      );
    }
    assert.equal((await start(request)).operation, first.operation);
  });

  test('exports an image to the URI of the run, and finds its operation again', async () => {
    const imageUri = 'us-central1-docker.pkg.dev/demo-project/models/churn:start';
    const request = startRequest(MODELS.churn, { exportFormatId: 'custom-trained', destinations: { imageUri } });
    const first = await start(request);
    assert.deepEqual(first.outputInfo, { imageOutputUri: imageUri });
    assert.equal((await start({ ...request, mayHaveStarted: true })).operation, first.operation);
  });

  test('starts an export if operations cannot be listed, and reports it', async () => {
    services().vertex.setCapabilities({ list: 'unimplemented' });
    const model = addModel(services().vertex);
    assert.equal((await start(startRequest(model))).adoption, 'unavailable');
  });

  test('starts no export while the list of operations fails temporarily', async () => {
    const model = addModel(services().vertex);
    const error = { code: 500, status: 'INTERNAL', message: 'internal' };
    services().vertex.addFault({ match: { path: '/operations$' }, times: 1, fault: { status: 500, body: { error } } });
    assert.equal((await failureOf(start(startRequest(model)), ExportFailureType.Unavailable)).retryable, true);
    assert.equal(operationsOf(services().vertex, model).length, 0);
  });
});

suite('startExport reports a refusal of the service with an action for the user:', () => {
  const toFormat = { exportFormatId: 'nope' };
  const refusals: {
    title: string;
    request: () => StartExportRequest;
    type: keyof typeof ExportFailureType;
    message: RegExp;
  }[] = [
    {
      title: 'unknown Model',
      request: () => startRequest(`${PARENT}/models/404`),
      type: 'ModelNotFound',
      message: /The Model does not exist/,
    },
    {
      title: 'not exportable',
      request: () => startRequest(MODELS.videoLabels),
      type: 'NotExportable',
      message: /is not exportable/,
    },
    {
      title: 'format not supported',
      request: () => startRequest(MODELS.flowers, toFormat),
      type: 'FormatNotSupported',
      message: /in format `nope` is not supported/,
    },
    {
      title: "destination that the format's contents lack",
      request: () =>
        startRequest(MODELS.flowers, { destinations: { imageUri: 'us-central1-docker.pkg.dev/demo-project/m/i:1' } }),
      type: 'DestinationMismatch',
      message: /exportableContents/,
    },
    {
      title: 'bucket that does not exist',
      request: () => {
        const { destinations, ...request } = startRequest(MODELS.flowers);
        const outputUriPrefix = destinations.outputUriPrefix?.replace('gs://exports/', 'gs://no-such-bucket/') ?? '';
        return { ...request, destinations: { outputUriPrefix } };
      },
      type: 'DestinationNotFound',
      message: /does not exist.*Create the bucket/,
    },
    {
      title: 'bucket in another region',
      request: () => startRequest(addModel(services().vertex, { location: 'europe-west4' })),
      type: 'BucketRegionMismatch',
      message: /same regional location/,
    },
    {
      title: 'tabular Model to the root of a bucket',
      request: () =>
        startRequest(MODELS.iris, {
          exportFormatId: 'tf-saved-model',
          destinations: { outputUriPrefix: 'gs://exports/' },
          perRunFolder: false,
        }),
      type: 'InvalidInput',
      message: /root of a bucket/,
    },
  ];
  for (const { title, request, type, message } of refusals) {
    test(title, async () => {
      const before = services().vertex.operations().length;
      const failure = await failureOf(start(request()), ExportFailureType[type]);
      assert.match(failure.message, message);
      assert.equal(failure.retryable, false);
      assert.match(failure.details.request ?? '', /^POST .*:export$/);
      assert.equal(services().vertex.operations().length, before);
    });
  }
});
