import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExportModelInput } from '../../../src/contract/export-input';
import type { ExportPlan } from '../../../src/contract/export-activities';
import { ExportFailureType } from '../../../src/contract/failures';
import { withBucketCache } from '../../../src/google/bucket-cache';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel, modelEntry, MODELS } from '../../support/models';
import { useGoogleServices } from '../../support/services';
import { VirtualClock } from '../../support/virtual-clock';

const services = useGoogleServices();
const ARTIFACTS = { artifactDestination: { outputUriPrefix: 'gs://exports/selected' } };
const IMAGE = { imageDestination: { outputUri: 'us-central1-docker.pkg.dev/demo-project/models/churn:v1' } };

function select(input: unknown): Promise<ExportPlan> {
  return run(activitiesOf(services()).selectExportFormat, input);
}

suite('the selected format', () => {
  const rules: { title: string; input: ExportModelInput; format: string }[] = [
    {
      title: 'is the requested one',
      input: { name: MODELS.flowers, outputConfig: { ...ARTIFACTS, exportFormatId: 'core-ml' } },
      format: 'core-ml',
    },
    {
      title: 'is the requested one, even if a preference is given',
      input: {
        name: MODELS.flowers,
        outputConfig: { ...ARTIFACTS, exportFormatId: 'core-ml' },
        formatPreference: ['tflite'],
      },
      format: 'core-ml',
    },
    {
      title: 'is the first one of the preference that the Model supports, if none is requested',
      input: { name: MODELS.flowers, outputConfig: ARTIFACTS, formatPreference: ['onnx', 'tf-js', 'tflite'] },
      format: 'tf-js',
    },
    {
      title: "is the Model's first one, if none is requested or preferred",
      input: { name: MODELS.flowers, outputConfig: ARTIFACTS },
      format: 'tflite',
    },
    {
      title: 'serves both destinations if it has both contents',
      input: { name: MODELS.churn, outputConfig: { ...ARTIFACTS, ...IMAGE } },
      format: 'custom-trained',
    },
  ];
  for (const { title, input, format } of rules) {
    test(title, async () => {
      assert.equal((await select(input)).exportFormatId, format);
    });
  }

  test('is the first one whose contents match the destination', async () => {
    const name = addModel(services().vertex, {
      formats: { 'image-only': {}, tflite: { 'model.tflite': 'x' } },
      exportableContents: { 'image-only': ['IMAGE'] },
    });
    assert.equal((await select({ name, outputConfig: ARTIFACTS })).exportFormatId, 'tflite');
    assert.equal((await select({ name, outputConfig: IMAGE })).exportFormatId, 'image-only');
  });

  test('counts as artifacts if the service does not state its contents', async () => {
    const entry = modelEntry();
    const model = { ...entry.model, supportedExportFormats: [{ id: 'tflite' }] };
    services().vertex.addModels([{ ...entry, model }]);
    assert.equal((await select({ name: model.name, outputConfig: ARTIFACTS })).exportFormatId, 'tflite');
    const failure = await failureOf(
      select({ name: model.name, outputConfig: IMAGE }),
      ExportFailureType.DestinationMismatch,
    );
    assert.match(failure.message, /contents not stated/);
  });
});

suite('before the start of an export, a request is rejected because of', () => {
  const refusals: { title: string; input: unknown; type: keyof typeof ExportFailureType; message: RegExp }[] = [
    {
      title: 'problems of the input, and all of them are listed',
      input: { name: 'models/1', outputConfig: {}, colour: 'red' },
      type: 'InvalidInput',
      message: /^The input has 3 problems: name: .*outputConfig: .*colour: /,
    },
    {
      title: 'a Model that does not exist',
      input: { name: `${MODELS.flowers}9`, outputConfig: ARTIFACTS },
      type: 'ModelNotFound',
      message: /The Model does not exist: .*44011700000000000019.*gcloud ai models list/,
    },
    {
      title: 'a version that does not exist',
      input: { name: `${MODELS.iris}@7`, outputConfig: ARTIFACTS },
      type: 'ModelNotFound',
      message: /@7/,
    },
    {
      title: 'a Model that is not exportable',
      input: { name: MODELS.videoLabels, outputConfig: ARTIFACTS },
      type: 'NotExportable',
      message: /has no supportedExportFormats/,
    },
    {
      title: 'a format that the Model lacks, and the failure lists the supported ones and the nearest one',
      input: { name: MODELS.flowers, outputConfig: { ...ARTIFACTS, exportFormatId: 'TfLite' } },
      type: 'FormatNotSupported',
      message: /does not support TfLite\. Did you mean tflite\? It supports: tflite \(ARTIFACT\), edgetpu-tflite/,
    },
    {
      title: 'a preference with only unsupported formats',
      input: { name: MODELS.iris, outputConfig: ARTIFACTS, formatPreference: ['onnx', 'core-ml'] },
      type: 'FormatNotSupported',
      message: /does not support onnx, core-ml\. It supports: tf-saved-model/,
    },
    {
      title: 'an image of a format that has artifacts only',
      input: { name: MODELS.flowers, outputConfig: { ...IMAGE, exportFormatId: 'tflite' } },
      type: 'DestinationMismatch',
      message: /the format tflite has no IMAGE/,
    },
    {
      title: 'an image of a Model whose formats all have artifacts only',
      input: { name: MODELS.flowers, outputConfig: { ...ARTIFACTS, ...IMAGE } },
      type: 'DestinationMismatch',
      message: /none of the formats tflite, .* has ARTIFACT and IMAGE/,
    },
    {
      title: 'a bucket that does not exist',
      input: {
        name: MODELS.flowers,
        outputConfig: { artifactDestination: { outputUriPrefix: 'gs://no-such-bucket' } },
      },
      type: 'DestinationNotFound',
      message: /no-such-bucket.*Create the bucket in the Model's region/,
    },
  ];
  for (const { title, input, type, message } of refusals) {
    test(title, async () => {
      const failure = await failureOf(select(input), ExportFailureType[type]);
      assert.match(failure.message, message);
      assert.equal(failure.retryable, false);
      assert.equal(services().vertex.operations().length, 0);
    });
  }

  test('a bucket in another region', async () => {
    const name = addModel(services().vertex, { location: 'europe-west4' });
    const failure = await failureOf(select({ name, outputConfig: ARTIFACTS }), ExportFailureType.BucketRegionMismatch);
    assert.match(failure.message, /gs:\/\/exports is in us-central1, the Model .* in europe-west4/);
  });
});

suite('the plan of an export', () => {
  test('pins the version of a name without one, with an alias or with %40', async () => {
    const versions: Record<string, string> = {
      [MODELS.iris]: '2',
      [`${MODELS.iris}@default`]: '2',
      [`${MODELS.iris}@first`]: '1',
      [`${MODELS.iris}%401`]: '1',
    };
    for (const [name, version] of Object.entries(versions)) {
      assert.equal((await select({ name, outputConfig: ARTIFACTS })).model, `${MODELS.iris}@${version}`, name);
    }
  });

  test('continues without the location of the bucket if the worker may not read it', async () => {
    const { vertex } = services();
    // An object store that refuses every request: the emulator answers for it with the configured fault.
    const id = vertex.addFault({
      match: { path: '/storage/v1/b/' },
      fault: { status: 403, body: { error: { code: 403, message: 'no storage.buckets.get' } } },
    });
    const { vertex: vertexUrl, registry } = { vertex: vertex.url, registry: services().registry.url };
    const activities = activitiesOf(services(), {
      emulators: { vertex: vertexUrl, storage: vertexUrl, registry },
    });
    const plan = await run(activities.selectExportFormat, { name: MODELS.flowers, outputConfig: ARTIFACTS });
    vertex.removeFault(id);
    assert.equal(plan.exportFormatId, 'tflite');
  });

  test('fails with an action for the user if the Model may not be read', async () => {
    const { vertex } = services();
    const error = { code: 403, status: 'PERMISSION_DENIED', message: "Permission 'aiplatform.models.get' denied" };
    vertex.addFault({ match: { path: MODELS.flowers }, times: 1, fault: { status: 403, body: { error } } });
    const failure = await failureOf(
      select({ name: MODELS.flowers, outputConfig: ARTIFACTS }),
      ExportFailureType.PermissionDenied,
    );
    assert.match(failure.message, /Grant the worker's account roles\/aiplatform\.user/);
    assert.deepEqual(
      [failure.details.code, failure.details.status, failure.details.httpStatus],
      [7, 'PERMISSION_DENIED', 403],
    );
    assert.equal(failure.retryable, false);
  });

  const passing = {
    'a 503': { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'try again' } } },
    'a page of a proxy': { html: 502 },
    'a lost connection': { reset: true },
    'half an answer': { truncate: true },
  } as const;
  for (const [title, fault] of Object.entries(passing)) {
    test(`fails with a retryable failure after ${title}`, async () => {
      services().vertex.addFault({ match: { path: MODELS.flowers }, times: 1, fault });
      const failure = await failureOf(
        select({ name: MODELS.flowers, outputConfig: ARTIFACTS }),
        ExportFailureType.Unavailable,
      );
      assert.equal(failure.retryable, true);
      assert.equal(failure.details.request, `GET ${MODELS.flowers}`);
    });
  }

  test('waits for the time that a 429 asks for', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }];
    const error = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded', details };
    services().vertex.addFault({ match: { path: MODELS.flowers }, times: 1, fault: { status: 429, body: { error } } });
    const refused = select({ name: MODELS.flowers, outputConfig: ARTIFACTS });
    const failure = await failureOf(refused, ExportFailureType.QuotaExceeded);
    assert.equal(failure.retryable, true);
    const reason: unknown = await refused.catch((cause: unknown) => cause);
    assert.equal((reason as { nextRetryDelay?: unknown }).nextRetryDelay, 7_000);
  });
});

test('the record of a bucket is read once for many exports, and again after a minute', async () => {
  let reads = 0;
  const clock = new VirtualClock();
  const record = { name: 'exports', location: 'US-CENTRAL1' };
  const unused = (): never => assert.fail('only buckets are read');
  const storage = withBucketCache(
    {
      getBucket: () => {
        reads += 1;
        return reads === 1 ? Promise.reject(new Error('not readable yet')) : Promise.resolve(record);
      },
      listObjects: unused,
      readRange: unused,
      writeObject: unused,
      deleteObject: unused,
    },
    () => clock.now(),
  );
  await assert.rejects(storage.getBucket('exports'), /not readable yet/);
  for (let request = 0; request < 3; request += 1) assert.equal(await storage.getBucket('exports'), record);
  assert.equal(reads, 2, 'a failure is not kept, a record is');
  await storage.getBucket('another');
  assert.equal(reads, 3);
  await clock.runUntil(clock.sleep(60_000));
  await storage.getBucket('exports');
  assert.equal(reads, 4);
});
