import assert from 'node:assert/strict';
import { activityEnvironment } from '../../support/activities';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createExportActivities } from '../../../src/activities';
import { assertKnownHost } from './checks';
import { ACTIVITY_ARGUMENTS, FOLDER } from './examples';
import { googleAnswer } from './google-answers';
import type { Answer, SeenRequest } from './outside';
import { useOutside } from './outside';
import { HOSTILE_TEXTS } from './values';

const outside = useOutside();
const activities = createExportActivities({
  emulators: {},
  credentials: { headers: () => Promise.resolve({ authorization: 'Bearer x' }), refresh: () => undefined },
  settleDelayMs: 0,
  maxRequestsPerMinute: 1_000_000,
  maxSubmissionsPerMinute: 1_000_000,
});

const RUNS = 400;
const PREFIX = FOLDER.replace('gs://exports/', '');

const short = fc.constantFrom(...HOSTILE_TEXTS.filter(({ length }) => length < 100));
const segment = fc.oneof(
  fc.constantFrom('.', '..', '', 'test', '%2e%2e', 'a', 'other', PREFIX.split('/')[1] ?? ''),
  fc.string({ maxLength: 8, unit: 'grapheme' }),
  short,
);
const path = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/'));

/** Places of the caller, similar places, and foreign ones. */
const place = fc.oneof(
  path.map((rest) => `${FOLDER}${rest}`),
  path.map((rest) => `${FOLDER.slice(0, -1)}${rest}`),
  fc.tuple(fc.constantFrom('exports', 'others', '..', 'exports@evil.example'), path).map(([b, p]) => `gs://${b}/${p}`),
  path.map((rest) => `gs://exports/${rest}/test/00000000-0000-4000-8000-000000000000/`),
  short,
);

/** Names that a list can contain, whether they match the request or not. */
const listedName = fc.oneof(
  path.map((rest) => `${PREFIX}${rest}`),
  path.map((rest) => `${PREFIX}model-1/${rest}`),
  path,
  fc.constantFrom('..', '.', '', '../other', PREFIX.slice(0, -1), `${PREFIX.slice(0, -1)}x/y`, `${PREFIX}../../x`),
);
const listed = fc.record({
  name: listedName,
  size: fc.constantFrom('0', '7', '-1', '1e9', 'x'),
  generation: fc.oneof(fc.constantFrom('1', '0', '-1', '9'.repeat(30)), short),
});
const listing = fc.array(listed, { maxLength: 5 });

/** Answers of a Cloud Storage that lists arbitrary objects. */
const answering =
  (items: readonly object[]) =>
  (request: SeenRequest): Answer => {
    const isList = request.method === 'GET' && request.target.includes('/o?') && !request.target.includes('alt=media');
    return isList ? { body: { kind: 'storage#objects', items } } : googleAnswer(request);
  };

/** Runs an activity and ignores its outcome. Returns the objects that it wrote and deleted. */
async function changesOf(name: keyof typeof ACTIVITY_ARGUMENTS, request: unknown): Promise<string[]> {
  outside.clear();
  await activityEnvironment()
    .run(activities[name] as (given: unknown) => Promise<unknown>, request)
    .catch((error: unknown) => error);
  for (const host of outside.hosts) assertKnownHost(host, name);
  return outside.requests.flatMap(({ method, target, host }) => {
    if (method === 'GET' || method === 'HEAD') return [];
    assert.equal(host, 'storage.googleapis.com', `${method} ${host}${target}`);
    const url = new URL(target, 'https://storage.googleapis.com');
    const [, bucket = '', object = ''] = /\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const written = object === '' ? (url.searchParams.get('name') ?? '') : decodeURIComponent(object);
    return [`gs://${bucket}/${written}`];
  });
}

/** A folder of runs of the calling workflow, and an object in it. */
const IN_A_RUN = /^gs:\/\/[^/]+\/(?:.*\/)?test\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//su;

let changes = 0;

function assertInside(places: readonly string[], folder: string): void {
  changes += places.length;
  for (const one of places) {
    // The folder itself can be an object, because consoles create one.
    assert.ok(one.startsWith(folder), `${one} is not in ${folder}`);
    assert.match(one, IN_A_RUN);
  }
}

suite('no object outside of the folder of an export is written or deleted', () => {
  test('by deletePartialArtifacts for any request and any list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constant(FOLDER), place), listing, async (folder, items) => {
        outside.answer = answering(items);
        assertInside(await changesOf('deletePartialArtifacts', { folder, heartbeatTimeoutMs: 60_000 }), folder);
      }),
      { numRuns: RUNS },
    );
  });

  test('by deletePartialArtifacts if the list is that of the folder', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 4 }), async (paths) => {
        const items = paths.map((rest) => ({ name: `${PREFIX}a${rest}`, size: '1', generation: '1' }));
        outside.answer = answering(items);
        const places = await changesOf('deletePartialArtifacts', { folder: FOLDER, heartbeatTimeoutMs: 60_000 });
        assertInside(places, FOLDER);
      }),
      { numRuns: RUNS },
    );
  });

  test('by verifyExport that writes a manifest', async () => {
    const [valid] = ACTIVITY_ARGUMENTS.verifyExport[0] ?? [];
    const output = fc.oneof(
      fc.tuple(fc.constant(FOLDER), fc.constant(`${FOLDER}model-1/`)),
      fc.tuple(fc.constant(FOLDER), place),
      fc.tuple(place, place),
      place.chain((prefix) => path.map((rest): [string, string] => [`${prefix}/`, `${prefix}/${rest}`])),
    );
    await fc.assert(
      fc.asyncProperty(output, listing, async ([outputUriPrefix, artifactOutputUri], items) => {
        outside.answer = items.length === 0 ? googleAnswer : answering(items);
        const request = {
          ...valid,
          level: 'listing',
          exportFormatId: 'unknown-format',
          destinations: { outputUriPrefix },
          outputInfo: { artifactOutputUri },
          writeManifest: true,
        };
        assertInside(await changesOf('verifyExport', request), outputUriPrefix);
      }),
      { numRuns: RUNS },
    );
  });

  test('by writeResults', async () => {
    const name = fc.oneof(fc.constantFrom('results-00001.jsonl', 'x.jsonl', '../results-00001.jsonl'), path);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constant(FOLDER), place), name, async (folder, file) => {
        outside.answer = googleAnswer;
        const uri = `${folder}${file}`;
        assertInside(await changesOf('writeResults', { uri, exports: [] }), uri.replace(/[^/]*$/, ''));
      }),
      { numRuns: RUNS },
    );
  });

  test('although objects inside of the folder are written and deleted', () => {
    assert.ok(changes > RUNS, String(changes));
  });
});
