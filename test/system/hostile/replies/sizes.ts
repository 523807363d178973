import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { raw, repeated } from '../hostile-server';
import type { Row } from './calls';
import { MEGABYTE, MODEL, apiError, failure, json, model, rawly, refused, streamed, text } from './calls';

/** Replies that are too large, too deep or too many. */
export const SIZES: Readonly<Record<string, Row>> = {
  'a body of 300 MB': {
    call: 'models.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  'a body of 300 MB that is announced': {
    call: 'operations.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300), 200, { 'content-length': String(300 * MEGABYTE) }),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a body of 300 MB in a list of objects': {
    call: 'objects.list',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  '300 MB of brackets': {
    call: 'models.get',
    reply: streamed(() => repeated('['.repeat(MEGABYTE), 300)),
    ending: refused(/more than 16000000 bytes/),
    maxBytesSent: 30 * MEGABYTE,
  },
  '15 MB of brackets': {
    call: 'models.get',
    reply: streamed(() => repeated('['.repeat(MEGABYTE), 15)),
    ending: refused(/not what the API documents/),
  },
  '15 MB of nested objects': {
    call: 'operations.get',
    reply: streamed(() => repeated('{"a":'.repeat(200_000), 15)),
    ending: refused(/not what the API documents/),
  },
  'a nested value that is well closed': {
    call: 'models.get',
    reply: text(`{"name":"${MODEL}","metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    ending: refused(/not what the API documents/),
  },
  '5 million empty objects as formats': {
    call: 'models.get',
    reply: streamed(function* () {
      yield `{"name":"${MODEL}","supportedExportFormats":[`;
      yield* repeated('{},'.repeat(100_000), 50);
      yield '{}]}';
    }),
    ending: refused(/not what the API documents/),
  },
  '100,000 formats': {
    call: 'models.get',
    reply: json(model({ supportedExportFormats: Array.from({ length: 100_000 }, () => ({ id: 'tflite' })) })),
    ending: refused(/supportedExportFormats/),
  },
  '1 million numbers as listed objects': {
    call: 'objects.list',
    reply: text(`{"kind":"storage#objects","items":[${'0,'.repeat(1_000_000)}0]}`),
    ending: refused(/not what the API documents at items/),
  },
  '1 million numbers as listed operations': {
    call: 'operations.list of a location',
    reply: text(`{"operations":[${'0,'.repeat(1_000_000)}0]}`),
    ending: refused(/not what the API documents at operations/),
  },
  '1 million keys in the answer to a cancel': {
    call: 'operations.cancel',
    reply: text(`{${Array.from({ length: 1_000_000 }, (_, key) => `"k${key}":0`).join(',')}}`),
    ending: refused(/not what the API documents/),
  },
  'chunks of one byte': {
    call: 'models.get',
    reply: (request) => {
      raw(request, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', false);
      raw(request, '1\r\n \r\n'.repeat(500_000));
    },
    ending: refused(),
  },
  'a ranged read that gets 300 MB': {
    call: 'objects.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 300), 206),
    ending: refused(/more than 100 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a ranged read that gets the whole object': {
    call: 'objects.get',
    reply: text('x'.repeat(1_000)),
    ending: refused(/more than 100 bytes/),
  },
  'a ranged read that gets less': {
    call: 'objects.get',
    reply: text('x'.repeat(99), 206),
    ending: refused(/99 bytes/),
  },
  'a ranged read that gets another range': {
    call: 'objects.get',
    reply: text('x'.repeat(100), 206, { 'content-range': 'bytes 0-99/1000' }),
    ending: refused(/another range/),
  },
  'a blob of 300 MB instead of a range': {
    call: 'blobs.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 300)),
    ending: refused(/more than 100 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'a manifest of 100 MB': {
    call: 'manifests.get',
    reply: streamed(() => repeated(' '.repeat(MEGABYTE), 100)),
    ending: refused(/more than 4000000 bytes/),
    maxBytesSent: 16 * MEGABYTE,
  },
  'a manifest with 100,000 layers': {
    call: 'manifests.get',
    reply: text(`{"schemaVersion":2,"layers":[${'0,'.repeat(100_000)}0]}`),
    ending: refused(/not a manifest/),
  },
  'a manifest of brackets': {
    call: 'manifests.get',
    reply: text('['.repeat(3_900_000)),
    ending: refused(/not a manifest/),
  },
  'an error body of 100 MB': {
    call: 'models.get',
    reply: streamed(() => repeated('x'.repeat(MEGABYTE), 100), 500),
    ending: refused(/more than 1000000 bytes/),
    maxBytesSent: 12 * MEGABYTE,
  },
  'an error of a ranged read that is longer than the range': {
    call: 'objects.get',
    reply: text(failure({ status: 'PERMISSION_DENIED', message: `denied ${'x'.repeat(500)}` }), 403),
    ending: apiError(({ status }) => {
      assert.equal(status, 'PERMISSION_DENIED');
    }),
  },
  'an error page of 300 KB of <': {
    call: 'models.get',
    reply: text('<'.repeat(300_000), 502),
    ending: apiError(({ message, status }) => {
      assert.equal(status, 'UNAVAILABLE');
      assert.ok(message.length < 300);
    }),
  },
  'an error page of tags': {
    call: 'models.get',
    reply: text('<b>busy</b><br>'.repeat(20_000), 502),
    ending: apiError(({ message }) => {
      assert.match(message, /^HTTP 502: busy busy/);
    }),
  },
  'an error message of 900 KB': {
    call: 'models.get',
    reply: text(failure({ status: 'INTERNAL', message: '\u{1f600}'.repeat(220_000) }), 500),
    ending: apiError(({ message }) => {
      assert.ok(message.startsWith('\u{1f600}'));
    }),
  },
  'an error with 500,000 wrong details': {
    call: 'models.get',
    reply: text(`{"error":{"message":"busy","status":"UNAVAILABLE","details":[${'0,'.repeat(490_000)}0]}}`, 503),
    ending: apiError(({ message }) => {
      assert.equal(message, 'busy');
    }),
  },
  'an error of brackets': {
    call: 'models.get',
    reply: text(`{"error":${'['.repeat(900_000)}`, 503),
    ending: apiError(({ status }) => {
      assert.equal(status, 'UNAVAILABLE');
    }),
  },
  'an error with fields of wrong types': {
    call: 'models.get',
    reply: text('{"error":{"message":7,"status":["x"],"details":"y","code":{}}}', 403),
    ending: apiError(({ status }) => {
      assert.equal(status, 'PERMISSION_DENIED');
    }),
  },
  'a header of 1 MB': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\nx-bomb: ${'x'.repeat(MEGABYTE)}\r\ncontent-length: 2\r\n\r\n{}`),
    ending: refused(),
  },
  '100,000 headers': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\n${'x-bomb: 1\r\n'.repeat(100_000)}\r\n`),
    ending: refused(),
  },
  'an unrequested body compressed from 100 MB': {
    call: 'models.get',
    reply: text(gzipSync(Buffer.alloc(100 * MEGABYTE)), 200, { 'content-encoding': 'gzip' }),
    ending: refused(/not what the API documents/),
  },
};
