import { ApiError } from '../api-error';
import { camelCase, shown, snakeCase } from './field-names';

/** Types of query parameters, named as in Google's discovery documents. `strings` can be repeated. */
export type ParameterType = 'string' | 'strings' | 'int32' | 'boolean' | 'google-fieldmask' | 'google-duration';

/** The query parameters of a method, by name in lowerCamelCase. */
export type ParameterTypes = Readonly<Record<string, ParameterType>>;

/** Parameters that every method has. They control the answer. */
export interface SystemParameters {
  /** Whether the answer is indented. */
  readonly prettyPrint: boolean;
  /** Whether enums are numbers in the answer. */
  readonly enumNumbers: boolean;
  /** Selected fields of the answer; all if empty. */
  readonly fields: string;
  /** Whether errors also have the `errors` of Google's first error format. */
  readonly firstErrorFormat: boolean;
}

/** The checked query parameters of a request. */
export class Parameters {
  constructor(private readonly values: ReadonlyMap<string, readonly string[]>) {}

  /** Value of a parameter; empty if it is missing. The last one counts. */
  text(name: string): string {
    return this.values.get(name)?.at(-1) ?? '';
  }

  texts(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** Value of an `int32`; 0 if it is missing. */
  integer(name: string): number {
    return Number(this.text(name));
  }

  flag(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** Value of a duration in milliseconds; undefined if it is missing. */
  milliseconds(name: string): number | undefined {
    const text = this.text(name);
    return text === '' ? undefined : Number(text.slice(0, -1)) * 1_000;
  }
}

/** The parameters of a request that can't be read. */
export const DEFAULT_SYSTEM_PARAMETERS: SystemParameters = {
  prettyPrint: true,
  enumNumbers: false,
  fields: '',
  firstErrorFormat: false,
};

/** System parameters with the pattern of their values. Each may start with `$`. */
const SYSTEM: Readonly<Record<string, RegExp>> = {
  '.xgafv': /^[12]?$/,
  access_token: /^/,
  alt: /^(?:json(?:;enum-encoding=int)?)?$/,
  callback: /^$/,
  fields: /^/,
  key: /^/,
  oauth_token: /^/,
  prettyPrint: /^(?:true|false)?$/,
  quotaUser: /^/,
  uploadType: /^/,
  upload_protocol: /^/,
};

const MAX_INT32 = 2_147_483_647;
/** Largest number of seconds in a duration. */
const MAX_DURATION_SECONDS = 315_576_000_000;

type Violation = readonly [field: string, description: string];

/**
 * Parses a query.
 *
 * @throws ApiError INVALID_ARGUMENT with all problems
 */
export function parseParameters(
  query: URLSearchParams,
  types: ParameterTypes,
): { readonly system: SystemParameters; readonly parameters: Parameters } {
  const values = new Map<string, string[]>();
  const system = new Map<string, string>();
  const violations: Violation[] = [];
  for (const [given, value] of query) {
    const plain = given.replace(/^\$/, '');
    const pattern = Object.hasOwn(SYSTEM, plain) ? SYSTEM[plain] : undefined;
    const name = camelCase(given);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (pattern !== undefined) {
      if (pattern.test(value)) system.set(plain, value);
      else violations.push([shown(given), `Invalid value at '${shown(given)}', "${shown(value)}"`]);
    } else if (type === undefined) {
      const text = `Invalid JSON payload received. Unknown name "${shown(given)}": Cannot bind query parameter. Field '${shown(given)}' could not be found in request message.`;
      violations.push(['', text]);
    } else {
      const problem = problemOf(type, name, value);
      if (problem === undefined) values.set(name, [...(values.get(name) ?? []), value]);
      else violations.push([snakeCase(name), problem]);
    }
  }
  if (violations.length > 0) throw invalidFields(violations);
  return {
    system: {
      prettyPrint: system.get('prettyPrint') !== 'false',
      enumNumbers: system.get('alt')?.includes('enum-encoding=int') ?? false,
      fields: system.get('fields') ?? '',
      firstErrorFormat: system.get('.xgafv') === '1',
    },
    parameters: new Parameters(values),
  };
}

/** An INVALID_ARGUMENT error for several fields. A field that is not known is the empty string. */
export function invalidFields(violations: readonly Violation[], message?: string): ApiError {
  const text = message ?? violations.map(([, description]) => description).join('\n');
  return new ApiError('INVALID_ARGUMENT', text, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: violations.map(([field, description]) => ({ ...(field !== '' && { field }), description })),
    },
  ]);
}

function problemOf(type: ParameterType, name: string, value: string): string | undefined {
  const at = `Invalid value at '${snakeCase(name)}'`;
  if (type === 'int32') {
    const isInteger = /^[+-]?\d{1,10}$/.test(value) && Math.abs(Number(value)) <= MAX_INT32;
    return isInteger ? undefined : `${at} (TYPE_INT32), "${shown(value)}"`;
  }
  if (type === 'boolean') return /^(?:true|false)$/.test(value) ? undefined : `${at} (TYPE_BOOL), "${shown(value)}"`;
  if (type === 'google-duration') {
    const duration = `${at} (type.googleapis.com/google.protobuf.Duration), Field '${name}', `;
    if (!value.endsWith('s')) return `${duration}Illegal duration format; duration must end with 's'`;
    if (!/^-?\d{1,12}(?:\.\d{1,9})?s$/.test(value)) return `${duration}Invalid duration format`;
    if (Math.abs(Number(value.slice(0, -1))) > MAX_DURATION_SECONDS) return `${duration}Duration value exceeds limits`;
  }
  return undefined;
}
