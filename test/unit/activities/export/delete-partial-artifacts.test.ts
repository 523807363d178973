import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deletePartialArtifacts } from '../../../../src/activities/export/delete-partial-artifacts';
import type { DeletedArtifacts } from '../../../../src/contract/export-activities';
import { GoogleTransportError } from '../../../../src/google/api-error';
import type { StorageApi, StorageObject } from '../../../../src/google/storage';
import { activityEnvironment, failureOf } from '../../../support/activities';
import { dependenciesWith, ignore, refusal, storageWith } from '../../../support/export-steps';

const PATH = 'test/01234567-89ab-4cde-8f01-23456789abcd/';
const FOLDER = `gs://exports/${PATH}`;

const object = (name: string, generation = '1'): StorageObject => ({ name: `${PATH}${name}`, size: 1, generation });

interface Situation {
  /** The pages of each listing, in order; the last listing is repeated. */
  readonly listings: readonly (readonly StorageObject[])[][];
  readonly remove?: StorageApi['deleteObject'];
  readonly heartbeatDetails?: unknown;
}

function empty({ listings, remove, heartbeatDetails }: Situation) {
  const deleted: string[] = [];
  const beats: unknown[] = [];
  let listing = -1;
  const { storage } = storageWith([], {
    // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
    listObjects: async function* (bucket, prefix) {
      assert.deepEqual([bucket, prefix], ['exports', PATH]);
      listing += 1;
      for (const page of listings[Math.min(listing, listings.length - 1)] ?? []) yield [...page];
    },
    deleteObject: (bucket, one, signal) => {
      assert.equal(bucket, 'exports');
      deleted.push(`${one.name.slice(PATH.length)}#${one.generation}`);
      return remove ? remove(bucket, one, signal) : Promise.resolve('deleted');
    },
  });
  const environment = activityEnvironment({ heartbeatDetails });
  environment.on('heartbeat', (details) => beats.push(details));
  const outcome: Promise<DeletedArtifacts> = environment.run(() =>
    deletePartialArtifacts(dependenciesWith({ storage }), { folder: FOLDER, heartbeatTimeoutMs: 60_000 }, ignore),
  );
  return { outcome, deleted, beats };
}

suite('the objects of a partial export', () => {
  test('are deleted after all pages are listed, and counted', async () => {
    const { outcome, deleted, beats } = empty({ listings: [[[object('a')], [object('b')]], []] });
    assert.deepEqual(await outcome, { count: 2 });
    assert.deepEqual(deleted, ['a#1', 'b#1']);
    assert.deepEqual(beats, [{ step: 'deleting', objectsFound: 2, objectsDeleted: 0 }]);
  });

  test('are counted as none in an empty folder', async () => {
    assert.deepEqual(await empty({ listings: [[]] }).outcome, { count: 0 });
  });

  test('are deleted once, even if a later listing is outdated', async () => {
    const { outcome, deleted } = empty({ listings: [[[object('a')]]] });
    assert.deepEqual([await outcome, deleted], [{ count: 1 }, ['a#1']]);
  });

  test('that are written while the folder is emptied are deleted, too', async () => {
    const { outcome, deleted, beats } = empty({ listings: [[[object('a')]], [[object('a', '2'), object('b')]], []] });
    assert.deepEqual([await outcome, deleted], [{ count: 3 }, ['a#1', 'a#2', 'b#1']]);
    assert.deepEqual(beats[1], { step: 'deleting', objectsFound: 3, objectsDeleted: 1 });
  });

  test('that were replaced are not counted, and their new generation is', async () => {
    const { outcome, deleted } = empty({
      listings: [[[object('a')]], [[object('a', '2')]], []],
      remove: (_, { generation }) => Promise.resolve(generation === '1' ? 'replaced' : 'already gone'),
    });
    assert.deepEqual([await outcome, deleted], [{ count: 1 }, ['a#1', 'a#2']]);
  });

  test('that may not be deleted do not prevent the deletion of the others, and are reported', async () => {
    const { outcome, deleted } = empty({
      listings: [[[object('a'), object('b'), object('c')]]],
      remove: (_, { name }) =>
        name.endsWith('b') ? Promise.resolve('deleted') : Promise.reject(refusal('PERMISSION_DENIED', 403)),
    });
    const { count, kept } = await outcome;
    assert.deepEqual([count, kept?.count, deleted], [1, 2, ['a#1', 'b#1', 'c#1']]);
    assert.match(kept?.reason ?? '', /PERMISSION_DENIED: injected — .*storage\.objects\.delete/);
  });

  for (const [title, error] of [
    ['an outage', refusal('UNAVAILABLE', 503)],
    ['an exhausted quota', refusal('RESOURCE_EXHAUSTED', 429)],
    ['a refused token', refusal('UNAUTHENTICATED', 401)],
    ['a refusal that can pass', refusal('UNKNOWN', 405)],
    ['a lost answer', new GoogleTransportError('reset', 'DELETE x')],
  ] as const) {
    test(`are not reported as kept after ${title}; the next attempt continues with what was deleted`, async () => {
      const { outcome, beats } = empty({
        listings: [[[object('a'), object('b')]]],
        remove: (_, { name }) => (name.endsWith('a') ? Promise.resolve('deleted') : Promise.reject(error)),
      });
      await assert.rejects(outcome, (thrown) => thrown === error);
      assert.deepEqual(beats.at(-1), { step: 'deleting', objectsFound: 2, objectsDeleted: 1 });
    });
  }

  for (const [heartbeatDetails, count] of [
    [{ objectsFound: 4, objectsDeleted: 1 }, 4],
    [{ objectsFound: 4, objectsDeleted: 4 }, 5],
    [{ objectsFound: 0, objectsDeleted: 0 }, 1],
    [{ objectsFound: -1, objectsDeleted: 0 }, 1],
    [{ objectsFound: 4, objectsDeleted: -1 }, 1],
    ['other details', 1],
    [undefined, 1],
  ] as const) {
    test(`are ${count} in total after the heartbeat ${JSON.stringify(heartbeatDetails)}`, async () => {
      const { outcome } = empty({ listings: [[[object('a')]], []], heartbeatDetails });
      assert.deepEqual(await outcome, { count });
    });
  }

  test('outside of the folder prevent every deletion', async () => {
    const name = `elsewhere/${'x'.repeat(400)}`;
    const { outcome, deleted } = empty({ listings: [[[object('a')], [{ ...object('b'), name }]]] });
    const failure = await failureOf(outcome, 'ExportError.Unavailable');
    assert.deepEqual([failure.retryable, deleted], [false, []]);
    assert.ok(!failure.message.includes('x'.repeat(300)), 'the name is cut');
  });
});
