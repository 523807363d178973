import assert from 'node:assert/strict';
import type { Behaviour } from './behaviour';
import { assertError, textAt, valueAt } from './behaviour';

export const CONDITIONS: readonly Behaviour[] = [
  {
    title: 'ifGenerationMatch=0 creates an object only if there is none',
    check: async (bucket) => {
      assert.equal((await bucket.put('a', 'one', '&ifGenerationMatch=0')).status, 200);
      assertError(await bucket.put('a', 'two', '&ifGenerationMatch=0'), 412, 'conditionNotMet');
      const { body } = await bucket.call('GET', bucket.object('a', 'alt=media'));
      assert.equal(body.toString(), 'one');
    },
  },
  {
    title: 'of simultaneous uploads with ifGenerationMatch=0, exactly one succeeds',
    check: async (bucket) => {
      const uploads = Array.from({ length: 10 }, (_, index) => bucket.put('a', String(index), '&ifGenerationMatch=0'));
      const statuses = (await Promise.all(uploads)).map(({ status }) => status);
      assert.deepEqual(
        statuses.sort((one, other) => one - other),
        [200, ...Array.from({ length: 9 }, () => 412)],
      );
    },
  },
  {
    title: 'ifGenerationMatch replaces only the named generation',
    check: async (bucket) => {
      const generation = textAt(await bucket.put('a', 'one'), 'generation');
      assert.equal((await bucket.put('a', 'two', `&ifGenerationMatch=${generation}`)).status, 200);
      assert.equal((await bucket.put('a', 'three', `&ifGenerationMatch=${generation}`)).status, 412);
    },
  },
  {
    title: 'conditions on generation and metageneration apply to resumable uploads, too',
    check: async (bucket) => {
      const url = await bucket.startUpload('a', '&ifGenerationMatch=0');
      await bucket.put('a', 'first');
      assertError(await bucket.call('PUT', url, { body: 'second' }), 412, 'conditionNotMet');
      const { body } = await bucket.call('GET', bucket.object('a', 'alt=media'));
      assert.equal(body.toString(), 'first');
    },
  },
  {
    title: 'a delete with a condition deletes only the named generation',
    fakeGcsServer: 'it ignores conditions of a delete',
    check: async (bucket) => {
      const generation = textAt(await bucket.put('a'), 'generation');
      const other = await bucket.call('DELETE', bucket.object('a', 'ifGenerationMatch=1'));
      assertError(other, 412, 'conditionNotMet');
      const deleted = await bucket.call('DELETE', bucket.object('a', `ifGenerationMatch=${generation}`));
      assert.deepEqual([deleted.status, deleted.body.length], [204, 0]);
      const again = await bucket.call('DELETE', bucket.object('a', `ifGenerationMatch=${generation}`));
      assertError(again, 404, 'notFound');
    },
  },
  {
    title: 'a delete of a missing object is not found',
    check: async (bucket) => {
      assert.equal((await bucket.call('DELETE', bucket.object('missing'))).status, 404);
    },
  },
  {
    title: 'a read with a condition that is not met is 412, and 304 if nothing is new',
    fakeGcsServer: 'it ignores conditions of reads',
    check: async (bucket) => {
      const created = await bucket.put('a');
      const generation = textAt(created, 'generation');
      const get = (query: string, headers = {}) => bucket.call('GET', bucket.object('a', query), { headers });
      assertError(await get('ifGenerationMatch=1'), 412, 'conditionNotMet');
      assertError(await get('ifMetagenerationMatch=2&alt=media'), 412, 'conditionNotMet');
      assert.equal((await get(`ifGenerationNotMatch=${generation}`)).status, 304);
      assert.equal((await get('ifMetagenerationNotMatch=1')).status, 304);
      assert.equal((await get('', { 'if-none-match': textAt(created, 'etag') })).status, 304);
      assert.equal((await get('', { 'if-match': textAt(created, 'etag') })).status, 200);
      assert.equal((await get('', { 'if-match': 'other' })).status, 412);
    },
  },
  {
    title: 'a patch changes metadata and metageneration, and keeps the generation',
    fakeGcsServer: 'it has no metageneration after a patch',
    check: async (bucket) => {
      const created = await bucket.putRelated({ name: 'a', metadata: { one: '1', two: '2' } }, 'a');
      const changed = await bucket.call('PATCH', bucket.object('a'), {
        json: { contentType: 'text/css', metadata: { three: '3' } },
      });
      assert.deepEqual(
        ['contentType', 'metageneration', 'generation'].map((name) => valueAt(changed, name)),
        ['text/css', '2', textAt(created, 'generation')],
      );
      assert.deepEqual(valueAt(changed, 'metadata'), { one: '1', two: '2', three: '3' });
    },
  },
  {
    title: 'null in a patch removes a field',
    fakeGcsServer: 'null makes a field empty, or changes nothing',
    check: async (bucket) => {
      await bucket.putRelated({ name: 'a', metadata: { one: '1', two: '2' }, contentLanguage: 'en' }, 'a');
      const json = { metadata: { one: null }, contentLanguage: null };
      const changed = await bucket.call('PATCH', bucket.object('a'), { json });
      assert.deepEqual([valueAt(changed, 'metadata'), valueAt(changed, 'contentLanguage')], [{ two: '2' }, undefined]);
    },
  },
  {
    title: 'a patch with a condition on the metageneration prevents a lost change',
    fakeGcsServer: 'it ignores conditions of a patch',
    check: async (bucket) => {
      await bucket.put('a');
      const patch = () =>
        bucket.call('PATCH', bucket.object('a', 'ifMetagenerationMatch=1'), { json: { metadata: { a: 'b' } } });
      assert.equal((await patch()).status, 200);
      assertError(await patch(), 412, 'conditionNotMet');
    },
  },
  {
    title: 'an update replaces all metadata',
    check: async (bucket) => {
      await bucket.putRelated({ name: 'a', metadata: { one: '1' }, cacheControl: 'no-store' }, 'a');
      const changed = await bucket.call('PUT', bucket.object('a'), { json: { metadata: { two: '2' } } });
      assert.deepEqual(valueAt(changed, 'metadata'), { two: '2' });
    },
  },
];
