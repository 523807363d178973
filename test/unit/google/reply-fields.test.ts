import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import {
  boundedList,
  exactText,
  messageField,
  optionalTime,
  optionalUri,
  shownText,
} from '../../../src/google/reply-fields';
import { messageText } from '../../../src/google/message-text';
import { SentSecrets } from '../../../src/google/sent-secrets';
import { TimeLimitError, within } from '../../../src/google/within';

suite('a field of a reply', () => {
  test('that is a time has the format of RFC 3339, or counts as absent', () => {
    for (const [time, isTime] of [
      ['2026-01-02T03:04:05Z', true],
      ['2026-01-02T03:04:05.1Z', true],
      ['2026-01-02T03:04:05.123456789Z', true],
      ['2026-01-02T03:04:05+01:00', true],
      ['2026-01-02T03:04:05.1234567890Z', false],
      ['2026-01-02T03:04:05.Z', false],
      ['2026-01-02T03:04:05', false],
      ['2026-01-02', false],
      ['2026-13-02T03:04:05Z', false],
      ['x2026-01-02T03:04:05Z', false],
      ['2026-01-02T03:04:05Zx', false],
      ['', false],
      [1_700_000_000_000, false],
    ] as const) {
      assert.equal(optionalTime.parse(time), isTime ? time : undefined, String(time));
    }
    assert.equal(optionalTime.parse(undefined), undefined);
  });

  test('that is a URI has characters that can be printed and a limited length, or counts as absent', () => {
    for (const [uri, isUri] of [
      ['gs://bucket/語', true],
      ['x'.repeat(2_100), true],
      ['x'.repeat(2_101), false],
      ['gs://bucket/\u0007', false],
      ['gs://bucket/\ud800', false],
      ['', false],
      [{}, false],
    ] as const) {
      assert.equal(optionalUri.parse(uri), isUri ? uri : undefined);
    }
  });

  test('that is compared is refused if it is too long or not valid Unicode, and text for people is cut', () => {
    assert.equal(exactText(3).safeParse('abc').success, true);
    for (const text of ['abcd', 'a\ud800', 5]) assert.equal(exactText(3).safeParse(text).success, false);
    assert.equal(shownText(3).parse('abcd'), 'ab…');
    assert.equal(messageField.parse(`a\nb${'c'.repeat(3_000)}`).length, 2_000);
    assert.equal(messageField.parse('a\nb').includes('\n'), false);
  });

  test('that is a list has a limited length, which is checked before its items', () => {
    const list = boundedList(z.number(), 2);
    assert.deepEqual(list.parse([1, 2]), [1, 2]);
    const tooLong = list.safeParse(['a', 'b', 'c']);
    assert.deepEqual([tooLong.success, tooLong.error?.issues.length], [false, 1]);
    for (const value of [['a'], {}, 'ab', undefined]) assert.equal(list.safeParse(value).success, false);
  });
});

suite('the text of a message', () => {
  test('has at most 2,000 characters, or the given number, and only the first 8,192 are searched', () => {
    assert.equal(messageText('x'.repeat(2_000)), 'x'.repeat(2_000));
    assert.equal(messageText('x'.repeat(2_001)), `${'x'.repeat(1_999)}…`);
    assert.equal(messageText('abcd', 3), 'ab…');
    assert.ok(messageText('x'.repeat(20_000), 20_000).length <= 8_192);
  });
});

suite('the credentials of a request', () => {
  const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
  const cases: [string, string, string, string][] = [
    [
      'a header',
      'Bearer token-123',
      'sent Bearer token-123 twice: Bearer token-123',
      'sent [redacted] twice: [redacted]',
    ],
    ['a token', 'Bearer token-123', 'token-123.', '[redacted].'],
    ['a token after spaces', 'Bearer   token-123', 'token-123.', '[redacted].'],
    ['a value of Basic', basic, basic.slice(6), '[redacted]'],
    [
      'a password of Basic',
      basic.replace('Basic', 'basic'),
      'The password is pass:word.',
      'The password is [redacted].',
    ],
    ['no password of another scheme', basic.replace('Basic', 'Other'), 'pass:word', 'pass:word'],
    ['no short value', 'Bearer 1234567', 'number 1234567', 'number 1234567'],
    ['a value of eight characters', 'Bearer 12345678', 'number 12345678', 'number [redacted]'],
    ['nothing without a header', '', 'text', 'text'],
  ];
  for (const [title, authorization, text, expected] of cases) {
    test(`are removed from an answer: ${title}`, () => {
      const secrets = new SentSecrets(authorization === '' ? {} : { authorization });
      assert.equal(secrets.removeFrom(text), expected);
      const body = Buffer.from(text);
      const removed = secrets.removeFromBody(body);
      assert.equal(removed.toString(), expected);
      assert.equal(removed === body, text === expected);
    });
  }
});

suite('a wait with a limit', () => {
  test('ends with the value, the error, the limit or the reason of its signal', async () => {
    const never = new Promise<never>(() => undefined);
    const reason = new Error('stopped');
    assert.equal(await within(Promise.resolve(1), 60_000), 1);
    await assert.rejects(within(Promise.reject(reason), 60_000), (error) => error === reason);
    await assert.rejects(within(never, 1), new TimeLimitError(1));
    await assert.rejects(within(never, 60_000, AbortSignal.abort(reason)), (error) => error === reason);
    const controller = new AbortController();
    const waiting = within(never, 60_000, controller.signal);
    controller.abort('shutdown');
    await assert.rejects(waiting, { message: 'The request was cancelled.', cause: 'shutdown' });
  });
});
