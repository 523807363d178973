import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertRefused, exportBody, useEmulator } from '../../support/emulator';
import { at, call } from '../../support/http';
import { addModel, MODELS, operationsOf, PARENT } from '../../support/models';
import { eventually } from '../../support/worker';

const { services, url, startExport, objectNames } = useEmulator();

suite('an export of the emulator', () => {
  test('writes some files while it runs and the others at its end', async () => {
    const model = addModel(services().vertex, {
      formats: { tflite: { 'a.bin': 'a', 'b.bin': 'b', 'model.tflite': 'm', 'z.bin': 'z' } },
      durationMs: 700,
    });
    const operation = await startExport(model, exportBody('tflite', 'gs://exports/partly'));
    await eventually('some files exist', async () => (await objectNames('partly/')).length === 2);
    assert.equal(at((await call('GET', url(operation))).body, 'done'), undefined);
    const { body } = await call('POST', url(`${operation}:wait?timeout=10s`));
    assert.equal(at(body, 'done'), true);
    assert.equal((await objectNames('partly/')).length, 4);
  });

  for (const [end, outcome] of [
    ['cancelled', 'success'],
    ['failed', { error: { code: 13, message: 'broken' }, afterMs: 300 }],
  ] as const) {
    test(`leaves some of its files behind if it is ${end}`, async () => {
      const model = addModel(services().vertex, {
        formats: { tflite: { 'a.bin': 'a', 'b.bin': 'b' } },
        durationMs: 60_000,
        outcome,
      });
      const operation = await startExport(model, exportBody('tflite', `gs://exports/${end}`));
      await eventually('some files exist', async () => (await objectNames(`${end}/`)).length === 1);
      if (end === 'cancelled') assert.deepEqual((await call('POST', url(`${operation}:cancel`))).body, {});
      const { body } = await call('POST', url(`${operation}:wait?timeout=10s`));
      assert.deepEqual([at(body, 'done'), at(body, 'error', 'code')], [true, end === 'cancelled' ? 1 : 13]);
      assert.equal((await objectNames(`${end}/`)).length, 1);
    });
  }

  for (const [outcome, sizes] of [
    ['without-files', []],
    ['empty-file', [0, 1]],
    ['corrupted-file', [1, 7]],
  ] as const) {
    test(`can succeed and arrive ${outcome}`, async () => {
      const formats = { tflite: { 'a.bin': 'a', 'model.tflite': 'weights' } };
      const model = addModel(services().vertex, { formats, outcome });
      const operation = await startExport(model, exportBody('tflite', `gs://exports/${outcome}`));
      const { body } = await call('POST', url(`${operation}:wait`));
      assert.ok(at(body, 'response'));
      const listing = await call('GET', `${services().store.url}/storage/v1/b/exports/o?prefix=${outcome}/`);
      const items = (at(listing.body, 'items') ?? []) as { size: string; name: string }[];
      assert.deepEqual(items.map(({ size }) => Number(size)).sort(), sizes);
      const damaged = items.find(({ name }) => name.endsWith('model.tflite'));
      if (outcome !== 'corrupted-file' || damaged === undefined) return;
      const media = `${services().store.url}/storage/v1/b/exports/o/${encodeURIComponent(damaged.name)}?alt=media`;
      assert.notEqual(await (await fetch(media)).text(), 'weights');
    });
  }

  test('pushes an image that can be pulled', async () => {
    const outputUri = 'us-central1-docker.pkg.dev/demo-project/models/churn:emulator';
    const body = { outputConfig: { exportFormatId: 'custom-trained', imageDestination: { outputUri } } };
    const operation = await startExport(MODELS.churn, body);
    const ended = await call('POST', url(`${operation}:wait`));
    assert.deepEqual(at(ended.body, 'metadata', 'outputInfo'), { imageOutputUri: outputUri });
    const registry = `${services().registry.url}/v2/demo-project/models/churn`;
    const manifest = await call('GET', `${registry}/manifests/emulator`);
    const layers = at(manifest.body, 'layers') as { digest: string; size: number }[];
    for (const { digest, size } of layers) {
      const blob = await fetch(`${registry}/blobs/${digest}`);
      assert.equal((await blob.arrayBuffer()).byteLength, size);
    }
    assert.ok(layers.length > 0);
  });

  test('accepts snake_case fields and the name that some clients repeat', async () => {
    const model = addModel(services().vertex);
    await startExport(model, {
      name: model,
      output_config: {
        export_format_id: 'tflite',
        artifact_destination: { output_uri_prefix: 'gs://exports/snake' },
      },
    });
  });

  test('without a format exports the first supported one, or fails if the capability is `refused`', async () => {
    const { vertex } = services();
    const model = addModel(vertex, { formats: { 'tf-js': { 'model.json': '{}' }, tflite: { 'model.tflite': 'x' } } });
    await startExport(model, exportBody(''));
    assert.deepEqual(
      operationsOf(vertex, model).map(({ formatId }) => formatId),
      ['tf-js'],
    );
    vertex.setCapabilities({ defaultFormat: 'refused' });
    const answer = await call('POST', url(`${model}:export`), exportBody(''));
    assertRefused(answer, 400, 'FAILED_PRECONDITION', /in format `` is not supported/);
  });

  test('has a separate directory if several start at the same time', async () => {
    const { vertex } = services();
    const model = addModel(vertex, { durationMs: 0 });
    await Promise.all(Array.from({ length: 20 }, () => startExport(model)));
    const directories = operationsOf(vertex, model).map(({ artifactOutputUri }) => artifactOutputUri);
    assert.equal(new Set(directories).size, 20);
  });

  const refusals: [string, string, unknown, number, string, RegExp][] = [
    ['an unknown Model', `${PARENT}/models/404`, exportBody(), 404, 'NOT_FOUND', /The Model does not exist/],
    [
      'a Model that is not exportable',
      MODELS.videoLabels,
      exportBody(),
      400,
      'FAILED_PRECONDITION',
      /is not exportable/,
    ],
    [
      'a format that it lacks',
      MODELS.iris,
      exportBody('onnx'),
      400,
      'FAILED_PRECONDITION',
      /in format `onnx` is not supported/,
    ],
    [
      'a destination kind that the format lacks',
      MODELS.flowers,
      { outputConfig: { exportFormatId: 'tflite', imageDestination: { outputUri: 'gcr.io/p/i:1' } } },
      400,
      'INVALID_ARGUMENT',
      /exportableContents/,
    ],
    [
      'no destination',
      MODELS.flowers,
      { outputConfig: {} },
      400,
      'INVALID_ARGUMENT',
      /artifact_destination and image_destination/,
    ],
    ['no body', MODELS.flowers, undefined, 400, 'INVALID_ARGUMENT', /must be set/],
    [
      'no prefix',
      MODELS.flowers,
      { outputConfig: { artifactDestination: {} } },
      400,
      'INVALID_ARGUMENT',
      /output_uri_prefix is required/,
    ],
    [
      'a malformed prefix',
      MODELS.flowers,
      exportBody('tflite', 's3://b'),
      400,
      'INVALID_ARGUMENT',
      /gs:\/\/bucket\/path/,
    ],
    [
      'a bucket that does not exist',
      MODELS.flowers,
      exportBody('tflite', 'gs://nowhere/x'),
      400,
      'FAILED_PRECONDITION',
      /does not exist/,
    ],
    [
      'a tabular Model to the root of a bucket',
      MODELS.iris,
      exportBody('tf-saved-model', 'gs://exports'),
      400,
      'INVALID_ARGUMENT',
      /root of a bucket/,
    ],
    ['an unknown field', MODELS.flowers, { outputConfg: {} }, 400, 'INVALID_ARGUMENT', /Unknown name "outputConfg"/],
    ['a body that is not JSON', MODELS.flowers, '{', 400, 'INVALID_ARGUMENT', /Invalid JSON payload/],
  ];
  for (const [title, model, body, code, status, message] of refusals) {
    test(`with ${title} is rejected with the message of the service`, async () => {
      const before = services().vertex.operations().length;
      assertRefused(await call('POST', url(`${model}:export`), body), code, status, message);
      assert.equal(services().vertex.operations().length, before);
    });
  }

  test('to a bucket in another region is rejected', async () => {
    const model = addModel(services().vertex, { location: 'europe-west4' });
    const answer = await call('POST', url(`${model}:export`), exportBody());
    assertRefused(
      answer,
      400,
      'FAILED_PRECONDITION',
      /is in location `us-central1`. It must be in the same regional location/,
    );
  });
});
