import assert from 'node:assert/strict';
import type { Row } from './calls';
import {
  MEGABYTE,
  MODEL,
  OPERATION,
  apiError,
  fieldsOf,
  gives,
  givesEqual,
  json,
  model,
  object,
  objects,
  operation,
  rawly,
  refused,
  text,
} from './calls';

/** Replies with values of wrong kinds, lone surrogates and prototype keys. */
export const VALUES: Readonly<Record<string, Row>> = {
  'lone surrogates in every text of a Model': {
    call: 'models.get',
    reply: text(
      `{"name":"${MODEL}","displayName":"a\\ud800b","artifactUri":"gs://b/\\udc00","containerSpec":{"imageUri":"x\\ud800"},` +
        '"supportedExportFormats":[{"id":"tflite","exportableContents":["\\ud800"]}],"versionCreateTime":"\\ud800"}',
    ),
    ending: gives((value) => {
      assert.doesNotMatch(JSON.stringify(value), /\\ud[89a-f]/i);
      const { displayName, artifactUri, containerSpec, versionCreateTime } = fieldsOf(value);
      assert.deepEqual(
        [displayName, artifactUri, containerSpec, versionCreateTime],
        ['a\ufffdb', undefined, {}, undefined],
      );
    }),
  },
  'a lone surrogate in a Model’s name': {
    call: 'models.get',
    reply: text(`{"name":"${MODEL}\\ud800"}`),
    ending: refused(/name/),
  },
  'a lone surrogate in a listed name': {
    call: 'objects.list',
    reply: text('{"kind":"storage#objects","items":[{"name":"run/\\ud800","size":"1","generation":"1"}]}'),
    ending: refused(/name/),
  },
  'a lone surrogate in a page token': {
    call: 'objects.list',
    reply: text('{"kind":"storage#objects","nextPageToken":"\\ud800"}'),
    ending: refused(/nextPageToken/),
  },
  'lone surrogates and control characters in an error': {
    call: 'operations.get',
    reply: text('{"error":{"message":"a\\ud800b\\u001b[2Jc\\u202ed","status":"NOT_FOUND"}}', 404),
    ending: apiError(({ message, status }) => {
      assert.equal(status, 'NOT_FOUND');
      assert.equal(message, 'a\ufffdb [2Jc d');
    }),
  },
  'lone surrogates in the error of an operation': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":9,"message":"\\ud800${'x'.repeat(100_000)}"}}`),
    ending: gives((value) => {
      const { message } = fieldsOf(fieldsOf(value)['error']);
      assert.ok(typeof message === 'string' && message.length <= 2_000 && message.startsWith('\ufffd'));
    }),
  },
  'a code of an operation that is not a number': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":"NaN"}}`),
    ending: refused(/error.code/),
  },
  'a code of an operation that is infinite': {
    call: 'operations.get',
    reply: text(`{"name":"${OPERATION}","done":true,"error":{"code":1e400}}`),
    ending: refused(/error.code/),
  },
  'done as a text': { call: 'operations.get', reply: json(operation({ done: 'true' })), ending: refused(/done/) },
  'times that are none': {
    call: 'operations.get',
    reply: json(
      operation({ metadata: { genericMetadata: { createTime: '+275760-09-13', updateTime: 7 }, outputInfo: {} } }),
    ),
    ending: givesEqual({ name: OPERATION, done: false, metadata: { genericMetadata: {}, outputInfo: {} } }),
  },
  'output places of 1 MB': {
    call: 'operations.get',
    reply: json(operation({ metadata: { outputInfo: { artifactOutputUri: `gs://b/${'x'.repeat(MEGABYTE)}` } } })),
    ending: givesEqual({ name: OPERATION, done: false, metadata: { genericMetadata: {}, outputInfo: {} } }),
  },
  'format ids with spaces, slashes and 1,000 characters': {
    call: 'models.get',
    reply: json(
      model({ supportedExportFormats: [{ id: 'a b' }, { id: '../x' }, { id: 'y'.repeat(1_000) }, { id: 'tf-js' }] }),
    ),
    ending: gives((value) => {
      assert.deepEqual(fieldsOf(value)['supportedExportFormats'], [{ id: 'tf-js', exportableContents: [] }]);
    }),
  },
  'a display name of 1 MB': {
    call: 'models.get',
    reply: json(model({ displayName: '\u{1f600}'.repeat(250_000) })),
    ending: gives((value) => {
      const { displayName } = fieldsOf(value);
      assert.ok(typeof displayName === 'string' && displayName.length <= 200);
    }),
  },
  'prototype keys in a Model': {
    call: 'models.get',
    reply: text(
      `{"__proto__":{"versionId":"9"},"constructor":{"name":"x"},"name":"${MODEL}","toString":1,"hasOwnProperty":0}`,
    ),
    ending: gives((value) => {
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.equal(fieldsOf(value)['versionId'], undefined);
      assert.equal(Object.hasOwn(Object.prototype, 'versionId'), false);
    }),
  },
  'prototype keys in an error': {
    call: 'models.get',
    reply: text('{"__proto__":{"error":{"message":"x"}},"constructor":{"error":1}}', 500),
    ending: apiError(({ status }) => {
      assert.equal(status, 'INTERNAL');
    }),
  },
  'prototype keys in place of a list': {
    call: 'operations.list of a Model',
    reply: text('{"__proto__":{"operations":[]}}'),
    ending: refused(/not what the API documents/),
  },
  'an object called __proto__': {
    call: 'objects.list',
    reply: json(objects(object({ name: 'run/__proto__' }))),
    ending: givesEqual([{ name: 'run/__proto__', size: 100, generation: '1' }]),
  },
  'a size that is a number': {
    call: 'objects.list',
    reply: json(objects(object({ size: 7 }))),
    ending: givesEqual([{ name: 'run/model.bin', size: 7, generation: '1' }]),
  },
  ...Object.fromEntries(
    ['"NaN"', '"-1"', '-1', '1e400', '"1e400"', '1.5', 'null', 'true', '""', '"0x10"', '[1]', '9007199254740993'].map(
      (size): [string, Row] => [
        `a size of ${size}`,
        {
          call: 'objects.list',
          reply: text(`{"kind":"storage#objects","items":[{"name":"run/a","size":${size},"generation":"1"}]}`),
          ending: refused(/size/),
        },
      ],
    ),
  ),
  'a generation that is a query': {
    call: 'objects.list',
    reply: json(objects(object({ generation: '1&alt=json' }))),
    ending: refused(/generation/),
  },
  'checksums that are none': {
    call: 'objects.list',
    reply: json(objects(object({ crc32c: 'x'.repeat(1_000), md5Hash: '\u001b[2J', timeCreated: 'yesterday' }))),
    ending: givesEqual([{ name: 'run/model.bin', size: 100, generation: '1' }]),
  },
  'a date in the year 275760': {
    call: 'models.get',
    reply: text(JSON.stringify(model()), 200, { date: 'Sat, 13 Sep 275760 00:00:00 GMT' }),
    ending: gives((value) => {
      assert.equal(fieldsOf(value)['name'], MODEL);
    }),
  },
  'a blob without a length': {
    call: 'blobs.head',
    reply: rawly('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n'),
    ending: refused(/content-length/),
  },
  'a blob of 99 digits': {
    call: 'blobs.head',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(18)}\r\nconnection: close\r\n\r\n`),
    ending: refused(/content-length/),
  },
};
