import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { cut, isWellFormed, printable } from '../../../src/internal/text';

/** Any text, including text that is not valid Unicode. */
const anyText = fc
  .array(fc.constantFrom('\ud83d', '\ude00', '\u{1f600}', 'a', '"', '\n', '\u20ac'), { maxLength: 400 })
  .map((parts) => parts.join(''));

suite('limited text', () => {
  test('is cut without breaking a character, and is valid Unicode afterwards', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, length) => {
        const shortened = cut(text, length);
        assert.ok(shortened.length <= length);
        assert.doesNotMatch(shortened, /\p{Surrogate}/u);
        assert.ok(isWellFormed(shortened));
      }),
    );
    assert.equal(cut('abc', 3), 'abc');
    assert.equal(cut('abcd', 3), 'ab…');
    assert.equal(cut('a\u{1f600}b', 3), 'a\ufffd…');
  });

  test('is printable on one line after its control and direction characters became spaces', () => {
    assert.equal(printable('a\u001b[31mb\r\nc\u2028d\u202ee\u2066f\u200eg'), 'a [31mb c d e f g');
  });
});
