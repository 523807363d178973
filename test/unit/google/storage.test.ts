import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { withBucketCache } from '../../../src/google/bucket-cache';
import { googleServices } from '../../../src/google/services';
import type { StorageApi, StorageBucket } from '../../../src/google/storage';
import { asDirectory, DirectoryReader } from '../../../src/google/storage-directory';
import type { ObjectServer } from '../../support/stored-objects';
import { withStoredObjects } from '../../support/stored-objects';

const { signal } = new AbortController();
const DIRECTORY = { bucket: 'exports', path: 'run/' };

function withReader<T>(use: (reader: DirectoryReader, store: ObjectServer) => Promise<T>): Promise<T> {
  return withStoredObjects((store) => {
    const { storage } = googleServices({ emulators: { storage: store.url } });
    return use(new DirectoryReader(storage, signal), store);
  });
}

suite('a directory of Cloud Storage', () => {
  test('ends with a slash, so that no sibling is listed, unless it is the whole bucket', () => {
    assert.deepEqual(asDirectory({ bucket: 'b', path: 'run' }), { bucket: 'b', path: 'run/' });
    assert.deepEqual(asDirectory({ bucket: 'b', path: 'run/' }), { bucket: 'b', path: 'run/' });
    assert.deepEqual(asDirectory({ bucket: 'b', path: '' }), { bucket: 'b', path: '' });
  });

  test('has files with relative paths, sizes, digests and generations, and counts its requests', async () => {
    await withReader(async (reader, store) => {
      store.put('run/a', 'four', { generation: '7', isComposed: true });
      store.put('run2/b', 'x');
      const counts: number[] = [];
      const files = await reader.files(DIRECTORY, (count) => counts.push(count));
      assert.deepEqual(
        files.map(({ path, bytes, generation, md5 }) => [path, bytes, generation, md5]),
        [['a', 4, '7', undefined]],
      );
      assert.match(files[0]?.crc32c ?? '', /^[A-Za-z0-9+/]{6}==$/);
      assert.deepEqual([counts, reader.reads], [[1], { listRequests: 1, readRequests: 0, bytes: 0 }]);
    });
  });

  test('reads exactly the requested bytes of the listed generation', async () => {
    await withReader(async (reader, store) => {
      store.put('run/a', '0123456789');
      const [file] = await reader.files(DIRECTORY);
      assert.ok(file);
      const readable = reader.readable(DIRECTORY, file);
      assert.equal((await readable.read(2, 3)).toString(), '234');
      assert.equal((await readable.read(2, 0)).length, 0);
      assert.deepEqual(store.requests, ['list run/', 'read run/a bytes=2-4']);
      assert.deepEqual(reader.reads, { listRequests: 1, readRequests: 2, bytes: 3 });
      await assert.rejects(readable.read(8, 3), /bytes 8-10: 2 bytes came, not 3/);
      for (const [start, length] of [
        [-1, 2],
        [0, -1],
        [0.5, 2],
        [0, Number.MAX_SAFE_INTEGER * 2],
      ] as const) {
        await assert.rejects(readable.read(start, length), RangeError);
      }
      store.put('run/a', '0123456789', { generation: '2' });
      await assert.rejects(readable.read(2, 3), { name: 'ChangedFileError' });
    });
  });

  test('reports an answer that is not about its generation unchanged', async () => {
    await withReader(async (reader, store) => {
      store.put('run/a', '0123456789');
      const [file] = await reader.files(DIRECTORY);
      assert.ok(file);
      for (const [status, isChanged] of [
        [403, false],
        [404, true],
        [412, true],
        [416, true],
      ] as const) {
        store.refusals.push(status);
        const error: unknown = await reader
          .readable(DIRECTORY, file)
          .read(0, 1)
          .catch((reason: unknown) => reason);
        assert.equal(error instanceof GoogleApiError, !isChanged, String(status));
      }
    });
  });
});

suite('the records of buckets', () => {
  function cache() {
    let time = 0;
    const calls: string[] = [];
    const inner: Partial<StorageApi> = {
      getBucket: (name): Promise<StorageBucket> => {
        calls.push(name);
        return name === 'refused' ? Promise.reject(new Error('no')) : Promise.resolve({ name, location: String(time) });
      },
    };
    const storage = withBucketCache(inner as StorageApi, () => time);
    return { calls, get: (name: string) => storage.getBucket(name), setTime: (at: number) => (time = at) };
  }

  test('are used for a minute, each by its name', async () => {
    const { calls, get, setTime } = cache();
    await get('a');
    setTime(30_000);
    await get('b');
    setTime(59_999);
    assert.deepEqual(
      [await get('a'), await get('b')],
      [
        { name: 'a', location: '0' },
        { name: 'b', location: '30000' },
      ],
    );
    setTime(60_000);
    assert.deepEqual(await get('a'), { name: 'a', location: '60000' });
    await get('b');
    assert.deepEqual(calls, ['a', 'b', 'a']);
  });

  test('are read again after an error', async () => {
    const { calls, get } = cache();
    await assert.rejects(get('refused'));
    await assert.rejects(get('refused'));
    assert.equal(calls.length, 2);
  });
});
