import assert from 'node:assert/strict';
import type { Behaviour } from './behaviour';
import { assertError, textAt, valueAt } from './behaviour';

const MIB = 1024 * 1024;

export const COPIES: readonly Behaviour[] = [
  {
    title: 'a rewrite copies content and metadata',
    check: async (bucket) => {
      await bucket.putRelated({ name: 'a', contentType: 'text/css', metadata: { k: 'v' } }, 'hello');
      const path = `${bucket.object('a')}/rewriteTo/b/{b}/o/dir%2Fb`;
      const answer = await bucket.call('POST', path);
      assert.deepEqual(
        ['kind', 'done', 'totalBytesRewritten', 'objectSize'].map((name) => valueAt(answer, name)),
        ['storage#rewriteResponse', true, '5', '5'],
      );
      assert.deepEqual(
        ['name', 'contentType', 'metadata', 'crc32c'].map((name) => valueAt(answer, 'resource', name)),
        ['dir/b', 'text/css', { k: 'v' }, 'mnG7TA=='],
      );
      assert.equal((await bucket.call('GET', bucket.object('dir/b', 'alt=media'))).body.toString(), 'hello');
    },
  },
  {
    title: 'metadata in the body of a rewrite replaces that of the source',
    fakeGcsServer: 'it keeps metadata of the source that the body does not name',
    check: async (bucket) => {
      await bucket.putRelated({ name: 'a', contentType: 'text/css', metadata: { k: 'v' } }, 'hello');
      const json = { contentType: 'text/html' };
      const answer = await bucket.call('POST', `${bucket.object('a')}/rewriteTo/b/{b}/o/b`, { json });
      assert.deepEqual(
        [valueAt(answer, 'resource', 'contentType'), valueAt(answer, 'resource', 'metadata')],
        ['text/html', undefined],
      );
    },
  },
  {
    title: 'a rewrite to another storage class needs several calls with a token',
    fakeGcsServer: 'it always copies in one call',
    check: async (bucket) => {
      const content = Buffer.alloc(2 * MIB + 5, 'abc');
      await bucket.put('a', content);
      const path = `${bucket.object('a')}/rewriteTo/b/{b}/o/b?maxBytesRewrittenPerCall=${MIB}`;
      const json = { storageClass: 'NEARLINE' };
      const first = await bucket.call('POST', path, { json });
      assert.deepEqual([valueAt(first, 'done'), valueAt(first, 'totalBytesRewritten')], [false, String(MIB)]);
      assert.equal((await bucket.call('GET', bucket.object('b'))).status, 404);
      const second = await bucket.call('POST', `${path}&rewriteToken=${textAt(first, 'rewriteToken')}`, { json });
      const third = await bucket.call('POST', `${path}&rewriteToken=${textAt(second, 'rewriteToken')}`, { json });
      assert.deepEqual([valueAt(third, 'done'), valueAt(third, 'resource', 'storageClass')], [true, 'NEARLINE']);
      assert.ok((await bucket.call('GET', bucket.object('b', 'alt=media'))).body.equals(content));
      assertError(await bucket.call('POST', `${path}&rewriteToken=unknown`, { json }), 410, 'invalidRewriteToken');
    },
  },
  {
    title: 'a copy creates an object',
    check: async (bucket) => {
      await bucket.put('a', 'hello');
      const answer = await bucket.call('POST', `${bucket.object('a')}/copyTo/b/{b}/o/b`);
      assert.deepEqual([valueAt(answer, 'kind'), valueAt(answer, 'name')], ['storage#object', 'b']);
    },
  },
  {
    title: 'a move renames an object, unless a hold prevents it',
    fakeGcsServer: 'it has no moves',
    check: async (bucket) => {
      await bucket.put('a', 'hello');
      await bucket.call('PATCH', bucket.object('a'), { json: { temporaryHold: true } });
      assertError(await bucket.call('POST', `${bucket.object('a')}/moveTo/o/b`), 403, 'objectUnderActiveHold');
      await bucket.call('PATCH', bucket.object('a'), { json: { temporaryHold: false } });
      assert.deepEqual((await bucket.list()).items, ['a']);
      assert.equal(valueAt(await bucket.call('POST', `${bucket.object('a')}/moveTo/o/dir%2Fb`), 'name'), 'dir/b');
      assert.deepEqual((await bucket.list()).items, ['dir/b']);
      assertError(await bucket.call('POST', `${bucket.object('dir/b')}/moveTo/o/dir%2Fb`), 400, 'invalid');
    },
  },
  {
    title: 'conditions on source and destination of a copy are checked',
    fakeGcsServer: 'it ignores conditions of a copy',
    check: async (bucket) => {
      await bucket.put('a');
      await bucket.put('b');
      for (const query of ['ifSourceGenerationMatch=1', 'ifGenerationMatch=0', 'ifSourceMetagenerationMatch=2']) {
        for (const method of ['copyTo', 'rewriteTo']) {
          const path = `${bucket.object('a')}/${method}/b/{b}/o/b?${query}`;
          assertError(await bucket.call('POST', path), 412, 'conditionNotMet');
        }
      }
    },
  },
  {
    title: 'a composed object has the content of its sources in order, and their number',
    fakeGcsServer: 'it has no componentCount, and an MD5',
    check: async (bucket) => {
      for (const name of ['a', 'b', 'c']) await bucket.put(name);
      const json = {
        sourceObjects: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
        destination: { contentType: 'text/css' },
      };
      const answer = await bucket.call('POST', `${bucket.object('abc')}/compose`, { json });
      assert.deepEqual(
        ['name', 'size', 'contentType', 'componentCount', 'md5Hash'].map((name) => valueAt(answer, name)),
        ['abc', '3', 'text/css', 3, undefined],
      );
      const { body, headers } = await bucket.call('GET', bucket.object('abc', 'alt=media'));
      assert.equal(body.toString(), 'cab');
      assert.match(String(headers['x-goog-hash']), /^crc32c=[^,]+$/);
    },
  },
  {
    title: 'a composition checks its sources',
    fakeGcsServer: 'a missing source is an internal error',
    check: async (bucket) => {
      await bucket.put('a');
      const compose = (sourceObjects: unknown[]) =>
        bucket.call('POST', `${bucket.object('t')}/compose`, { json: { sourceObjects } });
      assertError(await compose([{ name: 'missing' }]), 404, 'notFound');
      assertError(await compose([]), 400, 'required');
      assertError(await compose(Array.from({ length: 33 }, () => ({ name: 'a' }))), 400, 'invalid');
      const sources = [{ name: 'a', objectPreconditions: { ifGenerationMatch: '1' } }];
      assertError(await compose(sources), 412, 'conditionNotMet');
    },
  },
  {
    title: 'a batch has the answers of its requests in their order',
    fakeGcsServer: 'it answers a delete with 200, and ignores fields',
    check: async (bucket) => {
      await bucket.put('a');
      const parts = [`DELETE ${path('a')}`, `DELETE ${path('missing')}`, 'GET /storage/v1/b/{b}?fields=name'];
      const body = [
        ...parts.flatMap((line, index) => [
          '--sep',
          'Content-Type: application/http',
          `Content-ID: <id+${index + 1}>`,
          '',
          `${line.replaceAll('{b}', bucket.name)} HTTP/1.1`,
          '',
          '',
        ]),
        '--sep--',
        '',
      ].join('\r\n');
      const headers = { 'content-type': 'multipart/mixed; boundary=sep' };
      const answer = await bucket.call('POST', '/batch/storage/v1', { body, headers });
      const text = answer.body.toString();
      assert.match(String(answer.headers['content-type']), /^multipart\/mixed; ?boundary=/);
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 204', 'HTTP/1.1 404', 'HTTP/1.1 200']);
      assert.deepEqual(
        text.match(/Content-ID: <response-id\+\d>/gi)?.map((line) => line.slice(-2, -1)),
        ['1', '2', '3'],
      );
      assert.match(text, /"reason":\s*"notFound"/);
      assert.deepEqual(JSON.parse(text.slice(text.lastIndexOf('{'), text.lastIndexOf('}') + 1)), { name: bucket.name });
    },
  },
];

function path(name: string): string {
  return `/storage/v1/b/{b}/o/${name}`;
}
