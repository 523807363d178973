import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { findComponent } from '../../../../src/testing/services/find-component';
import { startObjectStore } from '../../../../src/testing/services/services';
import { missingReason } from '../../../support/missing-program';
import { serveObjectStore, TestBucket } from '../../../support/object-store';
import type { Behaviour } from './behaviours/behaviour';
import { BUCKETS } from './behaviours/buckets';
import { CONDITIONS } from './behaviours/conditions';
import { COPIES } from './behaviours/copies';
import { DOWNLOADS } from './behaviours/downloads';
import { LISTS } from './behaviours/lists';
import { RETENTION } from './behaviours/retention';
import { UPLOADS } from './behaviours/uploads';

const BEHAVIOURS: readonly Behaviour[] = [
  ...BUCKETS,
  ...UPLOADS,
  ...DOWNLOADS,
  ...LISTS,
  ...CONDITIONS,
  ...COPIES,
  ...RETENTION,
];

interface StartedStore {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

interface Target {
  readonly title: string;
  /** Why the program of the target can't be had; undefined if it can. */
  readonly program?: () => Promise<string | undefined>;
  readonly start: () => Promise<StartedStore>;
  /** Checks one behaviour. */
  readonly check: (behaviour: Behaviour, bucket: TestBucket) => Promise<void>;
}

const NO_PROGRAM = (): Promise<undefined> => Promise.resolve(undefined);

const inMemory: Target = {
  title: 'the built-in object store in memory',
  start: () => serveObjectStore(),
  check: ({ check }, bucket) => check(bucket),
};

const inFolder: Target = {
  title: 'the built-in object store with a folder',
  start: async () => {
    const dataFolder = await mkdtemp(path.join(tmpdir(), 'vertex-export-store-'));
    const { url, stop } = await serveObjectStore({ dataFolder });
    return {
      url,
      stop: async () => {
        await stop();
        await rm(dataFolder, { recursive: true });
      },
    };
  },
  check: ({ check }, bucket) => check(bucket),
};

/** An independent implementation, whose differences from the documentation are listed in the behaviours. */
const independent: Target = {
  title: 'fake-gcs-server',
  program: () => missingReason(() => findComponent('fake-gcs-server')),
  start: () => startObjectStore(),
  check: async ({ check, fakeGcsServer }, bucket) => {
    if (fakeGcsServer === undefined) await check(bucket);
    else await assert.rejects(check(bucket), `fake-gcs-server no longer differs: ${fakeGcsServer}`);
  },
};

for (const { title, program = NO_PROGRAM, start, check } of [inMemory, inFolder, independent]) {
  suite(`documented behaviour of Cloud Storage, on ${title}`, () => {
    let store: StartedStore | undefined;
    let missing: string | undefined;
    before(async () => {
      missing = await program();
      if (missing === undefined) store = await start();
    });
    after(() => store?.stop());

    for (const [index, behaviour] of BEHAVIOURS.entries()) {
      test(`${title}: ${behaviour.title}`, async (context) => {
        if (missing !== undefined) {
          context.skip(missing);
          return;
        }
        const bucket = new TestBucket(store?.url ?? '', `behaviour-${index}`);
        const json = { name: bucket.name, location: 'us-central1' };
        const { status, body } = await bucket.call('POST', '/storage/v1/b?project=local', { json });
        assert.equal(status, 200, body.toString());
        await check(behaviour, bucket);
      });
    }
  });
}
