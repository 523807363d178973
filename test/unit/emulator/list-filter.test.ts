import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../../../emulator/api-error';
import { parseOrder } from '../../../emulator/vertex/list-order';
import { listedModels } from '../../../emulator/vertex/model-list';
import { modelSchema } from '../../../emulator/vertex/models';
import { Parameters } from '../../../emulator/vertex/request-parameters';

const MODELS = [
  { id: '1', displayName: 'iris', labels: { env: 'prod', team: 'vision' }, createTime: '2026-01-02T00:00:00Z' },
  { id: '2', displayName: 'a "b" \\c', labels: { env: 'test', 'a key': 'x' }, createTime: '2026-01-01T00:00:00Z' },
  { id: '3', displayName: 'iris', createTime: '2026-01-03T00:00:00Z', base: 'publishers/google/models/text-bison@001' },
].map(({ id, base, ...model }) =>
  modelSchema.parse({
    ...model,
    name: `projects/p/locations/us-central1/models/${id}`,
    ...(base !== undefined && { baseModelSource: { modelGardenSource: { publicModelName: base } } }),
  }),
);

function idsOf(parameters: Readonly<Record<string, string>>): string {
  const given = new Parameters(new Map(Object.entries(parameters).map(([name, value]) => [name, [value]])));
  return listedModels(MODELS, given)
    .map(({ name }) => name.split('/').at(-1))
    .join('');
}

const isInvalid = (error: unknown): boolean => error instanceof ApiError && error.status === 'INVALID_ARGUMENT';

suite('a filter of models.list', () => {
  const matching: [filter: string, ids: string][] = [
    ['', '123'],
    ['model=1', '1'],
    ['model!=1', '23'],
    ['model="projects/p/locations/us-central1/models/3"', '3'],
    ['display_name="iris"', '13'],
    ["displayName = 'iris'", '13'],
    ['display_name != iris', '2'],
    [String.raw`display_name="a \"b\" \\c"`, '2'],
    ['labels.env=prod', '1'],
    ['labels.env="prod"', '1'],
    ['labels."env"=prod', '1'],
    ['labels."a key"=x', '2'],
    ['labels.env!=prod', '23'],
    ['labels.env:*', '12'],
    ['labels:team', '1'],
    ['labels."a key":*', '2'],
    ['labels.constructor:*', ''],
    ['base_model_name="text-bison"', '3'],
    ['baseModelName="text-bison@001"', '3'],
    ['labels.env=prod AND display_name=iris', '1'],
    ['labels.env=prod display_name=iris', '1'],
    ['labels.env=prod OR labels.env=test', '12'],
    ['NOT labels.env=prod', '23'],
    ['NOT (labels.env=prod OR labels.env=test)', '3'],
    // OR binds tighter than AND.
    ['display_name=iris AND model=1 OR model=2', '1'],
    ['(display_name=iris AND model=1) OR model=2', '12'],
  ];
  for (const [filter, ids] of matching) {
    test(`finds ${ids || 'nothing'} by ${filter || 'an empty filter'}`, () => {
      assert.equal(idsOf({ filter }), ids);
    });
  }

  const invalid = [
    'nonsense',
    'model',
    'model=',
    '=1',
    'model:1',
    'base_model_name!=x',
    'labels=x',
    'labels.a.',
    'state=1',
  ];
  const broken = ['model=1 AND', 'model=1 OR', 'NOT', '(model=1', 'model=1)', 'model="1', 'model==1', 'model.x=1'];
  for (const filter of [...invalid, ...broken, 'constructor=1', 'x'.repeat(2_001), '('.repeat(2_000)]) {
    test(`is invalid if it is ${filter.slice(0, 30)}`, () => {
      assert.throws(() => idsOf({ filter }), isInvalid);
    });
  }
});

suite('an order', () => {
  const ordered: [orderBy: string, ids: string][] = [
    ['', '123'],
    ['create_time', '213'],
    ['createTime desc', '312'],
    ['display_name, create_time desc', '231'],
    ['display_name desc , create_time asc', '132'],
  ];
  for (const [orderBy, ids] of ordered) {
    test(`of ${orderBy || 'nothing'} is ${ids}`, () => {
      assert.equal(idsOf({ orderBy }), ids);
    });
  }
  for (const orderBy of ['etag', 'create_time up', 'create_time desc asc', ',', 'constructor']) {
    test(`is invalid if it is ${orderBy}`, () => {
      assert.throws(() => parseOrder(orderBy, { createTime: () => '' }), isInvalid);
    });
  }
});
