import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../../../emulator/api-error';
import { withEnumNumbers } from '../../../emulator/vertex/enum-numbers';
import { maskPaths, parseFieldMask } from '../../../emulator/vertex/field-mask';
import { selectFields } from '../../../emulator/vertex/field-tree';
import { parseFields } from '../../../emulator/vertex/partial-response';

const MODEL = {
  name: 'm',
  displayName: 'd',
  labels: { a: '1', b: '2' },
  modelSourceInfo: { sourceType: 'AUTOML', copy: true },
  supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT', 'IMAGE'] }],
};
const LIST = { models: [MODEL, { name: 'n' }], nextPageToken: 't' };

function violationsOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 'INVALID_ARGUMENT');
    return error.details[0]?.['fieldViolations'];
  }
  assert.fail('it is accepted');
}

suite('the fields of an answer', () => {
  const selected: [fields: string, answer: unknown][] = [
    ['*', LIST],
    ['nextPageToken', { nextPageToken: 't' }],
    ['models', { models: LIST.models }],
    ['models/name', { models: [{ name: 'm' }, { name: 'n' }] }],
    ['models.name, nextPageToken', { models: [{ name: 'm' }, { name: 'n' }], nextPageToken: 't' }],
    ['models(name,displayName)', { models: [{ name: 'm', displayName: 'd' }, { name: 'n' }] }],
    ['models(labels/a,name)', { models: [{ labels: { a: '1' }, name: 'm' }, { name: 'n' }] }],
    ['models/labels(b)', { models: [{ labels: { b: '2' } }, {}] }],
    ['models(supportedExportFormats(id))', { models: [{ supportedExportFormats: [{ id: 'tflite' }] }, {}] }],
    ['models/*', { models: LIST.models }],
    ['models/name,models', { models: LIST.models }],
  ];
  for (const [fields, answer] of selected) {
    test(`${fields} are selected`, () => {
      assert.deepEqual(selectFields(LIST, parseFields(fields, 'ListModelsResponse', 'v1')), answer);
    });
  }

  for (const fields of ['', ',', 'models(', 'models()', 'models(name', 'models)', 'models/', 'a b', 'models(name))']) {
    test(`can't be ${fields || 'an empty name'}`, () => {
      violationsOf(() => parseFields(fields, 'ListModelsResponse', 'v1'));
    });
  }

  test('that the answer does not have are named by their paths', () => {
    const found = violationsOf(() => parseFields('models(name,nope/x),wrong', 'ListModelsResponse', 'v1'));
    const description = (path: string): string =>
      `Error expanding 'fields' parameter. Cannot find matching fields for path '${path}'.`;
    assert.deepEqual(
      found,
      ['models.nope', 'wrong'].map((field) => ({ field, description: description(field) })),
    );
  });
});

suite('a mask of fields', () => {
  const masks: [mask: string, model: unknown][] = [
    ['', MODEL],
    ['*', MODEL],
    ['name,display_name', { name: 'm', displayName: 'd' }],
    ['modelSourceInfo.sourceType', { modelSourceInfo: { sourceType: 'AUTOML' } }],
    ['model_source_info.source_type', { modelSourceInfo: { sourceType: 'AUTOML' } }],
    ['supportedExportFormats.id', { supportedExportFormats: [{ id: 'tflite' }] }],
    ['labels.a,labels.`b`', { labels: { a: '1', b: '2' } }],
  ];
  for (const [mask, model] of masks) {
    test(`${mask || 'that is empty'} selects fields`, () => {
      assert.deepEqual(selectFields(MODEL, parseFieldMask('readMask', mask, 'Model', 'v1beta1')), model);
    });
  }

  for (const mask of ['nope', 'name,', 'a b', 'name(x)', 'modelSourceInfo.nope', 'pipelineJob']) {
    test(`can't be ${mask}`, () => {
      violationsOf(() => parseFieldMask('readMask', mask, 'Model', 'v1beta1'));
    });
  }

  test('keeps the case of keys of maps', () => {
    assert.deepEqual(maskPaths('updateMask', 'version_description,labels.a_b'), [
      ['versionDescription'],
      ['labels', 'a_b'],
    ]);
  });
});

test('enums are numbers where a message has them, and nothing else changes', () => {
  assert.deepEqual(withEnumNumbers(LIST, 'ListModelsResponse', 'v1'), {
    ...LIST,
    models: [
      {
        ...MODEL,
        modelSourceInfo: { sourceType: 1, copy: true },
        supportedExportFormats: [{ id: 'tflite', exportableContents: [1, 2] }],
      },
      { name: 'n' },
    ],
  });
});
