import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { redactingLogger } from '../../../src';
import { isWellFormed } from '../../../src/internal/text';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly meta: unknown;
}

/** The output of the logger behind the redacting one. */
function logged(message: string, meta?: Record<string | symbol, unknown>): Line {
  const lines: Line[] = [];
  const logger = redactingLogger(
    new DefaultLogger('TRACE', (entry) => {
      lines.push({ level: entry.level, message: entry.message, meta: entry.meta });
    }),
  );
  logger.warn(message, meta);
  const [line] = lines;
  assert.ok(line);
  return line;
}

const TOKEN = 'ya29.marked-secret-token';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.marked.secret';
const SIGNED = 'https://storage.googleapis.com/b/o?X-Goog-Signature=markedsecret&X-Goog-Credential=markedsecret';
const KEY = '-----BEGIN PRIVATE KEY-----\nmarkedsecret\n-----END PRIVATE KEY-----';
const SECRETS = [
  TOKEN,
  JWT,
  `Bearer marked-secret`,
  SIGNED,
  KEY,
  'access_token=marked-secret',
  '{"client_secret": "marked-secret"}',
];

/** Places in metadata that can contain a secret. */
const PLACES: readonly [string, (secret: string) => unknown][] = [
  ['the message of an error', (secret) => new Error(secret)],
  [
    'the cause of an error',
    (secret) => new Error('failed', { cause: new Error('inner', { cause: new Error(secret) }) }),
  ],
  ['a cause that is a text', (secret) => new Error('failed', { cause: secret })],
  ['an error that is its own cause', (secret) => ownCause(secret)],
  ['the errors of an AggregateError', (secret) => new AggregateError([new Error(secret)], 'all failed')],
  ['the stack of an error', (secret) => Object.assign(new Error('x'), { stack: `Error: x\n    at ${secret}` })],
  [
    'the details of a failure',
    (secret) => ApplicationFailure.create({ message: 'x', details: [{ nested: [secret] }] }),
  ],
  ['a property of an error', (secret) => Object.assign(new Error('x'), { response: { body: secret } })],
  ['the name of an error', (secret) => Object.assign(new Error('x'), { name: secret })],
  ['nested objects', (secret) => ({ a: [{ b: { c: secret } }] })],
  ['the name of a property', (secret) => ({ [secret]: 1 })],
  ['a Map', (secret) => new Map([['a', { b: secret }]])],
  ['a Set', (secret) => new Set([secret])],
  ['the bytes of a payload', (secret) => Buffer.from(secret)],
  ['an object without a prototype', (secret) => Object.assign(Object.create(null) as object, { a: secret })],
];

function ownCause(message: string): Error {
  const error = new Error(message);
  error.cause = error;
  return error;
}

suite('a logger that redacts', () => {
  for (const [place, make] of PLACES) {
    test(`logs no secret that is in ${place}`, () => {
      for (const secret of SECRETS) {
        const shown = inspect(logged('failed', { error: make(secret) }), { depth: 20, showHidden: true });
        assert.doesNotMatch(shown, /marked.?secret/, secret);
        const bytes = Buffer.from('marked').toString('hex').replace(/../g, '$& ').trim();
        assert.ok(!shown.includes(bytes), secret);
      }
    });
  }

  test('logs no secret that is in a message', () => {
    for (const secret of SECRETS) assert.doesNotMatch(logged(`message: ${secret}`).message, /marked.?secret/);
  });

  test('logs no value whose name identifies a secret', () => {
    const headers = new Headers({ authorization: 'Basic bWFya2Vk', cookie: 'marked', accept: 'x' });
    const shown = inspect(logged('asked', { headers, config: { password: 'marked', apiKey: ['marked'], port: 1 } }), {
      depth: 9,
    });
    assert.doesNotMatch(shown, /marked|bWFya2Vk/);
    assert.match(shown, /accept: 'x'/);
    assert.match(shown, /port: 1/);
  });

  test('logs no control characters and no line breaks of messages, and only valid text', () => {
    const hostile = 'a\u001b[2J\u009b1m\u202eb\n2026-01-01 [ERROR] forged\ud800';
    const { message, meta } = logged(hostile, { text: hostile, error: new Error(hostile) });
    for (const text of [message, inspect(meta)]) {
      assert.doesNotMatch(text, /(?!\n)\p{Cc}|\u202e|\n2026-01-01 \[ERROR\] forged/u);
      assert.ok(isWellFormed(text));
    }
  });

  test('keeps errors as errors with name, stack and cause, and plain values unchanged', () => {
    const error = new TypeError('broken', { cause: new RangeError('inner') });
    const { meta } = logged('failed', { error, attempt: 3, isLocal: false, at: new Date(0), none: undefined, big: 5n });
    assert.ok(meta instanceof Object && 'error' in meta && meta.error instanceof Error);
    assert.equal(meta.error.name, 'TypeError');
    assert.match(meta.error.stack ?? '', /TypeError: broken\n {4}at .*logs\.test/);
    assert.ok(meta.error.cause instanceof Error);
    assert.equal(meta.error.cause.message, 'inner');
    assert.deepEqual(Object.assign({}, meta, { error: undefined }), {
      error: undefined,
      attempt: 3,
      isLocal: false,
      at: new Date(0),
      none: undefined,
      big: 5n,
    });
  });

  test('accepts values that throw, endless nesting, and text of megabytes', () => {
    const throwing = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    const endless: { self?: unknown } = {};
    endless.self = endless;
    const { meta } = logged('x'.repeat(5_000_000), { throwing, endless, long: 'y'.repeat(5_000_000), __proto__: null });
    assert.ok(inspect(meta, { maxStringLength: null, depth: 20 }).length < 20_000);
  });
});
