import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { jsonSchemas } from '../../../dev/scripts/json-schemas';
import { parseWorkerConfig } from '../../../src/worker/config';
import type { ExportModelInput } from '../../../src/contract/export-input';
import { ExportFailureType } from '../../../src/contract/failures';
import { exportWorkflowId } from '../../../src/contract/workflow-id';
import { InvalidExportInputError } from '../../../src/contract/problems';
import { parseExportModelInput } from '../../../src/contract/export-input';
import { parseImageUri, parseModelName, parseStorageUri } from '../../../src/contract/resource-names';

const NAME = 'projects/my-project/locations/us-central1/models/123';
const OUTPUT = { artifactDestination: { outputUriPrefix: 'gs://bucket/path' } };

function problemsOf(input: unknown): Record<string, string> {
  const parsed = parseExportModelInput(input);
  assert.ok('problems' in parsed, 'the input has problems');
  return Object.fromEntries(parsed.problems.map(({ path: at, message }) => [at, message]));
}

suite('the input of an export', () => {
  test('a REST request is a complete export input, and defaults are added', () => {
    const parsed = parseExportModelInput({ name: NAME, outputConfig: OUTPUT });
    assert.ok('input' in parsed);
    assert.deepEqual(parsed.input, {
      name: NAME,
      outputConfig: { artifactDestination: { outputUriPrefix: 'gs://bucket/path/' } },
      perRunFolder: true,
      verification: { level: 'structure' },
      manifest: { write: false },
      polling: { initialDelay: 5_000, multiplier: 2, maxDelay: 14_000, heartbeatTimeout: 60_000 },
      deadline: 86_400_000,
      maxExportAttempts: 3,
      onBlocked: 'fail',
      deletePartialArtifacts: false,
    });
  });

  const withoutManifest: [string, Partial<ExportModelInput>, RegExp][] = [
    ['in a folder of several exports', { perRunFolder: false }, /needs perRunFolder/],
    ['of unverified files', { verification: { level: 'none' } }, /needs a verification\.level other than none/],
    [
      'of an image alone',
      { outputConfig: { imageDestination: { outputUri: 'us-docker.pkg.dev/p/r/i' } } },
      /needs an artifactDestination/,
    ],
  ];
  for (const [title, changes, message] of withoutManifest) {
    test(`an input with a manifest ${title} is rejected`, () => {
      const problems = problemsOf({ name: NAME, outputConfig: OUTPUT, manifest: { write: true }, ...changes });
      assert.match(problems['manifest.write'] ?? '', message);
    });
  }

  test('the check of an export input lists all problems with their paths', () => {
    const problems = problemsOf({
      name: 'models/1',
      outputConfig: {
        exportFormatId: '',
        artifactDestination: { outputUriPrefix: '/tmp/x', overwrite: true },
        imageDestination: { outputUri: 'docker.io/library/alpine' },
      },
      output_config: {},
      formatPreference: [],
      longExports: { parkAfter: 'late' },
      polling: { initialDelay: 'soon', multiplier: 0.5, heartbeatTimeout: '900ms' },
      deadline: -1,
      maxExportAttempts: 0,
    });
    assert.deepEqual(Object.keys(problems).sort(), [
      'deadline',
      'formatPreference',
      'longExports.parkAfter',
      'maxExportAttempts',
      'name',
      'outputConfig.artifactDestination.outputUriPrefix',
      'outputConfig.artifactDestination.overwrite',
      'outputConfig.exportFormatId',
      'outputConfig.imageDestination.outputUri',
      'output_config',
      'polling.heartbeatTimeout',
      'polling.initialDelay',
      'polling.multiplier',
    ]);
    assert.match(problems['name'] ?? '', /projects\/PROJECT\/locations\/LOCATION\/models\/MODEL/);
    assert.match(problems['output_config'] ?? '', /lowerCamelCase/);
  });

  for (const input of [undefined, null, 'text', 7, []]) {
    test(`the export input ${JSON.stringify(input)} is rejected with a path`, () => {
      assert.deepEqual(Object.keys(problemsOf(input)), ['(input)']);
    });
  }

  test('deletePartialArtifacts requires perRunFolder', () => {
    const input = { name: NAME, outputConfig: OUTPUT, perRunFolder: false, deletePartialArtifacts: true };
    assert.match(problemsOf(input)['deletePartialArtifacts'] ?? '', /needs perRunFolder/);
  });

  test('an export input requires a destination', () => {
    assert.match(
      problemsOf({ name: NAME, outputConfig: {} })['outputConfig'] ?? '',
      /artifactDestination, imageDestination/,
    );
  });

  const durations: [string | number, number][] = [
    [1_500, 1_500],
    ['90s', 90_000],
    ['30 minutes', 1_800_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['12 Hours', 43_200_000],
    ['2500 ms', 2_500],
  ];
  for (const [deadline, expected] of durations) {
    test(`a deadline of ${JSON.stringify(deadline)} is ${expected} ms`, () => {
      const parsed = parseExportModelInput({ name: NAME, outputConfig: OUTPUT, deadline });
      assert.ok('input' in parsed);
      assert.equal(parsed.input.deadline, expected);
    });
  }

  test('InvalidExportInputError lists the problems in its message', () => {
    const parsed = parseExportModelInput({ name: 1, outputConfig: OUTPUT });
    assert.ok('problems' in parsed);
    assert.match(new InvalidExportInputError(parsed.problems).message, /^The input has 1 problem: name: /);
  });
});

suite('resource names', () => {
  test('a Model name is parsed with its version or alias', () => {
    assert.deepEqual(parseModelName(`${NAME}@default`), {
      project: 'my-project',
      location: 'us-central1',
      model: '123',
      version: 'default',
    });
    assert.deepEqual(parseModelName(`${NAME}%402`)?.version, '2');
    assert.equal(parseModelName('projects/123456/locations/europe-west4/models/a_b-c')?.project, '123456');
    assert.equal(parseModelName('projects/example.com:old/locations/global/models/1')?.project, 'example.com:old');
  });

  for (const wrong of [
    'projects/p/locations/us-central1/models/1',
    'projects/my-project/locations/evil.example.com/models/1',
    'projects/my-project/locations/us-central1/models/1/versions/2',
    'projects/my-project/locations/us-central1/models/a b',
    `${NAME}@`,
    '',
  ]) {
    test(`${JSON.stringify(wrong)} is not a Model name`, () => {
      assert.equal(parseModelName(wrong), undefined);
    });
  }

  test('storage URIs keep unusual paths unchanged', () => {
    assert.deepEqual(parseStorageUri('gs://bucket/a b/ü#%?'), { bucket: 'bucket', path: 'a b/ü#%?' });
    assert.deepEqual(parseStorageUri('gs://bucket'), { bucket: 'bucket', path: '' });
    assert.equal(parseStorageUri('gs://'), undefined);
    assert.equal(parseStorageUri('s3://bucket/path'), undefined);
  });

  test('an image URI is parsed to host, repository and tag', () => {
    assert.deepEqual(parseImageUri('us-central1-docker.pkg.dev/p/r/image'), {
      host: 'us-central1-docker.pkg.dev',
      repository: 'p/r/image',
      tag: 'latest',
    });
    assert.equal(parseImageUri('eu.gcr.io/p/image:v1')?.tag, 'v1');
    for (const wrong of ['us-docker.pkg.dev/p/image', 'https://gcr.io/p/i', 'gcr.io/P/I', 'example.com/p/i']) {
      assert.equal(parseImageUri(wrong), undefined, wrong);
    }
  });
});

suite("the client's workflow id", () => {
  const input: ExportModelInput = { name: NAME, outputConfig: { ...OUTPUT, exportFormatId: 'tflite' } };

  test("the client's workflow id depends only on Model, format and destination", () => {
    const withSlash = { artifactDestination: { outputUriPrefix: 'gs://bucket/path/' }, exportFormatId: 'tflite' };
    assert.match(exportWorkflowId(input), /^export-123-tflite-[0-9a-f]{12}$/);
    assert.equal(exportWorkflowId({ ...input, outputConfig: withSlash, deadline: '1h' }), exportWorkflowId(input));
  });

  test("the client's workflow id differs by version, format, preference and destination", () => {
    const ids = [
      input,
      { ...input, name: `${NAME}@2` },
      { ...input, outputConfig: OUTPUT },
      { ...input, outputConfig: OUTPUT, formatPreference: ['core-ml'] },
      { ...input, outputConfig: { ...input.outputConfig, artifactDestination: { outputUriPrefix: 'gs://other' } } },
      { ...input, outputConfig: { ...input.outputConfig, imageDestination: { outputUri: 'gcr.io/p/i' } } },
    ].map(exportWorkflowId);
    assert.equal(new Set(ids).size, ids.length);
  });
});

suite("the worker's settings", () => {
  test('worker settings have defaults, and an empty variable counts as unset', () => {
    const config = parseWorkerConfig({ VERTEX_EXPORT_TASK_QUEUE: '', PATH: '/bin' });
    assert.equal(config.taskQueue, 'vertex-export');
    assert.equal(config.shutdownGraceMs, 10_000);
    assert.equal(config.google.emulators?.vertex, undefined);
  });

  test('worker settings are read from the environment', () => {
    const config = parseWorkerConfig({
      VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS: '7',
      VERTEX_EXPORT_SHUTDOWN_GRACE: '1 minute',
      VERTEX_EXPORT_SETTLE_DELAY: '0s',
      STORAGE_EMULATOR_HOST: 'localhost:4443',
      GOOGLE_CLOUD_QUOTA_PROJECT: 'billing',
    });
    assert.equal(config.maxConcurrentExports, 7);
    assert.equal(config.shutdownGraceMs, 60_000);
    assert.equal(config.google.settleDelayMs, 0);
    assert.equal(config.google.emulators?.storage, 'localhost:4443');
    assert.equal(config.google.quotaProject, 'billing');
  });

  test('invalid worker settings are all listed, and a misspelt setting is reported with the likely name', () => {
    const wrong = {
      VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS: '0',
      VERTEX_EXPORT_SHUTDOWN_GRACE: 'soon',
      VERTEX_EXPORT_TASK_QEUE: 'x',
      VERTEX_EMULATOR_HOST: 'a b',
    };
    assert.throws(
      () => parseWorkerConfig(wrong),
      ({ message }: Error) => {
        for (const name of Object.keys(wrong)) assert.ok(message.includes(name), name);
        assert.match(message, /did you mean VERTEX_EXPORT_TASK_QUEUE\?/);
        return true;
      },
    );
  });
});

test('docs/failures.md has all failure types and no others', () => {
  const docs = readFileSync(path.join(__dirname, '..', '..', '..', 'docs', 'failures.md'), 'utf8');
  const documented = [...docs.matchAll(/^### `(ExportError\.\w+)`$/gm)].map(([, type = '']) => type);
  assert.deepEqual(documented.sort(), Object.values(ExportFailureType).sort());
});

suite('the JSON Schemas', () => {
  const schemas = jsonSchemas();

  test('the JSON Schema of the input describes the input before normalization', () => {
    const schema = schemas['export-model-input'];
    assert.deepEqual(schema.required, ['name', 'outputConfig']);
    assert.deepEqual(Object.keys(schema.properties ?? {}).sort(), [
      'deadline',
      'deletePartialArtifacts',
      'formatPreference',
      'longExports',
      'manifest',
      'maxExportAttempts',
      'name',
      'onBlocked',
      'outputConfig',
      'perRunFolder',
      'polling',
      'verification',
    ]);
  });

  test('the JSON Schema of the result describes the result', () => {
    assert.ok(schemas['export-model-result'].required?.includes('outputInfo'));
  });
});
