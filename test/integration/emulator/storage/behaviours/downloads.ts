import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Behaviour } from './behaviour';
import { assertError, textAt } from './behaviour';

const TEXT = 'x'.repeat(1_000);

export const DOWNLOADS: readonly Behaviour[] = [
  {
    title: 'a download has length, type, generation, storage class and checksums in its headers',
    fakeGcsServer: 'it has no x-goog-metageneration and no x-goog-storage-class',
    check: async (bucket) => {
      const created = await bucket.put('a.txt', 'hello');
      const { headers } = await bucket.call('GET', bucket.object('a.txt', 'alt=media'));
      const names = ['content-length', 'content-type', 'x-goog-metageneration', 'x-goog-storage-class'];
      assert.deepEqual(
        [...names, 'x-goog-stored-content-encoding', 'x-goog-stored-content-length'].map((name) => headers[name]),
        ['5', 'text/plain', '1', 'STANDARD', 'identity', '5'],
      );
      assert.equal(headers['x-goog-generation'], textAt(created, 'generation'));
      assert.equal(headers.etag, textAt(created, 'etag'));
      assert.equal(headers['x-goog-hash'], 'crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==');
    },
  },
  {
    title: 'a range is answered with its bytes',
    check: async (bucket) => {
      await bucket.put('a.txt', '0123456789');
      for (const [range, bytes, contentRange] of [
        ['bytes=2-4', '234', 'bytes 2-4/10'],
        ['bytes=7-', '789', 'bytes 7-9/10'],
        ['bytes=-3', '789', 'bytes 7-9/10'],
        ['bytes=8-100', '89', 'bytes 8-9/10'],
        ['bytes=-100', '0123456789', 'bytes 0-9/10'],
      ] as const) {
        const { status, body, headers } = await bucket.call('GET', bucket.object('a.txt', 'alt=media'), {
          headers: { range },
        });
        assert.deepEqual([status, body.toString(), headers['content-range']], [206, bytes, contentRange], range);
        assert.equal(headers['content-length'], String(bytes.length));
      }
    },
  },
  {
    title: 'a range beyond the end is not satisfiable',
    check: async (bucket) => {
      await bucket.put('a.txt', '0123456789');
      for (const range of ['bytes=10-', 'bytes=10-20']) {
        const { status } = await bucket.call('GET', bucket.object('a.txt', 'alt=media'), { headers: { range } });
        assert.equal(status, 416, range);
      }
    },
  },
  {
    title: 'an error for a range has the size of the object and a reason',
    fakeGcsServer: 'the error is XML, also on paths of the JSON API',
    check: async (bucket) => {
      await bucket.put('a.txt', '0123456789');
      await bucket.put('empty', '');
      for (const [name, range, size] of [
        ['a.txt', 'bytes=10-', 10],
        ['a.txt', 'bytes=-0', 10],
        ['empty', 'bytes=0-', 0],
      ] as const) {
        const answer = await bucket.call('GET', bucket.object(name, 'alt=media'), { headers: { range } });
        assertError(answer, 416, 'requestedRangeNotSatisfiable');
        assert.equal(answer.headers['content-range'], `bytes */${size}`);
      }
    },
  },
  {
    title: 'a range that is not valid is ignored',
    check: async (bucket) => {
      await bucket.put('a.txt', '0123456789');
      for (const range of ['bytes=5-2', 'lines=1-2', 'bytes=a-b']) {
        const { status, body } = await bucket.call('GET', bucket.object('a.txt', 'alt=media'), { headers: { range } });
        assert.deepEqual([status, body.length], [200, 10], range);
      }
    },
  },
  {
    title: 'a generation that was replaced is not found',
    check: async (bucket) => {
      const first = textAt(await bucket.put('a.txt', 'one'), 'generation');
      const second = textAt(await bucket.put('a.txt', 'two'), 'generation');
      const get = (generation: string) =>
        bucket.call('GET', bucket.object('a.txt', `alt=media&generation=${generation}`));
      assert.equal((await get(first)).status, 404);
      assert.equal((await get(second)).body.toString(), 'two');
    },
  },
  {
    title: 'the paths for downloads of both APIs have the content',
    check: async (bucket) => {
      await bucket.put('dir/a b.txt', 'hello');
      for (const path of ['/download/storage/v1/b/{b}/o/dir%2Fa%20b.txt?alt=media', '/{b}/dir/a%20b.txt']) {
        const { status, body, headers } = await bucket.call('GET', path);
        assert.deepEqual([status, body.toString()], [200, 'hello'], path);
        assert.match(String(headers['x-goog-hash']), /crc32c=mnG7TA==/);
      }
    },
  },
  {
    title: 'a missing object is an error in XML on the path of the XML API',
    fakeGcsServer: 'the error is plain text',
    check: async (bucket) => {
      const { status, headers, body } = await bucket.call('GET', '/{b}/missing');
      assert.deepEqual([status, headers['content-type']], [404, 'application/xml; charset=UTF-8']);
      assert.match(body.toString(), /<Code>NoSuchKey<\/Code>/);
      assert.match((await bucket.call('GET', '/{b}-missing/a')).body.toString(), /<Code>NoSuchBucket<\/Code>/);
    },
  },
  {
    title: 'mediaLink is an address of the content',
    check: async (bucket) => {
      const link = textAt(await bucket.put('dir/a b.txt', 'hello'), 'mediaLink');
      assert.equal((await bucket.call('GET', link)).body.toString(), 'hello');
    },
  },
  {
    title: 'HEAD has the headers of a download without its content',
    check: async (bucket) => {
      await bucket.put('a.txt', 'hello');
      const { status, headers, body } = await bucket.call('HEAD', '/{b}/a.txt');
      assert.deepEqual([status, headers['content-length'], body.length], [200, '5', 0]);
    },
  },
  {
    title: 'gzip content is sent as stored, with ranges, to a client that accepts gzip',
    check: async (bucket) => {
      const stored = gzipSync(TEXT);
      await bucket.put('a.gz', stored, '&contentEncoding=gzip');
      const path = bucket.object('a.gz', 'alt=media');
      const accept = { 'accept-encoding': 'gzip' };
      const whole = await bucket.call('GET', path, { headers: accept });
      assert.ok(whole.body.equals(stored));
      assert.equal(whole.headers['content-encoding'], 'gzip');
      const part = await bucket.call('GET', path, { headers: { ...accept, range: 'bytes=2-5' } });
      assert.deepEqual([part.status, part.body], [206, stored.subarray(2, 6)]);
    },
  },
  {
    title: 'gzip content is decompressed for other clients, without a length',
    fakeGcsServer: 'it sends the length of the decompressed content, and no x-goog-stored-content-length',
    check: async (bucket) => {
      const stored = gzipSync(TEXT);
      await bucket.put('a.gz', stored, '&contentEncoding=gzip');
      const { headers, body } = await bucket.call('GET', bucket.object('a.gz', 'alt=media'));
      assert.equal(body.toString(), TEXT);
      const names = ['content-length', 'content-encoding', 'x-goog-stored-content-encoding'];
      assert.deepEqual(
        [...names, 'x-goog-stored-content-length', 'transfer-encoding'].map((name) => headers[name]),
        [undefined, undefined, 'gzip', String(stored.length), 'chunked'],
      );
      assert.match(String(headers.warning), /^214 /);
    },
  },
  {
    title: 'a range of gzip content is ignored for clients that do not accept gzip',
    check: async (bucket) => {
      await bucket.put('a.gz', gzipSync(TEXT), '&contentEncoding=gzip');
      const { status, body } = await bucket.call('GET', bucket.object('a.gz', 'alt=media'), {
        headers: { range: 'bytes=0-9' },
      });
      assert.deepEqual([status, body.toString()], [200, TEXT]);
    },
  },
  {
    title: 'gzip content with the cache control no-transform is never decompressed',
    fakeGcsServer: 'it decompresses all gzip content',
    check: async (bucket) => {
      const stored = gzipSync(TEXT);
      await bucket.putRelated({ name: 'a.gz', contentEncoding: 'gzip', cacheControl: 'no-transform' }, stored);
      const { body } = await bucket.call('GET', bucket.object('a.gz', 'alt=media'));
      assert.ok(body.equals(stored));
    },
  },
];
