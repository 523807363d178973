import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { suite, test } from 'node:test';
import { serveObjectStore, TestBucket } from '../../../support/object-store';
import { textAt, valueAt } from './behaviours/behaviour';

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(MIB, 'large object ');
/** Size of an uploaded object. */
const BLOCKS = 128;
/** Uploaded objects in the composed one. */
const SOURCES = 3;
/** Less than one object. It leaves room for buffers that were used and are not yet collected. */
const MAX_BUFFERED_BYTES = 100 * MIB;

function send(method: string, url: string, body?: Readable): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method }, resolve).on('error', reject);
    if (body) pipeline(body, sent).catch(reject);
    else sent.end();
  });
}

/** Largest number of bytes in buffers of this process while work runs, beyond those at its start. */
async function bufferedBytes(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}

suite('an object store with a folder streams large objects', () => {
  test('uploads, compositions, copies and downloads never hold an object in memory', async () => {
    const dataFolder = await mkdtemp(path.join(tmpdir(), 'vertex-export-store-'));
    const store = await serveObjectStore({ dataFolder });
    const bucket = new TestBucket(store.url, 'large-objects');
    const content = () => Readable.from(Array.from({ length: BLOCKS }, () => BLOCK));
    try {
      await bucket.call('POST', '/storage/v1/b?project=local', { json: { name: bucket.name } });
      const buffered = await bufferedBytes(async () => {
        const media = `${store.url}/upload/storage/v1/b/${bucket.name}/o?uploadType=media&name=media`;
        const resumable = await bucket.startUpload('resumable');
        for (const answer of [await send('POST', media, content()), await send('PUT', resumable, content())]) {
          assert.equal(answer.statusCode, 200);
          answer.resume();
        }
        const sourceObjects = Array.from({ length: SOURCES }, (_, index) => ({
          name: index % 2 ? 'media' : 'resumable',
        }));
        await bucket.call('POST', `${bucket.object('composed')}/compose`, { json: { sourceObjects } });
        await bucket.call('POST', `${bucket.object('composed')}/rewriteTo/b/{b}/o/copied`);
        const answer = await send('GET', `${store.url}/${bucket.name}/copied`);
        const hash = createHash('md5');
        for await (const chunk of answer) hash.update(chunk as Buffer);
        const expected = createHash('md5');
        for (let block = 0; block < SOURCES * BLOCKS; block += 1) expected.update(BLOCK);
        assert.equal(hash.digest('hex'), expected.digest('hex'));
      });
      assert.ok(buffered < MAX_BUFFERED_BYTES, `${buffered} bytes in buffers`);
      const composed = await bucket.call('GET', bucket.object('composed'));
      const copied = await bucket.call('GET', bucket.object('copied'));
      assert.equal(valueAt(copied, 'size'), String(SOURCES * BLOCKS * MIB));
      assert.equal(textAt(copied, 'crc32c'), textAt(composed, 'crc32c'));
    } finally {
      await store.stop();
      await rm(dataFolder, { recursive: true });
    }
  });
});
