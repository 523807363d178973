import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseExportModelInput } from '../../../src/contract/export-input';
import { parseExportModelsInput } from '../../../src/contract/fleet-check';

const VALID = {
  name: 'projects/p-1/locations/us-central1/models/1',
  outputConfig: { artifactDestination: { outputUriPrefix: 'gs://bucket/a' } },
};

function nested(levels: number): unknown {
  let value: unknown = 'end';
  for (let level = 0; level < levels; level += 1) value = { below: value };
  return value;
}

/** Inputs that are larger than any valid one, each in another way. */
const LARGE: Readonly<Record<string, unknown>> = {
  'one long text': { ...VALID, name: 'x'.repeat(1_900_000) },
  'one long field name': { ...VALID, ['k'.repeat(1_900_000)]: 1 },
  'many unknown fields': { ...VALID, ...Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n])) },
  'many formats': { ...VALID, formatPreference: new Array(150_000).fill('tflite') },
  'many values that are not formats': { ...VALID, formatPreference: new Array(150_000).fill({ a: 1 }) },
  'many levels': { ...VALID, outputConfig: nested(100_000) },
  'a sparse list': { ...VALID, formatPreference: new Array(4_000_000_000) },
};

suite('an input that is too large', () => {
  for (const [what, input] of Object.entries(LARGE)) {
    test(`an oversized input is rejected with a short message: ${what}`, () => {
      for (const parsed of [parseExportModelInput(input), parseExportModelsInput({ exports: [input] })]) {
        assert.ok('problems' in parsed);
        assert.ok(parsed.problems.length <= 101);
        assert.ok(JSON.stringify(parsed.problems).length < 64_000);
      }
    });
  }

  test('an input is rejected if it refers to itself or cannot be written as JSON', () => {
    const circular: Record<string, unknown> = { ...VALID };
    circular['defaults'] = circular;
    for (const input of [circular, { ...VALID, deadline: 10n }, { ...VALID, polling: () => 1 }]) {
      assert.ok('problems' in parseExportModelInput(input));
      assert.ok('problems' in parseExportModelsInput(input));
    }
  });

  test('the problems of an input list the first 20 unknown fields and count the others', () => {
    const unknown = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`field${n}`, n]));
    const parsed = parseExportModelInput({ ...VALID, ...unknown });
    assert.ok('problems' in parsed);
    assert.equal(parsed.problems.length, 21);
    assert.equal(parsed.problems.at(-1)?.message, 'has 30 more unknown fields');
  });
});

suite('a field of an input', () => {
  const bad: Readonly<Record<string, readonly [object, string]>> = {
    'a format with half a character': [{ formatPreference: ['\ud800'] }, 'formatPreference.0'],
    'a format with a slash': [{ formatPreference: ['a/b'] }, 'formatPreference.0'],
    'a format of 129 characters': [{ formatPreference: ['x'.repeat(129)] }, 'formatPreference.0'],
    'a deadline beyond the largest number': [{ deadline: `${'9'.repeat(400)}s` }, 'deadline'],
    'a deadline of 1e308': [{ deadline: 1e308 }, 'deadline'],
    'a deadline of 2^53': [{ deadline: 2 ** 53 }, 'deadline'],
    'a deadline of 99999999999d': [{ deadline: '99999999999d' }, 'deadline'],
    'a deadline of more than 365 days': [{ deadline: '366d' }, 'deadline'],
    'a heartbeat timeout of more than an hour': [{ polling: { heartbeatTimeout: '61m' } }, 'polling.heartbeatTimeout'],
    'a heartbeat timeout of less than a second': [{ polling: { heartbeatTimeout: 999 } }, 'polling.heartbeatTimeout'],
    'a pause that is not a number': [{ polling: { maxDelay: Number.NaN } }, 'polling.maxDelay'],
  };
  for (const [what, [changes, path]] of Object.entries(bad)) {
    test(`a field of an input is rejected: ${what}`, () => {
      const parsed = parseExportModelInput({ ...VALID, ...changes });
      assert.ok('problems' in parsed);
      assert.deepEqual(
        parsed.problems.map((problem) => problem.path),
        [path],
      );
    });
  }

  for (const uri of [
    'gs://bucket/../a',
    'gs://bucket/a/..',
    'gs://bucket/./a',
    'gs://bucket/..',
    `gs://b-1/${'x'.repeat(513)}`,
  ]) {
    test(`a destination is rejected: ${uri.slice(0, 30)}`, () => {
      const outputConfig = { artifactDestination: { outputUriPrefix: uri } };
      assert.ok('problems' in parseExportModelInput({ ...VALID, outputConfig }));
    });
  }
});
