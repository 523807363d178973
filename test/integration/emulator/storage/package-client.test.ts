import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { GoogleApiError } from '../../../../src/google/api-error';
import { anonymous } from '../../../../src/google/credentials';
import { RestClient } from '../../../../src/google/rest';
import type { StorageApi, StorageObject } from '../../../../src/google/storage';
import { storageRest } from '../../../../src/google/storage';
import { DirectoryReader, exportedFile } from '../../../../src/google/storage-directory';
import type { RunningStore } from '../../../support/object-store';
import { serveObjectStore, TestBucket } from '../../../support/object-store';

const NAME = 'package-client';

async function listed(storage: StorageApi, prefix: string): Promise<StorageObject[]> {
  const pages: StorageObject[][] = [];
  for await (const page of storage.listObjects(NAME, prefix)) pages.push(page);
  return pages.flat();
}

suite('the client of this package uses the built-in object store', () => {
  let store: RunningStore;
  let storage: StorageApi;
  let bucket: TestBucket;
  before(async () => {
    store = await serveObjectStore();
    storage = storageRest(new RestClient(anonymous), store.url);
    bucket = new TestBucket(store.url, NAME);
    const json = { name: NAME, location: 'europe-west4' };
    await bucket.call('POST', '/storage/v1/b?project=local', { json });
  });
  after(() => store.stop());

  test('it reads the name and the location of a bucket', async () => {
    assert.deepEqual(await storage.getBucket(NAME), { name: NAME, location: 'EUROPE-WEST4' });
    await assert.rejects(storage.getBucket('missing-bucket'), (error) => {
      assert.ok(error instanceof GoogleApiError);
      assert.equal(error.httpStatus, 404);
      return true;
    });
  });

  test('it writes objects, lists them with their checksums, and reads ranges of a generation', async () => {
    await storage.writeObject(NAME, 'written/a.txt', 'hello', { contentType: 'text/plain' });
    const [object] = await listed(storage, 'written/');
    assert.ok(object);
    assert.deepEqual([object.name, object.size, object.crc32c], ['written/a.txt', 5, 'mnG7TA==']);
    const range = await storage.readRange(NAME, object, { start: 1, length: 3 });
    assert.equal(range.toString(), 'ell');
    await storage.writeObject(NAME, 'written/a.txt', 'other', { contentType: 'text/plain' });
    await assert.rejects(storage.readRange(NAME, object, { start: 1, length: 3 }), { httpStatus: 404 });
    assert.equal(await storage.deleteObject(NAME, object), 'replaced');
  });

  test('it creates an object at most once', async () => {
    const options = { contentType: 'text/plain', ifGeneration: '0' };
    await storage.writeObject(NAME, 'once', 'one', options);
    await assert.rejects(storage.writeObject(NAME, 'once', 'two', options), { httpStatus: 412 });
    const [object] = await listed(storage, 'once');
    assert.ok(object);
    assert.equal(await storage.deleteObject(NAME, object), 'deleted');
    assert.equal(await storage.deleteObject(NAME, object), 'already gone');
  });

  test('it reads ranges of the stored bytes of gzip content', async () => {
    const stored = gzipSync('x'.repeat(1_000));
    await bucket.put('compressed/a.gz', stored, '&contentEncoding=gzip');
    const [object] = await listed(storage, 'compressed/');
    assert.ok(object);
    assert.deepEqual(await storage.readRange(NAME, object, { start: 2, length: 5 }), stored.subarray(2, 7));
  });

  test('it lists a directory of more than one page, and reads a file in it', async () => {
    const names = Array.from({ length: 1_005 }, (_, index) => `pages/${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => bucket.put(name, name)));
    const reader = new DirectoryReader(storage, AbortSignal.timeout(60_000));
    const objects = await reader.objects({ bucket: NAME, path: 'pages/' });
    assert.deepEqual(
      objects.map(({ name }) => name),
      names,
    );
    assert.equal(reader.reads.listRequests, 2);
    const [first] = objects;
    assert.ok(first);
    const file = reader.readable({ bucket: NAME, path: 'pages/' }, exportedFile(first, 'pages/'));
    assert.equal((await file.read(0, 10)).toString(), 'pages/0000');
  });
});
