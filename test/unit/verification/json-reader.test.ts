import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { inspectContent } from '../../../src/verification/inspection';
import { JsonReader } from '../../../src/verification/readers/json-reader';
import { MalformedFileError } from '../../../src/verification/readers/sparse-bytes';
import type { Inspecting } from '../../../src/verification/readers/work';

/** Reads the texts that are members of an object, and skips all other values. */
function textsOf(text: string | Buffer): Promise<[string, string | undefined][]> {
  return inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting<[string, string | undefined][]> {
    const json = new JsonReader(bytes, 'its JSON');
    const texts: [string, string | undefined][] = [];
    yield* json.smallMembers(
      () => json.maybeString(),
      (value, name) => texts.push([name, value]),
    );
    yield* json.finish();
    return texts;
  });
}

/** Skips all values of a text. */
function skip(text: string | Buffer): Promise<void> {
  return inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting {
    const json = new JsonReader(bytes, 'its JSON');
    yield* json.skip();
    yield* json.finish();
  });
}

async function isAccepted(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    assert.ok(error instanceof MalformedFileError, String(error));
    return false;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

suite('The JSON reader', () => {
  test('reads texts of JSON.stringify, including names such as __proto__', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('__proto__')), fc.jsonValue()),
        async (value) => {
          const entries = Object.entries(value).map(([name, entry]) => [
            name,
            typeof entry === 'string' ? entry : undefined,
          ]);
          assert.deepEqual(await textsOf(JSON.stringify(value, undefined, 1)), entries);
        },
      ),
    );
    assert.deepEqual(await textsOf('{"__proto__":"a","a":"1","a":"2"}'), [
      ['__proto__', 'a'],
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  test('accepts exactly the texts that JSON.parse accepts', async () => {
    const damage = fc.tuple(
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom('', ',', '}', ']', '"', '\\', '0', '-', '.', 'e', 'x', '\u0000', ' '),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([value, place, character]) => {
        const whole = JSON.stringify(value);
        const at = place % (whole.length + 1);
        const text = `${whole.slice(0, at)}${character}${whole.slice(at + 1)}`;
        if (text === '') return;
        assert.equal(await isAccepted(skip(text)), parses(text), text);
      }),
      { numRuns: 2_000 },
    );
  });

  const bad = [
    '[1,]',
    '{"a":1,}',
    '{,}',
    '[01]',
    '[1.]',
    '[.5]',
    '[+1]',
    '[1e]',
    '["\\x"]',
    '["\\u12"]',
    '["\n"]',
    '[nul]',
    '[] []',
    '"',
    '{"a"}',
  ];
  for (const text of bad) {
    test(`refuses ${JSON.stringify(text)}`, async () => {
      assert.equal(await isAccepted(skip(text)), false);
    });
  }

  test('refuses text that is not UTF-8', async () => {
    assert.equal(await isAccepted(skip(Buffer.from([0x22, 0xff, 0x22]))), false);
  });

  test('reads a text of many windows with values that span two windows', async () => {
    const value = Object.fromEntries(
      Array.from({ length: 60_000 }, (_, index) => [`name ${index} ü`, `value "${index}" 漢字`]),
    );
    assert.deepEqual(await textsOf(JSON.stringify(value)), Object.entries(value));
    await skip(JSON.stringify({ deep: [value, [value], { value }] }));
  });
});
