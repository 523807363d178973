import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { boundedLine, boundedLines, boundedMessage, summaryText } from '../../../src/contract/text';

const LONE_SURROGATE = /\p{Surrogate}/u;
/** Any text, including text that is not valid Unicode. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(fc.constantFrom('\ud83d', '\ude00', '\u{1f600}', 'a', '"', '\\', '\n', '\u20ac'), { maxLength: 400 })
    .map((parts) => parts.join('')),
);

suite('text for workflow history', () => {
  test('a summary is short enough for the server with any characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const summary = summaryText(text);
        assert.ok(Buffer.byteLength(JSON.stringify(summary)) <= 170, summary);
        assert.doesNotMatch(summary, LONE_SURROGATE);
      }),
    );
    assert.equal(summaryText('tflite to gs://bucket/a'), 'tflite to gs://bucket/a');
  });

  test('a line has no control characters and at most 300 characters', () => {
    assert.equal(boundedLine('a\u001b[31mb\r\nc\u202ed'), 'a [31mb c d');
    assert.equal(boundedLine('x'.repeat(1_000)).length, 300);
  });

  test('a message has at most 8,000 characters', () => {
    assert.equal(boundedMessage('x'.repeat(1_000_000)).length, 8_000);
  });

  test('bounded lines count the omitted lines', () => {
    assert.deepEqual(boundedLines(['a', 'b', 'c'], 2, 'findings'), ['a', 'b', 'and 1 more findings']);
    assert.deepEqual(boundedLines(['a', 'b'], 2, 'findings'), ['a', 'b']);
  });
});
