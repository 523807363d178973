import assert from 'node:assert/strict';
import { at } from '../../../../support/http';
import type { Behaviour } from './behaviour';
import { assertError, textAt, valueAt } from './behaviour';

const BUCKET = '/storage/v1/b/{b}';

export const BUCKETS: readonly Behaviour[] = [
  {
    title: 'a bucket has its name, location, type of location, storage class and times',
    check: async (bucket) => {
      const { json } = await bucket.call('GET', BUCKET);
      const fields = ['kind', 'id', 'name', 'location', 'locationType', 'storageClass', 'metageneration'];
      assert.deepEqual(
        fields.map((field) => at(json, field)),
        ['storage#bucket', bucket.name, bucket.name, 'US-CENTRAL1', 'region', 'STANDARD', '1'],
      );
      assert.match(String(at(json, 'timeCreated')), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    },
  },
  {
    title: 'a bucket without a location is in the multi-region US',
    fakeGcsServer: 'all buckets have the location of its command line',
    check: async (bucket) => {
      const name = `${bucket.name}-second`;
      const created = await bucket.call('POST', '/storage/v1/b?project=local', { json: { name } });
      assert.deepEqual([valueAt(created, 'location'), valueAt(created, 'locationType')], ['US', 'multi-region']);
    },
  },
  {
    title: 'a bucket that exists cannot be created again',
    check: async (bucket) => {
      const again = await bucket.call('POST', '/storage/v1/b?project=local', { json: { name: bucket.name } });
      assertError(again, 409, 'conflict');
    },
  },
  {
    title: 'a bucket is not created without a project',
    fakeGcsServer: 'it needs no project',
    check: async (bucket) => {
      const name = `${bucket.name}-second`;
      assertError(await bucket.call('POST', '/storage/v1/b', { json: { name } }), 400, 'required');
    },
  },
  {
    title: 'a bucket is not created with an invalid name',
    fakeGcsServer: 'it accepts names of two characters',
    check: async (bucket) => {
      for (const name of ['Upper', 'ab', '-begins', '127.0.0.1', 'goog-bucket', '../escape', `${'a'.repeat(64)}.x`]) {
        const answer = await bucket.call('POST', '/storage/v1/b?project=local', { json: { name } });
        assertError(answer, 400, 'invalid');
      }
    },
  },
  {
    title: 'a bucket that does not exist is reported as not found',
    check: async (bucket) => {
      assertError(await bucket.call('GET', `${BUCKET}-missing`), 404, 'notFound');
    },
  },
  {
    title: 'a list of buckets has the buckets of the project',
    check: async (bucket) => {
      const answer = await bucket.call('GET', `/storage/v1/b?project=local&prefix=${bucket.name}`);
      assert.equal(valueAt(answer, 'kind'), 'storage#buckets');
      const items = valueAt(answer, 'items') as { name: string }[];
      assert.ok(items.some(({ name }) => name === bucket.name));
    },
  },
  {
    title: 'a list of buckets has pages and a prefix',
    check: async (bucket) => {
      for (const ending of ['-p1', '-p2']) {
        await bucket.call('POST', '/storage/v1/b?project=local', { json: { name: `${bucket.name}${ending}` } });
      }
      const path = `/storage/v1/b?project=local&prefix=${bucket.name}-p&maxResults=1`;
      const first = await bucket.call('GET', path);
      assert.equal(valueAt(first, 'items', 0, 'name'), `${bucket.name}-p1`);
      const second = await bucket.call('GET', `${path}&pageToken=${textAt(first, 'nextPageToken')}`);
      assert.deepEqual(
        [valueAt(second, 'items', 0, 'name'), valueAt(second, 'nextPageToken')],
        [`${bucket.name}-p2`, undefined],
      );
    },
  },
  {
    title: 'a patch changes the named fields of a bucket, and null removes one',
    fakeGcsServer: 'it keeps only versioning and the default hold',
    check: async (bucket) => {
      const first = await bucket.call('PATCH', BUCKET, { json: { labels: { env: 'prod', team: 'ml' } } });
      assert.deepEqual(valueAt(first, 'labels'), { env: 'prod', team: 'ml' });
      const second = await bucket.call('PATCH', BUCKET, {
        json: { labels: { team: null }, storageClass: 'NEARLINE', encryption: { defaultKmsKeyName: 'a/key' } },
      });
      assert.deepEqual(
        ['labels', 'storageClass', 'encryption', 'metageneration'].map((field) => valueAt(second, field)),
        [{ env: 'prod' }, 'NEARLINE', { defaultKmsKeyName: 'a/key' }, '3'],
      );
    },
  },
  {
    title: 'a condition on the metageneration of a bucket prevents a change',
    fakeGcsServer: 'it ignores conditions on buckets',
    check: async (bucket) => {
      const changed = await bucket.call('PATCH', `${BUCKET}?ifMetagenerationMatch=7`, { json: { labels: {} } });
      assertError(changed, 412, 'conditionNotMet');
    },
  },
  {
    title: 'uniform access and public access prevention are reported as they were set',
    fakeGcsServer: 'it has no iamConfiguration',
    check: async (bucket) => {
      const iamConfiguration = {
        uniformBucketLevelAccess: { enabled: true },
        publicAccessPrevention: 'enforced',
      };
      const changed = await bucket.call('PATCH', BUCKET, { json: { iamConfiguration } });
      assert.equal(valueAt(changed, 'iamConfiguration', 'uniformBucketLevelAccess', 'enabled'), true);
      assert.match(textAt(changed, 'iamConfiguration', 'uniformBucketLevelAccess', 'lockedTime'), /^\d{4}-/);
      assert.equal(valueAt(changed, 'iamConfiguration', 'publicAccessPrevention'), 'enforced');
      const written = await bucket.put('a', 'a', '&predefinedAcl=publicRead');
      assertError(written, 400, 'invalid');
    },
  },
  {
    title: 'a bucket with objects is not deleted',
    check: async (bucket) => {
      await bucket.put('a');
      assert.ok((await bucket.call('DELETE', BUCKET)).status >= 400);
      assert.equal((await bucket.call('DELETE', bucket.object('a'))).status < 300, true);
      assert.ok((await bucket.call('DELETE', BUCKET)).status < 300);
      assert.equal((await bucket.call('GET', BUCKET)).status, 404);
    },
  },
  {
    title: 'the delete of a bucket with objects is a conflict',
    fakeGcsServer: 'it answers 412 with the reason conditionNotMet',
    check: async (bucket) => {
      await bucket.put('a');
      assertError(await bucket.call('DELETE', BUCKET), 409, 'conflict');
    },
  },
  {
    title: 'a policy is set with the entity tag of the policy that was read',
    fakeGcsServer: 'it has no policies',
    check: async (bucket) => {
      const before = await bucket.call('GET', `${BUCKET}/iam`);
      const binding = { role: 'roles/storage.objectViewer', members: ['user:a@example.com'] };
      const json = { bindings: [binding], etag: valueAt(before, 'etag') };
      const after = await bucket.call('PUT', `${BUCKET}/iam`, { json });
      assert.deepEqual(valueAt(after, 'bindings'), [binding]);
      assert.notEqual(valueAt(after, 'etag'), json.etag);
      assertError(await bucket.call('PUT', `${BUCKET}/iam`, { json }), 412, 'conditionNotMet');
    },
  },
  {
    title: 'a policy with public members is rejected if public access prevention is enforced',
    fakeGcsServer: 'it has no policies',
    check: async (bucket) => {
      await bucket.call('PATCH', BUCKET, { json: { iamConfiguration: { publicAccessPrevention: 'enforced' } } });
      const json = { bindings: [{ role: 'roles/storage.objectViewer', members: ['allUsers'] }] };
      assertError(await bucket.call('PUT', `${BUCKET}/iam`, { json }), 412, 'conditionNotMet');
    },
  },
  {
    title: 'a test of permissions returns those that the caller has',
    fakeGcsServer: 'it has no permissions',
    check: async (bucket) => {
      const query = 'permissions=storage.objects.create&permissions=storage.buckets.get';
      const answer = await bucket.call('GET', `${BUCKET}/iam/testPermissions?${query}`);
      assert.deepEqual(valueAt(answer, 'permissions'), ['storage.objects.create', 'storage.buckets.get']);
      assertError(await bucket.call('GET', `${BUCKET}/iam/testPermissions?permissions=nonsense`), 400, 'invalid');
    },
  },
];
