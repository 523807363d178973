import { camelCase, shown, snakeCase } from './field-names';
import type { FieldType } from './messages';
import { ENUMS, fieldOf } from './messages';
import type { ApiVersion } from './operations';
import { invalidFields } from './request-parameters';

/** A message with its fields in lowerCamelCase. */
export type MessageValue = Readonly<Record<string, unknown>>;

/** Maximum number of problems in an answer. A body of megabytes can have a problem in each field. */
const MAX_PROBLEMS = 100;

interface Parsing {
  readonly apiVersion: ApiVersion;
  readonly problems: [field: string, description: string][];
}

/**
 * Checks a body against the type of a message, as the service does. Names can be in lowerCamelCase or snake_case, and enums
 * names or numbers. An empty `message` is a method without a body.
 *
 * @throws ApiError INVALID_ARGUMENT with all problems
 */
export function parseMessage(body: unknown, message: string, apiVersion: ApiVersion): MessageValue {
  if (body === undefined) return {};
  if (!isObject(body)) {
    throw invalidFields([['', 'Invalid JSON payload received. Root element must be a message.']]);
  }
  const parsing: Parsing = { apiVersion, problems: [] };
  const value = parseObject(body, message, '', parsing);
  if (parsing.problems.length > 0) throw invalidFields(parsing.problems.slice(0, MAX_PROBLEMS));
  return value;
}

function parseObject(body: object, message: string, at: string, parsing: Parsing): MessageValue {
  const fields: [string, unknown][] = [];
  for (const [given, value] of Object.entries(body) as [string, unknown][]) {
    const name = camelCase(given);
    const field = fieldOf(message, name, parsing.apiVersion);
    const path = at === '' ? snakeCase(name) : `${at}.${snakeCase(name)}`;
    if (field !== undefined) {
      if (value !== null) fields.push([name, parseField(value, field, path, parsing)]);
    } else if (at === '' && (name === 'name' || name === 'timeout')) {
      // Some clients repeat parts of the URL in the body. Their methods read the URL.
      continue;
    } else {
      const where = at === '' ? '' : ` at '${at}'`;
      parsing.problems.push([
        at,
        `Invalid JSON payload received. Unknown name "${shown(given)}"${where}: Cannot find field.`,
      ]);
    }
  }
  return Object.fromEntries(fields);
}

function parseField(value: unknown, field: FieldType, at: string, parsing: Parsing): unknown {
  const isList = field.shape === 'list' || field.shape === 'list of maps';
  if (isList && Array.isArray(value)) {
    return value.map((item: unknown, index) => parseValue(item, field, `${at}[${index}]`, parsing));
  }
  if (field.shape === 'one' && field.type !== 'any' && Array.isArray(value)) {
    parsing.problems.push([
      at,
      `Invalid JSON payload received. Unknown name "${at.split('.').at(-1) ?? ''}": Proto field is not repeating, cannot start list.`,
    ]);
    return undefined;
  }
  if (field.shape === 'map' && isObject(value)) {
    const entries = Object.entries(value) as [string, unknown][];
    return Object.fromEntries(
      entries.map(([key, item]) => [key, parseValue(item, field, `${at}[${shown(key)}]`, parsing)]),
    );
  }
  if (field.shape === 'one') return parseValue(value, field, at, parsing);
  parsing.problems.push([at, `Invalid value at '${at}', ${shown(JSON.stringify(value))}`]);
  return undefined;
}

/** Scalars with their names in errors, and whether a value is one. */
const SCALARS: Readonly<Record<string, readonly [title: string, isValid: (value: unknown) => boolean]>> = {
  string: ['TYPE_STRING', (value) => typeof value === 'string'],
  boolean: ['TYPE_BOOL', (value) => typeof value === 'boolean'],
  int32: ['TYPE_INT32', (value) => isInteger(value) && Math.abs(Number(value)) < 2 ** 31],
  int64: ['TYPE_INT64', isInteger],
  float: [
    'TYPE_FLOAT',
    (value) => typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value)),
  ],
  byte: ['TYPE_BYTES', (value) => typeof value === 'string' && /^[\w+/-]*={0,2}$/.test(value)],
  'google-datetime': [
    'type.googleapis.com/google.protobuf.Timestamp',
    (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)),
  ],
  'google-duration': [
    'type.googleapis.com/google.protobuf.Duration',
    (value) => typeof value === 'string' && /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(value),
  ],
};

function parseValue(value: unknown, { type, enumName }: FieldType, at: string, parsing: Parsing): unknown {
  if (type === 'any') return value;
  if (type === 'enum') {
    const names = ENUMS[enumName] ?? [];
    const name = typeof value === 'number' ? names[value] : names.find((known) => known === value);
    if (name === undefined)
      parsing.problems.push([at, `Invalid value at '${at}' (TYPE_ENUM), ${shown(JSON.stringify(value))}`]);
    return name;
  }
  const scalar = Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined;
  if (scalar !== undefined) {
    const [title, isValid] = scalar;
    if (!isValid(value))
      parsing.problems.push([at, `Invalid value at '${at}' (${title}), ${shown(JSON.stringify(value))}`]);
    return type === 'int64' ? String(value) : type === 'int32' || type === 'float' ? Number(value) : value;
  }
  if (isObject(value)) return parseObject(value, type, at, parsing);
  parsing.problems.push([at, `Invalid value at '${at}' (${type}), ${shown(JSON.stringify(value))}`]);
  return undefined;
}

function isInteger(value: unknown): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^-?\d{1,19}$/.test(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
