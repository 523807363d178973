import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Output, terminalJson, terminalText } from '../../../src/cli/output';

/** Characters that a terminal interprets or hides, or that cannot be encoded. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

const CASES: readonly [string, string][] = [
  ['a\u001b[31mred', 'a\\u001b[31mred'],
  ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['\u009b2J', '\\u009b2J'],
  ['one\ntwo\r\u2028three\u2029', 'one\\u000atwo\\u000d\\u2028three\\u2029'],
  ['gnp.\u202egpj', 'gnp.\\u202egpj'],
  ['a\u200bb\ufeffc\u2066d\u200e', 'a\\u200bb\\ufeffc\\u2066d\\u200e'],
  ['\u007f\u0000\t', '\\u007f\\u0000\\u0009'],
  ['\u{e0041}', '\\udb40\\udc41'],
  ['größe 1.txt 模型 🙂', 'größe 1.txt 模型 🙂'],
];

suite('the output of a command', () => {
  for (const [text, expected] of CASES) {
    test(`prints ${JSON.stringify(expected)} without characters that a terminal interprets`, () => {
      assert.equal(terminalText(text), expected);
    });
  }

  test('has no such characters for any text, in lines and in JSON that parses to the same value', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(texts, texts, (name, value) => {
        assert.doesNotMatch(terminalText(name), UNPRINTABLE);
        const json = terminalJson({ list: [value], [name]: value });
        assert.doesNotMatch(json, UNPRINTABLE);
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ list: [value], [name]: value })));
      }),
    );
  });

  test('cuts a line that is too long', () => {
    assert.ok(terminalText('x'.repeat(3_000_000)).length <= 1_000);
  });

  test('is one line for one text', () => {
    const written: string[] = [];
    const output = new Output({
      write: (text: string | Uint8Array) => {
        written.push(String(text));
        return true;
      },
    });
    output.line('a\nb');
    output.json({ a: '\u009b' });
    assert.deepEqual(written, ['a\\u000ab\n', '{"a":"\\u009b"}\n']);
  });
});
