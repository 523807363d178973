import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ListedOperation } from '../../../src/google/vertex-replies';
import {
  isModel,
  isModelIn,
  isOperation,
  isOperationOf,
  listedOperation,
  modelPageSchema,
  modelSchema,
  operationListSchema,
  operationSchema,
} from '../../../src/google/vertex-replies';
import { modelNameOf, operationNameOf, operationsParentOf } from '../../../src/google/resource-url';

const LOCATION = 'projects/demo/locations/us-central1';
const MODEL = `${LOCATION}/models/1`;
const OPERATION = `${MODEL}/operations/2`;

suite("a Model's record", () => {
  test('needs only a name', () => {
    assert.deepEqual(modelSchema.parse({ name: MODEL, unknown: 1 }), {
      name: MODEL,
      versionAliases: [],
      displayName: '',
      supportedExportFormats: [],
    });
  });

  test('has the fields that this package reads', () => {
    const record = {
      name: MODEL,
      versionId: '3',
      versionAliases: ['default', 'a-1'],
      displayName: 'flowers',
      supportedExportFormats: [{ id: 'tf-saved-model', exportableContents: ['ARTIFACT', 'IMAGE'] }],
      artifactUri: 'gs://bucket/a',
      containerSpec: { imageUri: 'us-docker.pkg.dev/p/r/i' },
      versionCreateTime: '2026-01-01T00:00:00.123456Z',
    };
    assert.deepEqual(modelSchema.parse(record), record);
  });

  const accepted: [string, object, object][] = [
    [
      'ignores a format whose id no export can use',
      { supportedExportFormats: ['tflite', 'a b', '', 'x'.repeat(129), 'x'.repeat(128)].map((id) => ({ id })) },
      { supportedExportFormats: ['tflite', 'x'.repeat(128)].map((id) => ({ id, exportableContents: [] })) },
    ],
    ['cuts a long display name', { displayName: 'x'.repeat(201) }, { displayName: `${'x'.repeat(199)}…` }],
    ['keeps a display name of 200 characters', { displayName: 'x'.repeat(200) }, { displayName: 'x'.repeat(200) }],
    ['ignores an invalid URI, container or time', { artifactUri: 5, containerSpec: [], versionCreateTime: 'now' }, {}],
    ['keeps a container without a valid image as empty', { containerSpec: { imageUri: '' } }, { containerSpec: {} }],
  ];
  for (const [title, fields, expected] of accepted) {
    test(title, () => {
      const empty = { name: MODEL, versionAliases: [], displayName: '', supportedExportFormats: [] };
      assert.deepEqual(modelSchema.parse({ name: MODEL, ...fields }), { ...empty, ...expected });
    });
  }

  const refused: Readonly<Record<string, object>> = {
    'no name': { name: undefined },
    'a name that is too long': { name: 'x'.repeat(1_001) },
    'an invalid version': { versionId: '../3' },
    'a version with text before or after it': { versionId: 'a b' },
    'a version that is too long': { versionId: 'x'.repeat(129) },
    'an invalid alias': { versionAliases: ['a', 'b/c'] },
    'too many aliases': { versionAliases: Array.from({ length: 1_001 }, () => 'a') },
    'too many formats': { supportedExportFormats: Array.from({ length: 201 }, () => ({ id: 'a' })) },
    'too many kinds of contents': { supportedExportFormats: [{ id: 'a', exportableContents: Array(21).fill('A') }] },
  };
  for (const [title, fields] of Object.entries(refused)) {
    test(`is refused with ${title}`, () => {
      assert.equal(modelSchema.safeParse({ name: MODEL, ...fields }).success, false);
    });
  }

  test('may have as many items and characters as the limits allow', () => {
    const largest = {
      name: 'x'.repeat(1_000),
      versionId: 'x'.repeat(128),
      versionAliases: Array.from({ length: 1_000 }, () => 'a'),
      supportedExportFormats: Array.from({ length: 200 }, () => ({ id: 'a', exportableContents: Array(20).fill('A') })),
    };
    assert.equal(modelSchema.safeParse(largest).success, true);
  });
});

suite("an operation's record", () => {
  const empty = { name: OPERATION, done: false, metadata: { genericMetadata: {}, outputInfo: {} } };

  test('is running and has no metadata if only its name is known', () => {
    assert.deepEqual(operationSchema.parse({ name: OPERATION }), empty);
    assert.deepEqual(operationSchema.parse({ name: OPERATION, metadata: {} }), empty);
  });

  test('has its output, its times, its end and its error', () => {
    const record = {
      name: OPERATION,
      done: true,
      metadata: {
        genericMetadata: { createTime: '2026-01-01T00:00:00Z', updateTime: '2026-01-01T00:01:00Z' },
        outputInfo: { artifactOutputUri: 'gs://bucket/a', imageOutputUri: 'us-docker.pkg.dev/p/r/i:1' },
      },
      error: { code: 13, message: 'broken' },
    };
    assert.deepEqual(operationSchema.parse(record), record);
    assert.deepEqual(operationSchema.parse({ ...record, error: { code: 13 } }).error, { code: 13, message: '' });
  });

  test('ignores invalid times and URIs, since a report must not fail an operation that succeeded', () => {
    const metadata = {
      genericMetadata: { createTime: 'yesterday', updateTime: 7, partialFailures: 'many' },
      outputInfo: { artifactOutputUri: 'gs://bucket/\n', imageOutputUri: '' },
    };
    assert.deepEqual(operationSchema.parse({ name: OPERATION, metadata }), empty);
  });

  test('is refused if it does not show clearly whether it has ended, or how', () => {
    for (const fields of [{ done: 'true' }, { error: {} }, { error: { code: 1.5 } }, { error: null }, { name: 5 }]) {
      assert.equal(operationSchema.safeParse({ name: OPERATION, ...fields }).success, false, JSON.stringify(fields));
    }
  });

  test('keeps the first 20 partial failures that are valid, and counts the others', () => {
    const withFailures = (...partialFailures: unknown[]) =>
      operationSchema.parse({ name: OPERATION, metadata: { genericMetadata: { partialFailures } } }).metadata
        .genericMetadata;
    const failure = { code: 7, status: 'PERMISSION_DENIED', message: 'm' };
    assert.deepEqual(withFailures(), {});
    assert.deepEqual(withFailures({ code: 7, message: 'm' }), { partialFailures: [failure] });
    assert.deepEqual(withFailures({ code: 7, message: 'm' }, 'invalid'), {
      partialFailures: [failure],
      morePartialFailures: 1,
    });
    assert.deepEqual(withFailures(5), { morePartialFailures: 1 });
    assert.deepEqual(withFailures({}), { partialFailures: [{ code: 2, status: 'UNKNOWN', message: '' }] });
    const many = withFailures(...Array.from({ length: 23 }, () => ({ code: 7, message: 'm' })));
    assert.deepEqual([many.partialFailures?.length, many.morePartialFailures], [20, 3]);
    assert.equal(withFailures({ message: 'x'.repeat(301) }).partialFailures?.[0]?.message.length, 300);
  });
});

suite('a page', () => {
  for (const [schema, field, item] of [
    [modelPageSchema, 'models', { name: MODEL }],
    [operationListSchema, 'operations', { name: OPERATION }],
  ] as const) {
    test(`of ${field} is recognized by its field, by a token, or by an empty object`, () => {
      for (const [page, isPage] of [
        [{}, true],
        [{ [field]: [] }, true],
        [{ [field]: [item], other: 1 }, true],
        [{ nextPageToken: 'a' }, true],
        [{ nextPageToken: 'a', other: 1 }, true],
        [{ nextPageToken: 'x'.repeat(4_096) }, true],
        [{ nextPageToken: 'x'.repeat(4_097) }, false],
        [{ nextPageToken: '' }, false],
        [{ other: 1 }, false],
        [{ [field]: null }, false],
        [{ [field]: {} }, false],
        [[], false],
        [null, false],
        ['', false],
        [undefined, false],
      ] as const) {
        assert.equal(schema.safeParse(page).success, isPage, JSON.stringify(page));
      }
    });

    test(`of ${field} has at most 5,000 items`, () => {
      const page = (length: number) => ({ [field]: Array.from({ length }, () => item) });
      assert.equal(schema.safeParse(page(5_000)).success, true);
      assert.equal(schema.safeParse(page(5_001)).success, false);
    });
  }
});

suite('a listed operation', () => {
  const model = operationsParentOf(MODEL);
  const location = operationsParentOf(LOCATION);
  const cases: [string, string, typeof model, ListedOperation | 'operation'][] = [
    ['of the Model', OPERATION, model, 'operation'],
    ['of the Model, in its location', OPERATION, location, 'operation'],
    ['of the location', `${LOCATION}/operations/2`, model, 'operation'],
    ['of the Model, by the number of its project,', OPERATION.replace('demo', '123'), model, 'operation'],
    ['of another project', OPERATION.replace('demo', 'other'), model, 'not of the parent'],
    ['of another location', OPERATION.replace('us-central1', 'us-east1'), location, 'not of the parent'],
    ['of another Model', `${LOCATION}/models/7/operations/2`, model, 'not of the parent'],
    ['of an endpoint, in its location,', `${LOCATION}/endpoints/5/operations/6`, location, 'other kind'],
    ['of an endpoint, in a Model,', `${LOCATION}/endpoints/5/operations/6`, model, 'not of the parent'],
    ['of an evaluation of the Model', `${MODEL}/evaluations/5/operations/6`, model, 'other kind'],
    [
      'of an endpoint elsewhere',
      'projects/demo/locations/a-b1/endpoints/5/operations/6',
      location,
      'not of the parent',
    ],
    ['with text after its number', `${LOCATION}/endpoints/5/operations/6/x`, location, 'not of the parent'],
    ['without a parent', `${LOCATION}/endpoints`, location, 'not of the parent'],
    ['below too many parents', `${LOCATION}/${'a/'.repeat(9)}operations/6`, location, 'not of the parent'],
    ['below many parents', `${LOCATION}/${'a/'.repeat(8)}operations/6`, location, 'other kind'],
    ['outside of a location', 'operations/6', location, 'not of the parent'],
  ];
  for (const [title, name, parent, expected] of cases) {
    test(`${title} is ${expected === 'operation' ? 'returned' : `one that is ${JSON.stringify(expected)}`}`, () => {
      const found = listedOperation({ name }, parent);
      assert.equal(typeof found === 'object' ? 'operation' : found, expected);
    });
  }

  test('is undocumented without a name, or with fields of another type', () => {
    for (const item of [{}, null, 'x', { name: 'x'.repeat(1_001) }, { name: OPERATION, done: 1 }]) {
      assert.equal(listedOperation(item, model), 'undocumented', JSON.stringify(item));
    }
  });
});

suite('a name in an answer', () => {
  test('is that of the requested Model, in a version that can be the requested one', () => {
    const cases: [string, { name: string; versionId?: string }, boolean][] = [
      [MODEL, { name: MODEL }, true],
      [MODEL, { name: `${MODEL}@7`, versionId: '7' }, true],
      [MODEL, { name: `${LOCATION}/models/2` }, false],
      [MODEL, { name: MODEL.replace('us-central1', 'us-east1') }, false],
      [MODEL, { name: MODEL.replace('demo', 'other') }, false],
      [MODEL, { name: MODEL.replace('demo', '123') }, true],
      [MODEL, { name: 'models/1' }, false],
      [`${MODEL}@3`, { name: MODEL, versionId: '3' }, true],
      [`${MODEL}@3`, { name: MODEL }, true],
      [`${MODEL}@3`, { name: MODEL, versionId: '4' }, false],
      [`${MODEL}@3`, { name: `${MODEL}@4` }, false],
      [`${MODEL}@3`, { name: `${MODEL}@4`, versionId: '3' }, false],
      [`${MODEL}@3`, { name: `${MODEL}@default`, versionId: '3' }, true],
      [`${MODEL}@default`, { name: `${MODEL}@4`, versionId: '4' }, true],
      [`${MODEL}@v3`, { name: MODEL, versionId: '4' }, true],
      [`${MODEL}@3v`, { name: MODEL, versionId: '4' }, true],
      [`${MODEL}@3`, { name: MODEL, versionId: 'v4' }, true],
      [`${MODEL}@3`, { name: MODEL, versionId: '4v' }, true],
    ];
    for (const [asked, found, expected] of cases) {
      assert.equal(isModel(found, modelNameOf(asked)), expected, `${asked} ${JSON.stringify(found)}`);
    }
  });

  test('is that of a Model in the requested location', () => {
    const place = operationsParentOf(LOCATION);
    assert.equal(isModelIn(MODEL, place), true);
    assert.equal(isModelIn(MODEL.replace('us-central1', 'us-east1'), place), false);
    assert.equal(isModelIn(OPERATION, place), false);
  });

  test('is that of an operation of the requested Model, and of the same number if one was requested', () => {
    const asked = operationNameOf(OPERATION);
    for (const [name, isOfModel, isSame] of [
      [OPERATION, true, true],
      [`${MODEL}/operations/3`, true, false],
      [`${LOCATION}/operations/2`, true, true],
      [`${LOCATION}/models/9/operations/2`, false, false],
      [OPERATION.replace('us-central1', 'us-east1'), false, false],
      [MODEL, false, false],
    ] as const) {
      assert.deepEqual([isOperationOf(name, modelNameOf(MODEL)), isOperation(name, asked)], [isOfModel, isSame], name);
    }
  });
});
