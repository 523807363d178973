import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { at } from '../../../support/http';
import type { RunningStore } from '../../../support/object-store';
import { serveObjectStore, TestBucket } from '../../../support/object-store';

const NAME = 'kept-bucket';

/** Paths of all files below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

suite('an object store with a folder', () => {
  let parent: string;
  let dataFolder: string;
  let store: RunningStore;
  let bucket: TestBucket;

  const start = async (): Promise<void> => {
    store = await serveObjectStore({ dataFolder });
    bucket = new TestBucket(store.url, NAME);
  };
  /** Resolves when an unfinished upload has this number of bytes. */
  const unfinishedBytes = async (bytes: number): Promise<void> => {
    for (let stored = 0; stored < bytes;) {
      await setImmediate();
      const files = await filesBelow(path.join(dataFolder, 'unfinished'));
      stored = Math.max(0, ...(await Promise.all(files.map(async (file) => (await stat(file)).size))));
    }
  };
  const restart = async (): Promise<void> => {
    await store.stop();
    await start();
  };

  beforeEach(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'vertex-export-store-'));
    dataFolder = path.join(parent, 'data');
    await start();
    const json = { name: NAME, labels: { env: 'test' }, versioning: { enabled: true } };
    await bucket.call('POST', '/storage/v1/b?project=local', { json });
  });
  afterEach(async () => {
    await store.stop();
    await rm(parent, { recursive: true });
  });

  test('buckets, objects, versions and metadata survive a restart', async () => {
    await bucket.putRelated({ name: 'a', metadata: { k: 'v' } }, 'one');
    await bucket.put('a', 'two');
    await bucket.put('deleted');
    await bucket.call('DELETE', bucket.object('deleted'));
    const read = async (path: string): Promise<unknown> => {
      const { body } = await bucket.call('GET', path);
      return JSON.parse(body.toString().replaceAll(store.url, ''));
    };
    const paths = ['/storage/v1/b/{b}', '/storage/v1/b/{b}/o?versions=true', '/storage/v1/b/{b}/iam'];
    const before = await Promise.all(paths.map(read));
    await restart();
    const after = await Promise.all(paths.map(read));
    assert.deepEqual(after, before);
    const first = String(at(after[1], 'items', 0, 'generation'));
    const { body } = await bucket.call('GET', bucket.object('a', `alt=media&generation=${first}`));
    assert.equal(body.toString(), 'one');
    assert.ok(Number(at((await bucket.put('a', 'three')).json, 'generation')) > Number(first));
  });

  test('a deleted bucket and deleted objects leave no files', async () => {
    await bucket.put('a');
    const listed = await bucket.call('GET', '/storage/v1/b/{b}/o');
    const generation = String(at(listed.json, 'items', 0, 'generation'));
    await bucket.call('DELETE', bucket.object('a', `generation=${generation}`));
    assert.deepEqual(
      (await filesBelow(dataFolder)).map((file) => path.basename(file)),
      ['bucket.json'],
    );
    assert.equal((await bucket.call('DELETE', '/storage/v1/b/{b}')).status, 204);
    assert.deepEqual(await filesBelow(dataFolder), []);
    await restart();
    assert.equal((await bucket.call('GET', '/storage/v1/b/{b}')).status, 404);
  });

  test('names of objects and buckets never leave the folder', async () => {
    const names = ['../../escape', '/etc/passwd', '..%2f..%2fescape', 'C:\\escape', 'a/../../../escape', 'nul', 'x\0y'];
    for (const name of names) {
      const { status } = await bucket.put(name, 'content');
      assert.equal(status, 200, name);
      assert.equal((await bucket.call('GET', bucket.object(name, 'alt=media'))).body.toString(), 'content');
    }
    for (const name of ['..', '../kept-bucket', '%2e%2e', 'a/b/c']) {
      const { status } = await bucket.call('POST', '/storage/v1/b?project=local', { json: { name } });
      assert.equal(status, 400, name);
    }
    assert.deepEqual(await readdir(parent), ['data']);
    assert.deepEqual(await readdir(path.join(dataFolder, 'buckets')), [NAME]);
    await restart();
    assert.deepEqual((await bucket.list()).items.length, names.length);
  });

  test('what an interrupted write leaves is removed at the next start', async () => {
    await bucket.put('a', 'one');
    await bucket.put('b', 'two');
    await store.stop();
    const files = await filesBelow(dataFolder);
    const record = files.find((file) => /objects.*\.json$/.test(file));
    assert.ok(record);
    const name = String(at(JSON.parse(await readFile(record, 'utf8')), 'name'));
    // Content whose record was not written, and content that was not complete.
    await rm(record);
    await writeFile(path.join(dataFolder, 'unfinished', 'part'), 'incomplete');
    await mkdir(path.join(dataFolder, 'buckets', 'not-created'));
    await start();
    assert.deepEqual(
      (await bucket.list()).items,
      ['a', 'b'].filter((other) => other !== name),
    );
    const left = await filesBelow(dataFolder);
    assert.deepEqual(left.filter((file) => file.endsWith('.content')).length, 1);
    assert.equal(
      left.some((file) => file.endsWith('part')),
      false,
    );
    assert.deepEqual(await readdir(path.join(dataFolder, 'buckets')), [NAME]);
  });

  test('a damaged record is named in the answers', async () => {
    await bucket.put('a');
    await store.stop();
    const record = (await filesBelow(dataFolder)).find((file) => /objects.*\.json$/.test(file));
    assert.ok(record);
    await writeFile(record, '{}');
    await start();
    const { status, body } = await bucket.call('GET', '/storage/v1/b/{b}');
    assert.equal(status, 500);
    assert.match(body.toString(), /is not a record of the object store\. Delete the file/);
    await writeFile(record, '');
  });

  test('an upload that breaks off leaves nothing', async () => {
    const url = `${store.url}/upload/storage/v1/b/${NAME}/o?uploadType=media&name=broken`;
    await new Promise<void>((resolve) => {
      const sent = request(url, { method: 'POST', headers: { 'content-length': '1000000' } });
      sent.on('error', () => {
        resolve();
      });
      sent.write('x'.repeat(100_000));
      void unfinishedBytes(1).then(() => sent.destroy(new Error('the client ends')));
    });
    // The next request is answered after the broken one was noticed, since both are in the same process.
    for (let left = ['unfinished']; left.length > 0;) {
      assert.equal((await bucket.call('GET', bucket.object('broken'))).status, 404);
      left = await readdir(path.join(dataFolder, 'unfinished'));
    }
  });

  test('an upload that breaks off is resumed at a multiple of 256 KiB', async () => {
    const content = Buffer.alloc(1_000_000, 'abcdefg');
    const url = await bucket.startUpload('resumed');
    await new Promise<void>((resolve) => {
      const sent = request(url, { method: 'PUT', headers: { 'content-length': String(content.length) } });
      sent.on('error', () => {
        resolve();
      });
      sent.write(content.subarray(0, 600_000));
      void unfinishedBytes(2 * 256 * 1024).then(() => sent.destroy(new Error('the client ends')));
    });
    const state = await bucket.call('PUT', url, { headers: { 'content-range': `bytes */${content.length}` } });
    const stored = Number(/^bytes=0-(\d+)$/.exec(state.headers.range ?? '')?.[1]) + 1;
    assert.deepEqual([state.status, stored], [308, 2 * 256 * 1024]);
    const headers = { 'content-range': `bytes ${stored}-${content.length - 1}/${content.length}` };
    assert.equal((await bucket.call('PUT', url, { headers, body: content.subarray(stored) })).status, 200);
    const { body } = await bucket.call('GET', bucket.object('resumed', 'alt=media'));
    assert.ok(body.equals(content));
  });
});
