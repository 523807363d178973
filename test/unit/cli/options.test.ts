import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { flag, list, parseArguments, value } from '../../../src/cli/options';
import { UsageError } from '../../../src/cli/command-error';

const OPTIONS = {
  port: value(z.string().regex(/^\d+$/, 'must be a number').transform(Number).exactOptional()),
  bucket: list(z.array(z.string()).default(['exports'])),
  json: flag(),
};
const ONE = z.array(z.string()).length(1, 'needs one argument');

function problemsOf(...args: string[]): readonly string[] {
  try {
    parseArguments(args, OPTIONS, ONE);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.reasons;
  }
  return [];
}

suite('the arguments of a command', () => {
  test('are returned with their types and defaults', () => {
    const { options, positionals } = parseArguments(['a'], OPTIONS, ONE);
    assert.deepEqual({ ...options }, { bucket: ['exports'], json: false });
    assert.deepEqual(positionals, ['a']);
    const all = ['--port', '80', 'a', '--bucket=x', '--bucket', 'y', '--json'];
    assert.deepEqual({ ...parseArguments(all, OPTIONS, ONE).options }, { port: 80, bucket: ['x', 'y'], json: true });
  });

  test('can begin with a hyphen after an equals sign, and be anything after two hyphens', () => {
    const { options, positionals } = parseArguments(['--bucket=-x', '--', '--json'], OPTIONS, ONE);
    assert.deepEqual([options.bucket, options.json, positionals], [['-x'], false, ['--json']]);
  });

  for (const [args, problems] of [
    [
      ['--prt', '1', '--json=1', '--port=x', 'a', 'b'],
      [
        '--prt: is not an option; did you mean --port?',
        '--json: takes no value',
        '--port: must be a number',
        'needs one argument',
      ],
    ],
    [['a', '--port'], ['--port: needs a value']],
    [['a', '--port', '--json'], ['--port: needs a value']],
    [['a', '--port='], ['--port: must be a number']],
    [['a', '--bucket'], ['--bucket: needs a value']],
    [['a', '-x'], ['-x: is not an option']],
    [['a', '--zzzzzzzzzz'], ['--zzzzzzzzzz: is not an option']],
    [
      ['a', '--hasOwnProperty=1', '--constructor'],
      ['--hasOwnProperty: is not an option', '--constructor: is not an option'],
    ],
    [[], ['needs one argument']],
  ] as const) {
    test(`are refused with every problem: ${args.join(' ') || 'none'}`, () => {
      for (const problem of problems) assert.ok(problemsOf(...args).includes(problem), problemsOf(...args).join('\n'));
      assert.equal(problemsOf(...args).length, problems.length);
    });
  }
});
