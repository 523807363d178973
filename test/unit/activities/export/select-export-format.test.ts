import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  missingContents,
  pinnedName,
  selectExportFormat,
} from '../../../../src/activities/export/select-export-format';
import type { ExportPlan } from '../../../../src/contract/export-activities';
import { ExportFailureType } from '../../../../src/contract/failures';
import { GoogleApiError } from '../../../../src/google/api-error';
import type { StorageApi } from '../../../../src/google/storage';
import type { VertexModel } from '../../../../src/google/vertex';
import { activityEnvironment, failureOf } from '../../../support/activities';
import { dependenciesWith, ignore, MODEL, refusal, storageWith, vertexWith } from '../../../support/export-steps';

const IMAGE = 'us-central1-docker.pkg.dev/p/r/image:v1';
const FORMATS = [
  { id: 'tflite', exportableContents: ['ARTIFACT'] },
  { id: 'custom-trained', exportableContents: ['ARTIFACT', 'IMAGE'] },
  { id: 'image-only', exportableContents: ['IMAGE'] },
  { id: 'tf-js', exportableContents: [] },
] as const satisfies readonly { id: string; exportableContents: readonly string[] }[];

const model: VertexModel = {
  name: MODEL,
  versionId: '7',
  versionAliases: ['default'],
  displayName: 'flowers',
  supportedExportFormats: FORMATS.map(({ id, exportableContents }) => ({
    id,
    exportableContents: [...exportableContents],
  })),
};

interface Situation {
  readonly input?: object;
  readonly model?: Partial<VertexModel>;
  readonly getBucket?: StorageApi['getBucket'];
}

const bucketIn =
  (location: string): StorageApi['getBucket'] =>
  (name) =>
    Promise.resolve({ name, location });

const toFolder = { artifactDestination: { outputUriPrefix: 'gs://exports/x' } };
const toImage = { imageDestination: { outputUri: IMAGE } };

function select({ input, getBucket = bucketIn('US-CENTRAL1'), ...changes }: Situation): Promise<ExportPlan> {
  const { vertex } = vertexWith(() => [], {
    getModel: () => Promise.resolve({ model: { ...model, ...changes.model }, serviceTime: new Date(1_999) }),
  });
  const { storage } = storageWith([], { getBucket });
  const deps = dependenciesWith({ vertex, storage });
  const raw = { name: MODEL, outputConfig: toFolder, ...input };
  return activityEnvironment().run(() => selectExportFormat(deps, raw, ignore));
}

suite('the plan of an export', () => {
  test('has the version that was read, and a time of the service in whole seconds', async () => {
    const plan = await select({});
    assert.deepEqual(
      [plan.model, plan.modelDisplayName, plan.exportFormatId, plan.folderName, plan.notBefore],
      [`${MODEL}@7`, 'flowers', 'tflite', 'test', '1970-01-01T00:00:01.000Z'],
    );
    assert.deepEqual([plan.destinations, plan.source], [{ outputUriPrefix: 'gs://exports/x/' }, {}]);
  });

  test('has the origin of the Model', async () => {
    const { source } = await select({
      model: {
        artifactUri: 'gs://uploads/model',
        versionCreateTime: '2026-01-01T00:00:00Z',
        containerSpec: { imageUri: IMAGE },
      },
    });
    assert.deepEqual(source, {
      artifactUri: 'gs://uploads/model',
      createTime: '2026-01-01T00:00:00Z',
      servingImageUri: IMAGE,
    });
  });

  test('is refused for an invalid input before any request', async () => {
    const failure = await failureOf(select({ input: { name: 'x' } }), 'ExportError.InvalidInput');
    assert.ok(!failure.retryable);
  });

  test('has the name that was requested if the service reports no version', () => {
    assert.equal(pinnedName(`${MODEL}@golden`, model), `${MODEL}@7`);
    assert.equal(pinnedName('x', model), 'x');
    const unversioned = { ...model };
    Reflect.deleteProperty(unversioned, 'versionId');
    assert.equal(pinnedName(`${MODEL}@golden`, unversioned), `${MODEL}@golden`);
  });

  for (const [title, outputConfig, formatPreference, expected] of [
    ['the first one for artifacts', toFolder, undefined, 'tflite'],
    ['the first one for an image', toImage, undefined, 'custom-trained'],
    ['the first one for both', { ...toFolder, ...toImage }, undefined, 'custom-trained'],
    ['the requested one', { ...toFolder, exportFormatId: 'tf-js' }, undefined, 'tf-js'],
    ['the preferred one', toFolder, ['unknown', 'tf-js', 'tflite'], 'tf-js'],
    ['the preferred one that fits', toFolder, ['image-only', 'tflite'], 'tflite'],
  ] as const) {
    test(`has as its format ${title}`, async () => {
      const input = { outputConfig, ...(formatPreference && { formatPreference }) };
      assert.equal((await select({ input })).exportFormatId, expected);
    });
  }

  for (const [title, situation, type, message] of [
    [
      'a Model without formats',
      { model: { supportedExportFormats: [] } },
      'NotExportable',
      /models\/1@7 is not exportable: it has no supportedExportFormats/,
    ],
    [
      'a format that the Model does not have',
      { input: { outputConfig: { ...toFolder, exportFormatId: 'tflit' } } },
      'FormatNotSupported',
      /does not support tflit\. Did you mean tflite\? It supports: tflite \(ARTIFACT\), custom-trained \(ARTIFACT, IMAGE\), image-only \(IMAGE\), tf-js \(contents not stated\)/,
    ],
    [
      'preferred formats that the Model does not have',
      { input: { formatPreference: ['tflit', 'core-ml'] } },
      'FormatNotSupported',
      /does not support tflit, core-ml\. It supports/,
    ],
    [
      'an image of a format without one',
      { input: { outputConfig: { ...toImage, exportFormatId: 'tflite' } } },
      'DestinationMismatch',
      /the format tflite has no IMAGE\. It supports/,
    ],
    [
      'artifacts and an image of a format without artifacts',
      { input: { outputConfig: { ...toFolder, ...toImage, exportFormatId: 'image-only' } } },
      'DestinationMismatch',
      /the format image-only has no ARTIFACT\. It supports/,
    ],
    [
      'destinations that no preferred format has',
      { input: { outputConfig: { ...toFolder, ...toImage }, formatPreference: ['tflite', 'image-only'] } },
      'DestinationMismatch',
      /none of the formats tflite, image-only has ARTIFACT and IMAGE/,
    ],
  ] satisfies [string, Situation, keyof typeof ExportFailureType, RegExp][]) {
    test(`is refused for ${title}`, async () => {
      const failure = await failureOf(select(situation), ExportFailureType[type]);
      assert.match(failure.message, message);
      assert.ok(!failure.retryable);
    });
  }

  test('names at most 20 formats in a refusal', async () => {
    const supportedExportFormats = Array.from({ length: 25 }, (_, id) => ({ id: `f${id}`, exportableContents: [] }));
    const failure = await failureOf(
      select({ model: { supportedExportFormats }, input: { outputConfig: { ...toFolder, exportFormatId: 'zzzzz' } } }),
      'ExportError.FormatNotSupported',
    );
    assert.match(failure.message, /f19 \(contents not stated\)/);
    assert.doesNotMatch(failure.message, /f20 /);
  });

  test('knows the contents that a format lacks; a format that states none has artifacts', () => {
    const [tflite, both, image, unstated] = model.supportedExportFormats;
    assert.deepEqual(
      [tflite, both, image, unstated].map((format) => format && missingContents(format, ['ARTIFACT', 'IMAGE'])),
      [['IMAGE'], [], ['ARTIFACT'], ['IMAGE']],
    );
  });
});

suite('the bucket of an export', () => {
  test('may be in the region of the Model, or not readable for the worker', async () => {
    const denied = (reason: string | undefined) => () =>
      Promise.reject(
        new GoogleApiError('no', 'PERMISSION_DENIED', 403, 'GET b', undefined, reason === undefined ? {} : { reason }),
      );
    for (const getBucket of [
      bucketIn('us-central1'),
      ...[undefined, 'forbidden', 'insufficientPermissions', 'IAM_PERMISSION_DENIED'].map(denied),
    ]) {
      assert.equal((await select({ getBucket })).exportFormatId, 'tflite');
    }
    await failureOf(select({ getBucket: denied('accountDisabled') }), 'ExportError.PermissionDenied');
  });

  test('is refused in another region, and if it does not exist', async () => {
    const failure = await failureOf(select({ getBucket: bucketIn('US') }), 'ExportError.BucketRegionMismatch');
    assert.match(failure.message, /gs:\/\/exports is in us, the Model .*models\/1@7 in us-central1/);
    const missing = select({ getBucket: () => Promise.reject(refusal('NOT_FOUND', 404)) });
    await failureOf(missing, 'ExportError.DestinationNotFound');
  });

  test('is not read if only an image is exported', async () => {
    const getBucket = () => assert.fail('no bucket is read');
    const { destinations } = await select({ input: { outputConfig: toImage }, getBucket });
    assert.deepEqual(destinations, { imageUri: IMAGE });
  });
});
