/** A value of another type than text, and its description. */
export interface OddValue {
  readonly what: string;
  readonly value: unknown;
}

const odd = (what: string, value: unknown): OddValue => ({ what, value });

/** Values that JSON can represent: a caller can send them to a workflow. */
export const ODD_JSON_VALUES: readonly OddValue[] = [
  odd('null', null),
  odd('true', true),
  odd('false', false),
  odd('zero', 0),
  odd('minus zero', -0),
  odd('minus one', -1),
  odd('a fraction', 0.1),
  odd('2^53', 2 ** 53),
  odd('2^53 + 2', 2 ** 53 + 2),
  odd('1e308', 1e308),
  odd('the smallest number', 5e-324),
  odd('an empty list', []),
  odd('a list of one text', ['x']),
  odd('a list of nulls', [null, null]),
  odd('a nested list', [[[[['x']]]]]),
  odd(
    'a list of 10,000 numbers',
    Array.from({ length: 10_000 }, (_, index) => index),
  ),
  odd('an empty object', {}),
  odd('an object with a number key', { 0: 'x' }),
  odd('an object with an empty key', { '': '' }),
  odd('an object with an own __proto__', JSON.parse('{"__proto__": {"polluted": true}}')),
  odd('an object with constructor.prototype', { constructor: { prototype: { polluted: true } } }),
  odd('an object with toString', { toString: 'x', valueOf: 'y' }),
  odd('an object like a promise', { then: 'x' }),
  odd('an object with a length', { length: 1e9 }),
  odd('an object with half a character as key', { '\ud800': 1 }),
  odd('an object with 5,000 keys', Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n]))),
  odd('an object with a key of 100 KB', { ['k'.repeat(100_000)]: 1 }),
  odd('an object of 500 levels', nested(500)),
  odd(
    'a list of 500 levels',
    Array.from({ length: 500 }).reduce<unknown>((inner) => [inner], 'x'),
  ),
];

/** Values of JavaScript that JSON cannot represent, or changes: only a caller in the same process can pass them. */
export const ODD_LOCAL_VALUES: readonly OddValue[] = [
  odd('undefined', undefined),
  odd('NaN', Number.NaN),
  odd('Infinity', Number.POSITIVE_INFINITY),
  odd('-Infinity', Number.NEGATIVE_INFINITY),
  odd('a bigint', 10n),
  odd('a symbol', Symbol('x')),
  odd('a function', () => 'x'),
  odd('a class', Date),
  odd('a sparse list', new Array(1_000)),
  odd('a sparse list of 4 billion', new Array(4_000_000_000)),
  odd('a date', new Date(0)),
  odd('an invalid date', new Date(Number.NaN)),
  odd('a buffer', Buffer.from('evil')),
  odd('an array of bytes', new Uint8Array(8)),
  odd('a map', new Map([['a', 1]])),
  odd('a set', new Set(['a'])),
  odd('a regular expression', /evil/),
  odd('an error', new Error('evil')),
  odd('a promise', Promise.resolve('evil')),
  odd('a boxed text', Object('evil')),
  odd('an object without a prototype', Object.assign(Object.create(null), { a: 1 })),
  odd('an object with toJSON', { toJSON: () => 'projects/p-1/locations/us-central1/models/1' }),
  odd('an object whose toJSON throws', throwing('toJSON')),
  odd('an object with toPrimitive', { [Symbol.toPrimitive]: () => 'evil' }),
  odd('an object that contains itself', circular()),
  odd('an object of 100,000 levels', nested(100_000)),
];

/** All values of another type than text. */
export const ODD_VALUES: readonly OddValue[] = [...ODD_JSON_VALUES, ...ODD_LOCAL_VALUES];

function nested(levels: number): unknown {
  let value: unknown = 'end';
  for (let level = 0; level < levels; level += 1) value = { below: value };
  return value;
}

function throwing(name: string): object {
  return {
    [name]: () => {
      throw new Error('evil');
    },
  };
}

function circular(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
