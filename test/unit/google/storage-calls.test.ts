import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anonymous } from '../../../src/google/credentials';
import { RestClient } from '../../../src/google/rest';
import type { StorageApi } from '../../../src/google/storage';
import { storageRest } from '../../../src/google/storage';
import type { AnsweringService } from '../../support/answering-service';
import { withAnsweringService } from '../../support/answering-service';

const OBJECT = { name: 'run/a b', size: 3, generation: '7' };

function withStorage<T>(use: (storage: StorageApi, service: AnsweringService) => Promise<T>): Promise<T> {
  return withAnsweringService((service) => use(storageRest(new RestClient(anonymous), service.endpoint), service));
}

async function listed(storage: StorageApi, signal?: AbortSignal): Promise<unknown[]> {
  const objects: unknown[] = [];
  for await (const items of storage.listObjects('bucket', 'run/', signal)) objects.push(...items);
  return objects;
}

const page = (fields: object = {}) => ({ body: { kind: 'storage#objects', ...fields } });

suite('the record of a bucket', () => {
  test('has its name and its location', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith({ body: { name: 'bucket', location: 'US', more: 1 } });
      assert.deepEqual(await storage.getBucket('bucket'), { name: 'bucket', location: 'US' });
      assert.equal(service.requests[0]?.path, '/storage/v1/b/bucket?fields=name%2Clocation');
      service.answerWith({ body: { name: 'other', location: 'US' } });
      await assert.rejects(storage.getBucket('bucket'), {
        name: 'GoogleTransportError',
        message: 'GET gs://bucket: the answer names another resource: other',
      });
    });
  });
});

suite('a listing of objects', () => {
  test('has the objects of all pages', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith(
        page({ items: [{ ...OBJECT, size: '3' }], nextPageToken: 'next' }),
        page({ items: [{ ...OBJECT, name: 'run/b', size: 0, crc32c: 'AAAAAA==', md5Hash: 5, timeCreated: 'x' }] }),
      );
      assert.deepEqual(await listed(storage), [OBJECT, { ...OBJECT, name: 'run/b', size: 0, crc32c: 'AAAAAA==' }]);
      const query =
        'prefix=run%2F&maxResults=1000&' +
        'fields=kind%2CnextPageToken%2Citems%28name%2Csize%2Ccrc32c%2Cmd5Hash%2Cgeneration%2CtimeCreated%29';
      assert.deepEqual(
        service.requests.map(({ path }) => path),
        [`/storage/v1/b/bucket/o?${query}`, `/storage/v1/b/bucket/o?${query}&pageToken=next`],
      );
    });
  });

  test('is empty only if the answer comes from Cloud Storage', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith(page());
      assert.deepEqual(await listed(storage), []);
      service.answerWith({ body: {} });
      await assert.rejects(listed(storage), { name: 'GoogleTransportError' });
    });
  });

  const unusable: Readonly<Record<string, object>> = {
    'is outside of the prefix': { name: 'other/run/a' },
    'has no generation': { generation: undefined },
    'has a generation that is not a number': { generation: '7x' },
    'has a generation with text before it': { generation: 'x7' },
    'has a negative size': { size: -1 },
    'has a size that is not whole': { size: 1.5 },
    'has a size that no number can hold exactly': { size: '9007199254740992' },
    'has a size with text after it': { size: '3x' },
    'has a size with text before it': { size: 'x3' },
    'has too long a name': { name: `run/${'x'.repeat(1_021)}` },
  };
  for (const [title, fields] of Object.entries(unusable)) {
    test(`fails if an object ${title}`, async () => {
      await withStorage(async (storage, service) => {
        service.answerWith(page({ items: [OBJECT, { ...OBJECT, ...fields }] }));
        await assert.rejects(listed(storage), {
          name: 'GoogleTransportError',
          message: /^GET gs:\/\/bucket\/run\/\*: /,
        });
      });
    });
  }

  test('ignores a checksum with other text', async () => {
    await withStorage(async (storage, service) => {
      const [crc, md5] = ['AAAAAA==', `${'A'.repeat(22)}==`];
      const fields = [
        { crc32c: crc, md5Hash: md5 },
        { crc32c: `A${crc}`, md5Hash: `A${md5}` },
        { crc32c: `${crc}A`, md5Hash: `${md5}A` },
      ];
      service.answerWith(page({ items: fields.map((field) => ({ ...OBJECT, ...field })) }));
      assert.deepEqual(await listed(storage), [{ ...OBJECT, crc32c: crc, md5Hash: md5 }, OBJECT, OBJECT]);
    });
  });

  test('ends with an error after 200,000 objects, or with a page of more than 5,000', async () => {
    let served = 0;
    class Recording extends RestClient {
      override json: RestClient['json'] = (schema) => {
        const items = Array.from({ length: 5_000 }, () => OBJECT);
        served += 1;
        const data = schema.parse({ kind: 'storage#objects', items, nextPageToken: served < 41 ? `${served}` : '' });
        return Promise.resolve({ data, headers: {} });
      };
    }
    const storage = storageRest(new Recording(anonymous), 'http://127.0.0.1:9');
    let objects = 0;
    const all = async () => {
      for await (const { length } of storage.listObjects('bucket', 'run/')) objects += length;
    };
    await assert.rejects(all(), { name: 'ListTooLongError', message: /^GET gs:\/\/bucket\/run\/\*: .*200000 objects/ });
    assert.equal(objects, 200_000);
    await withStorage(async (real, service) => {
      service.answerWith(page({ items: Array.from({ length: 5_001 }, () => OBJECT) }));
      await assert.rejects(listed(real), { name: 'GoogleTransportError' });
    });
  });
});

suite('an object of Cloud Storage', () => {
  test('is read in its generation, without decompression', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith({ status: 206, body: 'bc' });
      assert.equal((await storage.readRange('bucket', OBJECT, { start: 1, length: 2 })).toString(), 'bc');
      const [request] = service.requests;
      assert.equal(request?.path, '/storage/v1/b/bucket/o/run%2Fa%20b?alt=media&generation=7');
      assert.deepEqual([request.headers['accept-encoding'], request.headers.range], ['gzip', 'bytes=1-2']);
      service.answerWith({ status: 206, body: 'b' });
      await assert.rejects(storage.readRange('bucket', OBJECT, { start: 1, length: 2 }), {
        message: 'GET gs://bucket/run/a b bytes 1-2: 1 bytes came, not 2',
      });
    });
  });

  test('is written with its type, and only over the generation that may be replaced', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith({ body: OBJECT });
      await storage.writeObject('bucket', OBJECT.name, 'text', { contentType: 'text/plain' });
      await storage.writeObject('bucket', OBJECT.name, 'more', { contentType: 'text/x', ifGeneration: '0' });
      const path = '/upload/storage/v1/b/bucket/o?uploadType=media';
      assert.deepEqual(
        service.requests.map((request) => [
          request.method,
          request.path,
          request.headers['content-type'],
          request.body,
        ]),
        [
          ['POST', `${path}&name=run%2Fa+b`, 'text/plain', 'text'],
          ['POST', `${path}&ifGenerationMatch=0&name=run%2Fa+b`, 'text/x', 'more'],
        ],
      );
      service.answerWith({ body: { ...OBJECT, name: 'other' } });
      const write = storage.writeObject('bucket', OBJECT.name, '', { contentType: 'text/plain' });
      await assert.rejects(write, {
        message: /^POST gs:\/\/bucket\/run\/a b: the answer names another resource: other/,
      });
      service.answerWith({ status: 412 });
      const replaced = storage.writeObject('bucket', OBJECT.name, '', { contentType: 'text/plain', ifGeneration: '0' });
      await assert.rejects(replaced, { name: 'GoogleApiError', httpStatus: 412 });
    });
  });

  test('is deleted in its generation only', async () => {
    await withStorage(async (storage, service) => {
      const outcomes: string[] = [];
      for (const status of [204, 404, 412]) {
        service.answerWith({ status });
        outcomes.push(await storage.deleteObject('bucket', OBJECT));
      }
      assert.deepEqual(outcomes, ['deleted', 'already gone', 'replaced']);
      const [request] = service.requests;
      assert.deepEqual(
        [request?.method, request?.path],
        ['DELETE', '/storage/v1/b/bucket/o/run%2Fa%20b?ifGenerationMatch=7'],
      );
    });
  });

  test('does not count as deleted after another error, or after an answer with a body', async () => {
    await withStorage(async (storage, service) => {
      service.answerWith({ status: 403 });
      await assert.rejects(storage.deleteObject('bucket', OBJECT), { httpStatus: 403 });
      service.answerWith({ body: '<p>Welcome' });
      await assert.rejects(storage.deleteObject('bucket', OBJECT), {
        message: 'DELETE gs://bucket/run/a b: the answer is not empty: <p>Welcome',
      });
      for (const body of ['null', ' {}\n', '']) {
        service.answerWith({ body });
        assert.equal(await storage.deleteObject('bucket', OBJECT), 'deleted');
      }
    });
  });

  test('is neither read, listed, written nor deleted with a signal that is aborted', async () => {
    await withStorage(async (storage, service) => {
      const reason = new Error('stopped');
      const signal = AbortSignal.abort(reason);
      for (const call of [
        storage.getBucket('bucket', signal),
        storage.readRange('bucket', OBJECT, { start: 0, length: 1 }, signal),
        storage.writeObject('bucket', 'a', '', { contentType: 'text/plain' }, signal),
        storage.deleteObject('bucket', OBJECT, signal),
        listed(storage, signal),
      ]) {
        await assert.rejects(call, (error) => error === reason);
      }
      assert.equal(service.requests.length, 0);
    });
  });
});
