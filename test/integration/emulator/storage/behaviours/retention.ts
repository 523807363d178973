import assert from 'node:assert/strict';
import type { Behaviour } from './behaviour';
import { assertError, textAt, valueAt } from './behaviour';

const BUCKET = '/storage/v1/b/{b}';

export const RETENTION: readonly Behaviour[] = [
  {
    title: 'an object with a hold is neither deleted nor replaced until the hold is removed',
    fakeGcsServer: 'it ignores holds',
    check: async (bucket) => {
      for (const hold of ['temporaryHold', 'eventBasedHold']) {
        await bucket.put(hold);
        await bucket.call('PATCH', bucket.object(hold), { json: { [hold]: true } });
        assertError(await bucket.call('DELETE', bucket.object(hold)), 403, 'objectUnderActiveHold');
        assertError(await bucket.put(hold, 'new'), 403, 'objectUnderActiveHold');
        await bucket.call('PATCH', bucket.object(hold), { json: { [hold]: false } });
        assert.equal((await bucket.call('DELETE', bucket.object(hold))).status, 204);
      }
    },
  },
  {
    title: 'a retention policy protects objects, and reports until when',
    fakeGcsServer: 'it has no retention policies',
    check: async (bucket) => {
      const json = { retentionPolicy: { retentionPeriod: '3600' } };
      const changed = await bucket.call('PATCH', BUCKET, { json });
      assert.equal(valueAt(changed, 'retentionPolicy', 'retentionPeriod'), '3600');
      assert.match(textAt(changed, 'retentionPolicy', 'effectiveTime'), /^\d{4}-/);
      const created = await bucket.put('a');
      const kept = Date.parse(textAt(created, 'retentionExpirationTime')) - Date.parse(textAt(created, 'timeCreated'));
      assert.equal(kept, 3_600_000);
      assertError(await bucket.call('DELETE', bucket.object('a')), 403, 'retentionPolicyNotMet');
      assertError(await bucket.put('a', 'new'), 403, 'retentionPolicyNotMet');
      await bucket.call('PATCH', BUCKET, { json: { retentionPolicy: null } });
      assert.equal((await bucket.call('DELETE', bucket.object('a'))).status, 204);
    },
  },
  {
    title: 'a locked retention policy is never reduced',
    fakeGcsServer: 'it has no retention policies',
    check: async (bucket) => {
      await bucket.call('PATCH', BUCKET, { json: { retentionPolicy: { retentionPeriod: '60' } } });
      assertError(await bucket.call('POST', `${BUCKET}/lockRetentionPolicy`), 400, 'required');
      const locked = await bucket.call('POST', `${BUCKET}/lockRetentionPolicy?ifMetagenerationMatch=2`);
      assert.equal(valueAt(locked, 'retentionPolicy', 'isLocked'), true);
      const set = (retentionPolicy: unknown) => bucket.call('PATCH', BUCKET, { json: { retentionPolicy } });
      assert.equal((await set({ retentionPeriod: '30' })).status, 403);
      assert.equal((await set(null)).status, 403);
      assert.equal(valueAt(await set({ retentionPeriod: '90' }), 'retentionPolicy', 'isLocked'), true);
    },
  },
  {
    title: 'the default event-based hold applies to new objects',
    fakeGcsServer: 'it does not apply the default hold',
    check: async (bucket) => {
      await bucket.call('PATCH', BUCKET, { json: { defaultEventBasedHold: true } });
      assert.equal(valueAt(await bucket.put('a'), 'eventBasedHold'), true);
      await bucket.call('PATCH', bucket.object('a'), { json: { eventBasedHold: false } });
    },
  },
  {
    title: 'an unlocked retention of an object is removed only by a request that overrides it',
    fakeGcsServer: 'it has no retention of objects',
    check: async (bucket) => {
      const name = `${bucket.name}-objects`;
      const create = '/storage/v1/b?project=local&enableObjectRetention=true';
      assert.deepEqual(valueAt(await bucket.call('POST', create, { json: { name } }), 'objectRetention'), {
        mode: 'Enabled',
      });
      const upload = `/upload/storage/v1/b/${name}/o?uploadType=media&name=a`;
      const path = `/storage/v1/b/${name}/o/a`;
      await bucket.call('POST', upload, { body: 'x' });
      const retention = { mode: 'Unlocked', retainUntilTime: new Date(Date.now() + 3_600_000).toISOString() };
      const changed = await bucket.call('PATCH', path, { json: { retention } });
      assert.deepEqual(valueAt(changed, 'retention'), retention);
      assertError(await bucket.call('DELETE', path), 403, 'retentionPolicyNotMet');
      assertError(await bucket.call('PATCH', path, { json: { retention: null } }), 403, 'retentionPolicyNotMet');
      const removed = await bucket.call('PATCH', `${path}?overrideUnlockedRetention=true`, {
        json: { retention: null },
      });
      assert.equal(valueAt(removed, 'retention'), undefined);
      assert.equal((await bucket.call('DELETE', path)).status, 204);
    },
  },
];
