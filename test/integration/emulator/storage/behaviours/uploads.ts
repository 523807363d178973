import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { at } from '../../../../support/http';
import type { Behaviour } from './behaviour';
import { assertError, textAt, valueAt } from './behaviour';

const BLOCK = 256 * 1024;

export const UPLOADS: readonly Behaviour[] = [
  {
    title: 'an uploaded object has size, checksums, generation, metageneration and times',
    check: async (bucket) => {
      const { json } = await bucket.put('a.txt', 'hello');
      assert.deepEqual(
        ['kind', 'name', 'bucket', 'size', 'contentType', 'crc32c', 'md5Hash', 'metageneration'].map((name) =>
          at(json, name),
        ),
        [
          ...['storage#object', 'a.txt', bucket.name, '5', 'text/plain'],
          ...['mnG7TA==', createHash('md5').update('hello').digest('base64'), '1'],
        ],
      );
      assert.match(String(at(json, 'generation')), /^\d{16}$/);
      assert.match(String(at(json, 'timeCreated')), /^\d{4}-\d\d-\d\dT/);
    },
  },
  {
    title: 'a new version has a larger generation and the metageneration 1',
    check: async (bucket) => {
      const first = await bucket.put('a.txt', 'one');
      const second = await bucket.put('a.txt', 'two');
      assert.ok(Number(valueAt(second, 'generation')) > Number(valueAt(first, 'generation')));
      assert.equal(valueAt(second, 'metageneration'), '1');
      const { body } = await bucket.call('GET', bucket.object('a.txt', 'alt=media'));
      assert.equal(body.toString(), 'two');
    },
  },
  {
    title: 'an object can be empty',
    check: async (bucket) => {
      const created = await bucket.put('empty', '');
      assert.deepEqual([valueAt(created, 'size'), valueAt(created, 'crc32c')], ['0', 'AAAAAA==']);
      const { status, body } = await bucket.call('GET', bucket.object('empty', 'alt=media'));
      assert.deepEqual([status, body.length], [200, 0]);
    },
  },
  {
    title: 'an upload of two parts has metadata in JSON and content',
    check: async (bucket) => {
      const resource = { name: 'm.txt', contentType: 'text/css', metadata: { key: 'value' }, cacheControl: 'no-store' };
      const content = `line\r\n--sepX\r\n${'x'.repeat(200_000)}`;
      const created = await bucket.putRelated(resource, content);
      assert.deepEqual(
        ['name', 'contentType', 'metadata', 'cacheControl', 'size'].map((name) => valueAt(created, name)),
        ['m.txt', 'text/css', { key: 'value' }, 'no-store', String(content.length)],
      );
      const { body } = await bucket.call('GET', bucket.object('m.txt', 'alt=media'));
      assert.equal(body.toString(), content);
    },
  },
  {
    title: 'an upload with two content types is rejected',
    fakeGcsServer: 'it prefers the content type of the content',
    check: async (bucket) => {
      const answer = await bucket.putRelated({ name: 'a', contentType: 'text/css' }, 'a', '', 'text/plain');
      assertError(answer, 400, 'invalid');
    },
  },
  {
    title: 'an upload with a wrong checksum is rejected and writes nothing',
    fakeGcsServer: 'it ignores the md5Hash that the client sends',
    check: async (bucket) => {
      assertError(await bucket.putRelated({ name: 'a', md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'hello'), 400, 'invalid');
      assertError(await bucket.putRelated({ name: 'a', crc32c: 'AAAAAA==' }, 'hello'), 400, 'invalid');
      assertError(await bucket.put('a', 'hello', '', { 'x-goog-hash': 'crc32c=AAAAAA==' }), 400, 'invalid');
      assert.equal((await bucket.call('GET', bucket.object('a'))).status, 404);
      const good = await bucket.put('a', 'hello', '', {
        'x-goog-hash': 'crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==',
      });
      assert.equal(good.status, 200);
    },
  },
  {
    title: 'an upload needs a name',
    fakeGcsServer: 'the reason is invalid',
    check: async (bucket) => {
      const answer = await bucket.call('POST', '/upload/storage/v1/b/{b}/o?uploadType=media', { body: 'x' });
      assertError(answer, 400, 'required');
    },
  },
  {
    title: 'an upload to a missing bucket is not found',
    check: async (bucket) => {
      const path = '/upload/storage/v1/b/{b}-missing/o?uploadType=media&name=a';
      assertError(await bucket.call('POST', path, { body: 'x' }), 404, 'notFound');
    },
  },
  {
    title: 'names with unusual characters are kept',
    check: async (bucket) => {
      for (const name of ['a b/ü/日本.txt', 'x%2Fy', 'q?z=1&y#h', '..%2f..', '/leading', 'trailing/', '😀']) {
        assert.equal(valueAt(await bucket.put(name), 'name'), name);
        const { body } = await bucket.call('GET', bucket.object(name, 'alt=media'));
        assert.equal(body.toString(), name);
      }
    },
  },
  {
    title: 'names that the service does not permit are rejected',
    fakeGcsServer: 'it accepts every name',
    check: async (bucket) => {
      for (const name of ['.', '..', 'x'.repeat(1_025), 'line\nbreak', 'ü'.repeat(513)]) {
        assertError(await bucket.put(name), 400, 'invalid');
      }
    },
  },
  {
    title: 'a resumable upload of one request is complete',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin', '', { contentType: 'text/css' });
      const answer = await bucket.call('PUT', url, { body: 'content' });
      assert.deepEqual(
        ['name', 'size', 'contentType'].map((name) => valueAt(answer, name)),
        ['r.bin', '7', 'text/css'],
      );
    },
  },
  {
    title: 'a resumable upload of several chunks reports what is stored',
    fakeGcsServer: 'it answers a chunk with 200 and a range that is one byte too long',
    check: async (bucket) => {
      const content = Buffer.alloc(2 * BLOCK + 10, 'abc');
      const url = await bucket.startUpload('r.bin');
      const sendRange = (start: number, end: number, total: string) =>
        bucket.call('PUT', url, {
          body: content.subarray(start, end),
          headers: { 'content-range': `bytes ${start}-${end - 1}/${total}` },
        });
      const first = await sendRange(0, BLOCK, '*');
      assert.deepEqual([first.status, first.headers.range], [308, `bytes=0-${BLOCK - 1}`]);
      const state = await bucket.call('PUT', url, { headers: { 'content-range': 'bytes */*' } });
      assert.deepEqual([state.status, state.headers.range], [308, `bytes=0-${BLOCK - 1}`]);
      assert.equal((await sendRange(BLOCK, 2 * BLOCK, String(content.length))).status, 308);
      const last = await sendRange(2 * BLOCK, content.length, String(content.length));
      assert.equal(valueAt(last, 'size'), String(content.length));
      const { body } = await bucket.call('GET', bucket.object('r.bin', 'alt=media'));
      assert.ok(body.equals(content));
    },
  },
  {
    title: 'a resumable upload without bytes has no range, and ends when its size is named',
    fakeGcsServer: 'it answers 200, and sends a range for an upload without bytes',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      const state = await bucket.call('PUT', url, { headers: { 'content-range': 'bytes */*' } });
      assert.deepEqual([state.status, state.headers.range], [308, undefined]);
      const ended = await bucket.call('PUT', url, { headers: { 'content-range': 'bytes */0' } });
      assert.equal(valueAt(ended, 'size'), '0');
    },
  },
  {
    title: 'the state of an upload has the status 200 for a client that does not want 308',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      const answer = await bucket.call('PUT', url, {
        body: Buffer.alloc(BLOCK),
        headers: { 'content-range': `bytes 0-${BLOCK - 1}/*`, 'x-guploader-no-308': 'yes' },
      });
      assert.deepEqual(
        [answer.status, answer.headers['x-http-status-code-override'], answer.headers.range],
        [200, '308', `bytes=0-${BLOCK - 1}`],
      );
    },
  },
  {
    title: 'a chunk that repeats stored bytes adds only the new ones',
    fakeGcsServer: 'it stores repeated bytes twice',
    check: async (bucket) => {
      const content = Buffer.alloc(2 * BLOCK, 'abc');
      const url = await bucket.startUpload('r.bin');
      const headers = { 'content-range': `bytes 0-${BLOCK - 1}/${content.length}` };
      await bucket.call('PUT', url, { body: content.subarray(0, BLOCK), headers });
      const answer = await bucket.call('PUT', url, {
        body: content,
        headers: { 'content-range': `bytes 0-${content.length - 1}/${content.length}` },
      });
      assert.equal(valueAt(answer, 'size'), String(content.length));
      const { body } = await bucket.call('GET', bucket.object('r.bin', 'alt=media'));
      assert.ok(body.equals(content));
    },
  },
  {
    title: 'a chunk after a gap, a short chunk and a chunk of another length are rejected',
    fakeGcsServer: 'it does not compare chunks with their Content-Range',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      const send = (body: Buffer, range: string) =>
        bucket.call('PUT', url, { body, headers: { 'content-range': range } });
      const block = Buffer.alloc(BLOCK);
      assert.equal((await send(block, `bytes ${BLOCK}-${2 * BLOCK - 1}/*`)).status, 503);
      assertError(await send(block.subarray(0, 10), 'bytes 0-9/*'), 400, 'invalid');
      assertError(await send(block.subarray(0, 10), 'bytes 0-19/20'), 400, 'invalid');
      assertError(await send(block, 'bytes nonsense'), 400, 'invalid');
      assert.equal((await send(block, `bytes 0-${BLOCK - 1}/${BLOCK}`)).status, 200);
    },
  },
  {
    title: 'a chunk that is not a multiple of 256 KiB is stored up to the last multiple',
    fakeGcsServer: 'it stores every byte of a chunk',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      const body = Buffer.alloc(BLOCK + 100);
      const headers = { 'content-range': `bytes 0-${body.length - 1}/*` };
      const { status, headers: answered } = await bucket.call('PUT', url, { body, headers });
      assert.deepEqual([status, answered.range], [308, `bytes=0-${BLOCK - 1}`]);
    },
  },
  {
    title: 'a completed upload answers with the object again',
    fakeGcsServer: 'it forgets completed uploads',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      const first = await bucket.call('PUT', url, { body: 'content' });
      const again = await bucket.call('PUT', url, { headers: { 'content-range': 'bytes */7' } });
      assert.equal(textAt(again, 'generation'), textAt(first, 'generation'));
    },
  },
  {
    title: 'a cancelled upload answers 499 and accepts nothing',
    fakeGcsServer: 'it accepts content for a cancelled upload',
    check: async (bucket) => {
      const url = await bucket.startUpload('r.bin');
      assert.equal((await bucket.call('DELETE', url)).status, 499);
      assert.ok((await bucket.call('PUT', url, { body: 'content' })).status >= 400);
      assert.equal((await bucket.call('GET', bucket.object('r.bin'))).status, 404);
    },
  },
];
