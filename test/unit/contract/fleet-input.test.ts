import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseExportModelsInput } from '../../../src';

const NAME = 'projects/my-project/locations/us-central1/models/123';
const PARENT = 'projects/my-project/locations/us-central1';
const ARTIFACTS = { artifactDestination: { outputUriPrefix: 'gs://bucket/path' } };
const IMAGE = { imageDestination: { outputUri: 'us-central1-docker.pkg.dev/my-project/models/image:1' } };
const DEFAULTS = { outputConfig: ARTIFACTS };

function problemsOf(input: unknown): Record<string, string> {
  const parsed = parseExportModelsInput(input);
  assert.ok('problems' in parsed, 'the input has problems');
  return Object.fromEntries(parsed.problems.map(({ path, message }) => [path, message]));
}

suite('the input of a fleet', () => {
  test('a fleet input requires a source and a destination and has defaults for all other fields', () => {
    const parsed = parseExportModelsInput({ models: [NAME], defaults: DEFAULTS });
    assert.ok('settings' in parsed);
    assert.deepEqual(parsed.settings, {
      maxConcurrent: 50,
      onFailure: 'continue',
      duplicates: [],
      resultsUriPrefix: 'gs://bucket/path/',
    });
  });

  test('the check of a fleet input lists all problems with their paths', () => {
    const problems = problemsOf({
      exports: [
        { name: 'models/1', outputConfig: ARTIFACTS },
        { name: NAME },
        { name: NAME, outputConfig: ARTIFACTS, verification: { level: 'some' } },
        { outputConfig: ARTIFACTS },
      ],
      models: [],
      formats: 'most',
      filter: 'labels.a=b',
      maxConcurrent: 5_000,
      onFailure: 'ignore',
      priority: { priorityKey: 9, fairnessKey: 'x'.repeat(65), fairnessWeight: 0 },
      defaults: { polling: { maxDelay: 'soon' } },
      retries: 3,
      resultsUriPrefix: '/tmp',
    });
    assert.deepEqual(Object.keys(problems).sort(), [
      '(input)',
      'defaults.polling.maxDelay',
      'exports.0.name',
      'exports.1.outputConfig',
      'exports.2.verification.level',
      'exports.3.name',
      'filter',
      'formats',
      'maxConcurrent',
      'models',
      'onFailure',
      'priority.fairnessKey',
      'priority.fairnessWeight',
      'priority.priorityKey',
      'resultsUriPrefix',
      'retries',
    ]);
  });

  for (const [what, input, path] of [
    ['no source', { defaults: DEFAULTS }, '(input)'],
    ['a missing input', undefined, '(input)'],
    ['text', 'models', '(input)'],
    ['two sources', { models: [NAME], parent: PARENT, defaults: DEFAULTS }, '(input)'],
    ['a filter without a parent', { models: [NAME], filter: 'a', defaults: DEFAULTS }, 'filter'],
    ['formats of a list of exports', { exports: [{ name: NAME, outputConfig: ARTIFACTS }], formats: 'all' }, 'formats'],
    ['no destination', { models: [NAME] }, 'defaults.outputConfig.artifactDestination'],
    [
      'one image for many exports',
      { parent: PARENT, defaults: { outputConfig: { ...ARTIFACTS, ...IMAGE } } },
      'defaults.outputConfig.imageDestination',
    ],
    [
      'a format and formats',
      { models: [NAME], formats: ['a'], defaults: { outputConfig: { ...ARTIFACTS, exportFormatId: 'a' } } },
      'defaults.outputConfig.exportFormatId',
    ],
    [
      'formats in a shared folder',
      { models: [NAME], formats: 'all', defaults: { ...DEFAULTS, perRunFolder: false } },
      'defaults.perRunFolder',
    ],
    ['a host as parent', { parent: 'projects/p/locations/evil.com', defaults: DEFAULTS }, 'parent'],
    [
      'two exports to one image',
      { exports: ['1', '2'].map((id) => ({ name: `${PARENT}/models/${id}`, outputConfig: IMAGE })) },
      'exports.1.outputConfig.imageDestination',
    ],
    [
      'two formats of one Model to one shared folder',
      {
        exports: ['a', 'b'].map((exportFormatId) => ({ name: NAME, outputConfig: { exportFormatId } })),
        defaults: { ...DEFAULTS, perRunFolder: false },
      },
      'exports.1.outputConfig.artifactDestination',
    ],
    [
      'a clean-up of a shared folder',
      { models: [NAME], defaults: { ...DEFAULTS, perRunFolder: false, deletePartialArtifacts: true } },
      'defaults.deletePartialArtifacts',
    ],
  ] as const) {
    test(`a fleet input is rejected: ${what}`, () => {
      assert.deepEqual(Object.keys(problemsOf(input)), [path]);
    });
  }

  test('a fleet of more than 500 image exports requires resultsUriPrefix', () => {
    const exports = Array.from({ length: 501 }, (_, index) => ({
      name: NAME,
      outputConfig: { imageDestination: { outputUri: `us-central1-docker.pkg.dev/p-1/models/image:${index}` } },
    }));
    assert.deepEqual(Object.keys(problemsOf({ exports })), ['resultsUriPrefix']);
    assert.ok('settings' in parseExportModelsInput({ exports, resultsUriPrefix: 'gs://bucket/results' }));
  });

  test('the check of a fleet input reports the indexes of duplicate entries', () => {
    const parsed = parseExportModelsInput({
      exports: [
        { name: NAME },
        { name: `${NAME}@2` },
        { name: NAME, outputConfig: { artifactDestination: { outputUriPrefix: 'gs://bucket/path/' } } },
        { name: `${NAME}%402` },
        { name: NAME, outputConfig: { exportFormatId: 'tflite' } },
      ],
      defaults: DEFAULTS,
    });
    assert.ok('settings' in parsed);
    assert.deepEqual(parsed.settings.duplicates, [2, 3]);
  });

  test('a fleet input of more than 1.25 MB is rejected with advice, and 10,000 Models are accepted', () => {
    const models = Array.from({ length: 10_000 }, (_, index) => `${PARENT}/models/${4_401_170_000_000_000 + index}`);
    assert.ok('settings' in parseExportModelsInput({ models, formats: 'all', defaults: DEFAULTS }));
    const exports = models.map((name) => ({ name, outputConfig: { ...ARTIFACTS, exportFormatId: 'tf-saved-model' } }));
    const message = problemsOf({ exports })['(input)'] ?? '';
    assert.match(message, /1250000.*move common options to `defaults`, use `models` and `formats` or `parent`/);
  });

  test('the check of a fleet input lists the first 100 problems and counts the others', () => {
    const exports = Array.from({ length: 150 }, () => ({ name: 'models/1', outputConfig: ARTIFACTS }));
    const problems = problemsOf({ exports });
    assert.equal(Object.keys(problems).length, 101);
    assert.equal(problems['(input)'], 'has 50 more problems');
  });
});
