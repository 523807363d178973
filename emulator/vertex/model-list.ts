import type { ModelEntry } from './models';
import type { FilterField, FilterFields, FilterOperator } from './list-filter';
import { parseFilter } from './list-filter';
import { parseOrder } from './list-order';
import type { Parameters } from './request-parameters';

type Model = ModelEntry['model'];

const EQUALITY: readonly FilterOperator[] = ['=', '!='];

function equality(valuesOf: (model: Model) => readonly string[], operators = EQUALITY): FilterField<Model> {
  return {
    operators,
    matches: (model, { operator, value }) => valuesOf(model).includes(value) === (operator === '='),
  };
}

const LABELS: FilterField<Model> = {
  operators: ['=', '!=', ':'],
  isMap: true,
  matches: ({ labels = {} }, { key, operator, value }) => {
    // A label can have the name of a built-in property.
    const labelOf = (name: string): string | undefined => (Object.hasOwn(labels, name) ? labels[name] : undefined);
    if (key === '') return labelOf(value) !== undefined;
    if (operator === ':' && value === '*') return labelOf(key) !== undefined;
    return (labelOf(key) === value) === (operator !== '!=');
  },
};

/** Fields of a filter of `models.list`. */
const MODEL_FILTER: FilterFields<Model> = {
  model: equality(({ name }) => [name, name.split('/').at(-1) ?? '']),
  displayName: equality(({ displayName }) => [displayName]),
  labels: LABELS,
  baseModelName: equality(baseModelNames, ['=']),
};

/** Fields of a filter of `models.listVersions`. */
const VERSION_FILTER: FilterFields<Model> = { labels: LABELS };

const MODEL_ORDER: Readonly<Record<string, (model: Model) => string>> = {
  displayName: ({ displayName }) => displayName,
  createTime: ({ createTime = '' }) => createTime,
  updateTime: ({ updateTime = '' }) => updateTime,
};

const VERSION_ORDER: Readonly<Record<string, (model: Model) => string>> = {
  createTime: ({ createTime = '', versionCreateTime = createTime }) => versionCreateTime,
  updateTime: ({ updateTime = '', versionUpdateTime = updateTime }) => versionUpdateTime,
};

/** The Models that a request lists, in its order. */
export function listedModels(models: readonly Model[], parameters: Parameters): readonly Model[] {
  return listed(models, parameters, MODEL_FILTER, MODEL_ORDER);
}

/** The versions that a request lists, in its order. */
export function listedVersions(versions: readonly Model[], parameters: Parameters): readonly Model[] {
  return listed(versions, parameters, VERSION_FILTER, VERSION_ORDER);
}

function listed(
  models: readonly Model[],
  parameters: Parameters,
  filter: FilterFields<Model>,
  order: Readonly<Record<string, (model: Model) => string>>,
): readonly Model[] {
  const matches = parseFilter(parameters.text('filter'), filter);
  const compare = parseOrder(parameters.text('orderBy'), order);
  const found = models.filter(matches);
  return compare === undefined ? found : found.sort(compare);
}

/** Names of a Model's base model: the full one, its last part, and that part without its version. */
function baseModelNames({ baseModelSource }: Model): string[] {
  const { modelGardenSource, genieSource } = baseModelSource ?? {};
  return [modelGardenSource?.publicModelName, genieSource?.baseModelUri].flatMap((name) => {
    if (name === undefined) return [];
    const last = name.split('/').at(-1) ?? '';
    return [name, last, last.split('@')[0] ?? ''];
  });
}
