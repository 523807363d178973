import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isWellFormed } from '../../../src/internal/text';
import { listed, messageAbout, Messages, shownName } from '../../../src/verification/messages';

suite('A message about a file', () => {
  test('has at most 300 characters of valid Unicode on one line for any names', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '/', '😀', '\ud800', '\udc00', '\u0000', '\u001b', '\u202e', '\u2028'),
      maxLength: 700,
    });
    fc.assert(
      fc.property(text, text, (path, problem) => {
        for (const message of [messageAbout(path, problem), listed([path, problem, path], 9)]) {
          assert.ok(message.length <= 400 && isWellFormed(message));
          assert.doesNotMatch(message, /[\p{Cc}\u2028\u202a-\u202e\u2066-\u2069]/u);
        }
        assert.ok(messageAbout(path, problem).length <= 300);
      }),
    );
  });

  test('shows the start and the end of a long name', () => {
    const name = shownName(`${'directory/'.repeat(100)}model.tflite`);
    assert.match(name, /^directory\/.*….*model\.tflite$/);
    assert.ok(name.length <= 150);
  });
});

suite('A list of names', () => {
  test('has the first five, and counts the others', () => {
    assert.equal(listed([]), '');
    assert.equal(listed(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d, e');
    assert.equal(listed(['a', 'b', 'c', 'd', 'e', 'f']), 'a, b, c, d, e and 1 more');
    assert.equal(listed(['a'], 3), 'a and 2 more');
  });
});

suite('A list of messages', () => {
  test('keeps the first ones, and counts the others', () => {
    const messages = new Messages('findings', 2);
    for (let index = 0; index < 50_000; index += 1) messages.add(`finding ${index}`);
    assert.deepEqual(messages.texts, ['finding 0', 'finding 1', 'and 49998 more findings']);
  });

  test('adds the messages that another list only counted', () => {
    const [all, some] = [new Messages('notes', 3), new Messages('notes', 1)];
    for (const note of ['a', 'b', 'c']) some.add(note);
    all.addAll(some);
    all.add('d');
    assert.deepEqual(all.texts, ['a', 'd', 'and 2 more notes']);
  });
});
