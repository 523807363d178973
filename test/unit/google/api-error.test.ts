import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  advisedDelayMs,
  apiErrorOf,
  googleCode,
  googleStatus,
  GoogleApiError,
  GoogleTransportError,
  hasHttpStatus,
  hasStatus,
  isPassing,
  isThrottled,
  isUnimplemented,
} from '../../../src/google/api-error';
import { BodyTooLargeError, BoundedBody } from '../../../src/google/bounded-body';
import { jsonOrUndefined } from '../../../src/internal/json';

const SECRET = 'ya29.marked-secret';

suite('an error of a request', () => {
  test('has a message of one line, of limited length, in valid Unicode and without credentials', () => {
    const text = `a\u001b[2J\r\nb \ud800 Bearer ${SECRET} https://x.example/y?ticket=${SECRET} ${'\u{1f600}'.repeat(2_000)}`;
    const errors = [
      new GoogleApiError(text, 'INTERNAL', 500, text),
      new GoogleTransportError(text, text),
      apiErrorOf({ status: 500, headers: {}, body: Buffer.from(text) }, text),
      apiErrorOf({ status: 500, headers: {}, body: Buffer.from(JSON.stringify({ error: { message: text } })) }, text),
    ];
    for (const error of errors) {
      for (const shown of [error.message, error.request]) {
        assert.ok(shown.length <= 2_000);
        assert.doesNotMatch(shown, /\p{Surrogate}|\p{Cc}/u);
      }
      assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes(SECRET));
      assert.equal(error.cause, undefined);
    }
  });

  test('never advises a wait that is negative, not a number or longer than 10 minutes', () => {
    const delayOf = (delay?: number) => new GoogleApiError('', 'RESOURCE_EXHAUSTED', 429, '', delay).retryDelayMs;
    assert.deepEqual([undefined, -1, Number.NaN].map(delayOf), [undefined, undefined, undefined]);
    assert.deepEqual([0, 1.4, 600_000, 1e12, Infinity].map(delayOf), [0, 1, 600_000, 600_000, 600_000]);
  });
});

suite('the error of an answer', () => {
  const refused = [400, 403, 404, 409, 412, 499];
  const errorOf = (status: number, body: string): unknown =>
    apiErrorOf({ status, headers: {}, body: Buffer.from(body) }, 'GET gs://bucket/object');

  test('does not count as a refusal by the service if the answer is a web page of any status', () => {
    for (const page of ['<!DOCTYPE html><p>Forbidden', '\n <html lang="en">', '<!doctype html >', '<HTML>']) {
      for (const status of refused)
        assert.ok(errorOf(status, page) instanceof GoogleTransportError, `${status} ${page}`);
    }
  });

  test('counts as a refusal by the service if the answer is JSON, plain text, XML or empty', () => {
    const bodies = ['{"error": {"code": 403}}', 'No such object: bucket/object', '<?xml version="1.0"?><Error/>', ''];
    for (const body of bodies) {
      for (const status of refused) assert.ok(errorOf(status, body) instanceof GoogleApiError, `${status} ${body}`);
    }
  });

  test('keeps a temporary status, even if the answer is a web page', () => {
    for (const status of [401, 408, 429, 500, 502, 503]) {
      assert.ok(errorOf(status, '<!doctype html>') instanceof GoogleApiError, String(status));
    }
  });
});

suite('the status of an error', () => {
  const errorOf = (status: number, body: unknown, headers: Record<string, string> = {}, refusesInJson = false) =>
    apiErrorOf({ status, headers, body: Buffer.from(JSON.stringify(body)) }, 'GET x', refusesInJson);
  const named = (status: number, body: unknown) => {
    const error = errorOf(status, body);
    return error instanceof GoogleApiError ? error.status : undefined;
  };

  test('is that of the body, or the one that belongs to the HTTP status', () => {
    assert.equal(named(400, { error: { status: 'FAILED_PRECONDITION' } }), 'FAILED_PRECONDITION');
    for (const body of [{ error: {} }, { error: { status: 'NEW_STATUS' } }, { error: { status: 5 } }, {}]) {
      const found = [400, 401, 403, 404, 408, 409, 412, 418, 429, 499, 500, 501, 502, 503, 504, 505].map((status) =>
        named(status, body),
      );
      assert.deepEqual(found, [
        'INVALID_ARGUMENT',
        'UNAUTHENTICATED',
        'PERMISSION_DENIED',
        'NOT_FOUND',
        'DEADLINE_EXCEEDED',
        'ABORTED',
        'FAILED_PRECONDITION',
        'UNKNOWN',
        'RESOURCE_EXHAUSTED',
        'CANCELLED',
        'INTERNAL',
        'UNIMPLEMENTED',
        'UNAVAILABLE',
        'UNAVAILABLE',
        'DEADLINE_EXCEEDED',
        'INTERNAL',
      ]);
    }
  });

  test('has a number in gRPC, and numbers that gRPC does not define are unknown', () => {
    for (let code = 0; code <= 16; code += 1) assert.equal(googleCode(googleStatus(code)), code);
    assert.deepEqual([-1, 17, 1.5].map(googleStatus), ['UNKNOWN', 'UNKNOWN', 'UNKNOWN']);
    assert.deepEqual([googleStatus(5), googleStatus(14)], ['NOT_FOUND', 'UNAVAILABLE']);
  });

  test('shows whether a request may have taken effect, and whether it may succeed later', () => {
    for (const [status, isAmbiguous, mayPass] of [
      [400, false, false],
      [401, false, true],
      [403, false, false],
      [404, false, false],
      [408, true, true],
      [409, true, false],
      [412, false, false],
      [429, false, true],
      [499, true, false],
      [500, true, true],
      [503, true, true],
    ] as const) {
      const error = new GoogleApiError('', 'UNKNOWN', status, '');
      assert.deepEqual([error.ambiguous, isPassing(error)], [isAmbiguous, mayPass], String(status));
    }
    assert.equal(isPassing(new GoogleTransportError('', '')), true);
    assert.equal(isPassing(new GoogleApiError('', 'RESOURCE_EXHAUSTED', 403, '')), true);
    assert.equal(isPassing(new Error('503')), false);
  });

  test('is compared only for errors of Google', () => {
    const error = new GoogleApiError('', 'NOT_FOUND', 404, '', 7);
    const other = Object.assign(new Error(''), { status: 'NOT_FOUND', httpStatus: 404, retryDelayMs: 7 });
    assert.deepEqual([hasStatus(error, 'ABORTED', 'NOT_FOUND'), hasStatus(error, 'ABORTED')], [true, false]);
    assert.deepEqual([hasHttpStatus(error, 403, 404), hasHttpStatus(error, 403)], [true, false]);
    assert.deepEqual([hasStatus(other, 'NOT_FOUND'), hasHttpStatus(other, 404)], [false, false]);
    assert.deepEqual([error, new GoogleApiError('', 'ABORTED', 409, ''), other].map(advisedDelayMs), [7, 0, 0]);
    assert.deepEqual([isUnimplemented(error), isThrottled(error)], [false, false]);
    assert.equal(isUnimplemented(new GoogleApiError('', 'UNIMPLEMENTED', 501, '')), true);
    assert.equal(isThrottled(new GoogleApiError('', 'UNKNOWN', 429, '')), true);
    assert.equal(isThrottled(new GoogleApiError('', 'RESOURCE_EXHAUSTED', 403, '')), true);
  });

  test('comes with the delay of RetryInfo, or of Retry-After in seconds or as a date', () => {
    const retry = (retryDelay: unknown) => ({ retryDelay });
    const after = (value: string) => ({ 'retry-after': value });
    const delays: [unknown, Record<string, string>, number | undefined][] = [
      [[retry('1.5s')], after('7'), 1_500],
      [[{ other: 1 }, retry('2s'), retry('3s')], {}, 2_000],
      [[...Array.from({ length: 19 }, () => ({})), retry('2s')], {}, 2_000],
      [[...Array.from({ length: 20 }, () => ({})), retry('2s')], {}, undefined],
      [[retry('2')], after('7'), 7_000],
      [[retry('x2s')], {}, undefined],
      [[retry('2sx')], {}, undefined],
      [[retry('-2s')], {}, undefined],
      [{ 0: retry('2s') }, after('0'), 0],
      [undefined, after('soon'), undefined],
      [undefined, after(new Date(0).toUTCString()), undefined],
      [undefined, after(`${'0'.repeat(99)}7`), 7_000],
      [undefined, after(`${'0'.repeat(100)}7`), undefined],
      [undefined, after(new Date(Date.now() + 86_400_000).toUTCString()), 600_000],
    ];
    for (const [details, headers, expected] of delays) {
      const error = errorOf(429, { error: { details } }, headers);
      assert.ok(error instanceof GoogleApiError);
      assert.equal(error.retryDelayMs, expected, JSON.stringify([details, headers]));
    }
    assert.equal(advisedDelayMs(errorOf(503, {}, after('7'))), 7_000);
  });
});

suite('the message of an error without JSON of Google', () => {
  const messageOf = (status: number, body: string, refusesInJson?: boolean) =>
    apiErrorOf({ status, headers: {}, body: Buffer.from(body) }, 'GET x', refusesInJson).message;

  test('has the HTTP status and the beginning of the text, without tags', () => {
    for (const [body, message] of [
      ['', 'HTTP 404 without a body'],
      ['<br>', 'HTTP 404 without a body'],
      ['No such object', 'HTTP 404: No such object'],
      ['<b>No</b>such\n\n <i>object', 'HTTP 404: No such object'],
      ['a < b', 'HTTP 404: a < b'],
      ['x'.repeat(201), `HTTP 404: ${'x'.repeat(199)}…`],
      [`${' '.repeat(4_096)}x`, 'HTTP 404 without a body'],
      ['{"errors": [{"code": "DENIED", "message": "no access"}]}', 'no access'],
      ['{"errors": [{"code": "DENIED"}]}', 'DENIED'],
    ] as const) {
      assert.equal(messageOf(404, body), message);
    }
  });

  test('of a service that refuses with JSON only states that a proxy answered', () => {
    assert.equal(
      messageOf(404, 'No such page', true),
      'GET x: the answer does not come from the service: HTTP 404: No such page',
    );
    for (const status of [401, 408, 429, 500]) {
      assert.equal(messageOf(status, 'No such page', true), `HTTP ${status}: No such page`);
    }
  });
});

suite('a body of limited size', () => {
  test('has the received bytes for any sequence of chunks', () => {
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, byte) => byte % 251));
    for (const size of [1, 7, 16_384, 100_000]) {
      const body = new BoundedBody(100_000);
      for (let start = 0; start < content.length; start += size) body.add(content.subarray(start, start + size));
      assert.ok(body.content().equals(content));
    }
  });

  test('is rejected at the first byte beyond the limit, with and without a content length', () => {
    const body = new BoundedBody(10);
    body.expect(10);
    body.add(Buffer.alloc(10));
    assert.throws(() => {
      body.add(Buffer.alloc(1));
    }, BodyTooLargeError);
    assert.throws(() => {
      new BoundedBody(10).expect(11);
    }, BodyTooLargeError);
  });
});

suite('JSON of a reply', () => {
  test('is parsed if its depth and size are normal', () => {
    const value = { text: '[{,"\\'.repeat(10_000), list: Array.from({ length: 50_000 }, (_, item) => ({ item })) };
    assert.deepEqual(jsonOrUndefined(JSON.stringify(value)), value);
  });

  test('is not parsed if it is nested too deeply, has too many values, or is not JSON', () => {
    const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const many = `[${'0,'.repeat(2_000_001)}0]`;
    for (const text of [nested, many, '', '{', `"${'\\'.repeat(20_001)}`]) {
      assert.equal(jsonOrUndefined(text), undefined);
    }
  });
});
