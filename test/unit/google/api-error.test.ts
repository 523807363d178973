import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { apiErrorOf, GoogleApiError, GoogleTransportError } from '../../../src/google/api-error';
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
