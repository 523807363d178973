import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { inspectContent } from '../../../../src/verification/inspection';
import { JsonReader } from '../../../../src/verification/readers/json-reader';
import { LimitError } from '../../../../src/verification/readers/limit-error';
import { MalformedFileError } from '../../../../src/verification/readers/sparse-bytes';
import type { Inspecting } from '../../../../src/verification/readers/work';

const MIB = 2 ** 20;

/** Reads a text with a method of the reader, and checks that nothing follows. */
function read<T>(text: string | Buffer, work: (json: JsonReader) => T): Promise<T> {
  return inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting<T> {
    const json = new JsonReader(bytes, 'its JSON');
    const value = yield* json.read(() => work(json));
    yield* json.finish();
    return value;
  });
}

function skip(text: string | Buffer): Promise<void> {
  return inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting {
    const json = new JsonReader(bytes, 'its JSON');
    yield* json.skip();
    yield* json.finish();
  });
}

async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof MalformedFileError || error instanceof LimitError, String(error));
    assert.equal(error.path, 'a.json');
    return error.message;
  }
  return 'accepted';
}

suite('A value of JSON', () => {
  test('that is a count is a whole number from 0 to 2^53', async () => {
    const counts: Readonly<Record<string, number>> = {
      ...{ '0': 0, '7': 7, '10': 10, '90': 90, ' \t\r\n12 ': 12, '999999999999999': 999999999999999 },
      ...{ '9007199254740991': 2 ** 53 - 1, '1e3': 1000, '1.0': 1, '0.0': 0, '12E+1': 120, '120e-1': 12 },
    };
    for (const [text, value] of Object.entries(counts)) assert.equal(await read(text, (json) => json.count()), value);
    for (const text of ['9007199254740992', '-1', '1.5', '"1"', '[1]', '{}', 'true', 'null', '1e400']) {
      assert.equal(
        await messageOf(read(text, (json) => json.count())),
        'its JSON is not valid: it is not a number from 0 to 2^53, at byte 0',
      );
    }
  });

  test('that is a count has the grammar of a number', async () => {
    for (const text of ['01', '00', '1.', '1e', '1e+', '.5', '+1', '-', '-01', '1x', '--1', '1.2.3', '0x1']) {
      const message = await messageOf(read(text, (json) => json.count()));
      assert.match(message, /^its JSON is not JSON: at byte \d+, /, text);
    }
  });

  test('that is a list of counts has a limit', async () => {
    assert.deepEqual(await read('[]', (json) => json.counts(0)), []);
    assert.deepEqual(await read('[1, 2 ,3]', (json) => json.counts(3)), [1, 2, 3]);
    assert.equal(
      await messageOf(read('[1,2,3,4]', (json) => json.counts(3))),
      'its JSON has a tensor with more than 3 dimensions',
    );
    assert.equal(
      await messageOf(read('{}', (json) => json.counts(3))),
      'its JSON is not valid: it is not a list, at byte 0',
    );
    assert.equal(
      await messageOf(read('[1 2]', (json) => json.counts(3))),
      'its JSON is not JSON: at byte 3, "2" is not expected there',
    );
  });

  test('that is a text has its escape sequences replaced', async () => {
    const texts: Readonly<Record<string, string>> = {
      ...{ '""': '', '"a"': 'a', '" ~"': ' ~', '"ä漢😀"': 'ä漢😀', '"\\"\\\\"': '"\\', '"\\u00e4\\n"': 'ä\n' },
      '"a\\ud83d\\ude00"': 'a😀',
    };
    for (const [text, value] of Object.entries(texts)) {
      assert.equal(await read(text, (json) => json.string()), value);
      assert.equal(await read(text, (json) => json.maybeString()), value);
      assert.equal(await messageOf(skip(text)), 'accepted');
    }
    assert.equal(
      await messageOf(read('1', (json) => json.string())),
      'its JSON is not valid: it is not a text, at byte 0',
    );
    for (const text of ['1', 'null', '[{"a":"b"}]', '{}'])
      assert.equal(await read(text, (json) => json.maybeString()), undefined);
  });

  test('that is a text read again and again is the same text, and others are not taken for it', async () => {
    const long = 'x'.repeat(70);
    const names = ['ab', 'ab', 'ba', 'a', 'aXb', 'aYb', 'aXb', '', '', long, `${long.slice(1)}y`, long];
    const found = await inspectContent('a.json', Buffer.from(JSON.stringify(names)), function* (bytes): Inspecting<
      string[]
    > {
      const json = new JsonReader(bytes, 'its JSON');
      const texts: string[] = [];
      yield* json.elements(function* () {
        texts.push(yield* json.read(() => json.string()));
      });
      return texts;
    });
    assert.deepEqual(found, names);
  });

  test('may be null or an object', async () => {
    assert.equal(await read('null', (json) => json.isNull()), true);
    assert.equal(
      await messageOf(read('nul', (json) => json.isNull())),
      'its JSON is not JSON: at byte 3, it ends too early',
    );
    for (const [text, isObject] of [
      ['{}', true],
      ['[]', false],
    ] as const) {
      const seen = await read(text, (json) => {
        const answer = [json.isNull(), json.isObject()];
        json.skipValue();
        return answer;
      });
      assert.deepEqual(seen, [false, isObject]);
    }
  });

  const bad: Readonly<Record<string, string>> = {
    '["\\x"]': 'at byte 1, a string has an unknown escape sequence',
    '["\\u12"]': 'at byte 1, a string has an unknown escape sequence',
    '["\u0001"]': 'at byte 1, a string has a control character',
    '["\u001f"]': 'at byte 1, a string has a control character',
    '["a': 'at byte 1, it ends too early',
    '["a\\': 'at byte 1, it ends too early',
    '[nux]': 'at byte 3, "x" is not expected there',
    '[tru]': 'at byte 4, "]" is not expected there',
    '[fals1]': 'at byte 5, "1" is not expected there',
    '[\u0001]': 'at byte 1, a byte of 1 is not expected there',
    '[\u001f]': 'at byte 1, a byte of 31 is not expected there',
    '[\u007f]': 'at byte 1, "\u007f" is not expected there',
    '[ä]': 'at byte 1, a byte of 195 is not expected there',
    '[1': 'at byte 2, it ends too early',
    '[1,': 'at byte 3, it ends too early',
    '{"a" 1}': 'at byte 5, "1" is not expected there',
    '{"a":1 "b":2}': 'at byte 7, """ is not expected there',
    '{1:2}': 'at byte 1, "1" is not expected there',
    '[1}': 'at byte 2, "}" is not expected there',
    '{"a":1]': 'at byte 6, "]" is not expected there',
    '1 x': 'at byte 2, text follows its end',
    ' ': 'at byte 1, it ends too early',
  };
  for (const [text, reason] of Object.entries(bad)) {
    test(`that is ${JSON.stringify(text)} is refused with its place`, async () => {
      const message = await messageOf(skip(text));
      // A place within a value is the value's begin.
      assert.equal(message.replace(/at byte \d+/, ''), `its JSON is not JSON: ${reason}`.replace(/at byte \d+/, ''));
    });
  }

  test('that is skipped may be a number of any form', async () => {
    for (const text of ['0', '-0', '10', '1.25', '1e5', '1E+50', '1e-5', '-12.5e10', '1'.repeat(400)]) {
      assert.equal(await messageOf(skip(text)), 'accepted', text);
    }
    assert.match(await messageOf(skip('1'.repeat(401))), /"1" is not expected there$/);
  });

  test('has a message with the name of its member', async () => {
    const work = inspectContent('a.json', Buffer.from('{"a":1,"b":[]}'), function* (bytes): Inspecting {
      const json = new JsonReader(bytes, 'its JSON');
      yield* json.members(function* () {
        yield* json.read(() => json.count());
      });
    });
    assert.equal(
      await messageOf(work),
      'its JSON is not valid: the value of b is not a number from 0 to 2^53, at byte 11',
    );
  });

  test('is nested up to 1,000 times', async () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    assert.equal(await messageOf(skip(nested(1_000))), 'accepted');
    assert.equal(await messageOf(skip(nested(1_300))), 'its JSON has values nested deeper than 1000');
  });

  test('that is small has at most 256,256 tokens', async () => {
    const list = (length: number): string => `[${Array<number>(length).fill(1).join(',')}]`;
    const skipValue = (text: string) =>
      messageOf(
        read(text, (json) => {
          json.skipValue();
        }),
      );
    assert.equal(await skipValue(list(10_000)), 'accepted');
    assert.match(await skipValue(list(300_000)), /^its JSON has a value that is too large$|takes more than/);
  });
});

suite('The members of an object of JSON', () => {
  const membersOf = (text: string): Promise<[string, number][]> =>
    inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting<[string, number][]> {
      const json = new JsonReader(bytes, 'its JSON');
      const members: [string, number][] = [];
      yield* json.smallMembers(
        () => json.count(),
        (value, name) => members.push([name, value]),
      );
      yield* json.finish();
      return members;
    });

  test('are read one after the other, however many there are', async () => {
    for (const count of [0, 1, 63, 64, 65, 128, 200]) {
      const members = Array.from({ length: count }, (_, index): [string, number] => [`name ${index}`, index]);
      assert.deepEqual(await membersOf(JSON.stringify(Object.fromEntries(members))), members);
    }
  });

  test('are separated by commas, and end with their object', async () => {
    for (const text of ['{,}', '{"a":1,}', '{"a":1 "b":2}', '{"a":1', '{"a":1,"b"}', '{"a":1]']) {
      assert.match(await messageOf(membersOf(text)), /^its JSON is not JSON: /);
    }
    assert.match(await messageOf(membersOf('[]')), /it is not an object, at byte 0$/);
    assert.match(await messageOf(membersOf('{"a":1,"b":"x"}')), /the value of b is not a number/);
  });
});

suite('A text of JSON', () => {
  test('is not empty', async () => {
    assert.equal(await messageOf(skip('')), 'is empty (0 bytes)');
    const part = inspectContent('a.json', Buffer.from('{}'), function* (bytes): Inspecting {
      yield* new JsonReader(bytes, 'its JSON', { start: 1, length: 0 }).skip();
    });
    assert.equal(await messageOf(part), 'its JSON is empty');
  });

  test('is a part of its file, and places count from the file\u2019s begin', async () => {
    const of = (text: string): Promise<void> =>
      inspectContent('a.json', Buffer.from(`xx${text}yy`), function* (bytes): Inspecting {
        const json = new JsonReader(bytes, 'its JSON', { start: 2, length: text.length });
        yield* json.skip();
        yield* json.finish();
      });
    assert.equal(await messageOf(of('{}')), 'accepted');
    assert.equal(await messageOf(of('{} ]')), 'its JSON is not JSON: at byte 5, text follows its end');
    assert.equal(await messageOf(of('[x]')), 'its JSON is not JSON: at byte 3, "x" is not expected there');
  });

  test('has up to 32 MiB', async () => {
    const text = Buffer.alloc(32 * MIB + 1, ' ');
    const make = (length: number): Promise<void> =>
      inspectContent('a.json', text, function* (bytes): Inspecting {
        new JsonReader(bytes, 'its JSON', { start: 0, length });
        yield undefined;
      });
    assert.equal(await messageOf(make(32 * MIB)), 'accepted');
    assert.equal(await messageOf(make(32 * MIB + 1)), 'its JSON has 33554433 bytes, more than 33554432');
  });

  test('has values of up to about 4 MiB', async () => {
    const of = (length: number) => messageOf(read(`"${'x'.repeat(length)}"`, (json) => json.string()));
    assert.equal(await of(3 * MIB), 'accepted');
    assert.equal(await of(6 * MIB), 'its JSON has a value of more than 4194304 bytes');
  });

  test('is read across the border of its first MiB', async () => {
    for (const [value, isText] of [
      ['"abc"', true],
      ['"a\\"c"', true],
      ['12345', false],
      ['null', false],
    ] as const) {
      for (let before = 1; before < value.length; before += 1) {
        const text = `{"b":${' '.repeat(MIB - 5 - before)}${value}, "c" : ${value}}`;
        const seen = await inspectContent('a.json', Buffer.from(text), function* (bytes): Inspecting<unknown[]> {
          const json = new JsonReader(bytes, 'its JSON');
          const values: unknown[] = [];
          yield* json.smallMembers(
            () => json.maybeString(),
            (found, name) => values.push([name, found]),
          );
          yield* json.finish();
          return values;
        });
        const expected = isText ? z.string().parse(JSON.parse(value)) : undefined;
        assert.deepEqual(seen, [
          ['b', expected],
          ['c', expected],
        ]);
      }
    }
  });
});
