import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { FaultRule } from '../../emulator';
import type { ExportHandle, ExportModelInput } from '../../src';
import { at, call } from '../support/http';
import { addModel, operationsOf } from '../support/models';
import { useLocalStack } from '../support/services';
import { eventually, exportCancelled, QUICK, useExports } from '../support/worker';

const stack = useLocalStack();
// The emulator's gateway can also fail requests to the object store and the registry.
const temporal = useExports(stack, ({ vertex }) => ({
  STORAGE_EMULATOR_HOST: vertex.url,
  REGISTRY_EMULATOR_HOST: vertex.url,
  VERTEX_EXPORT_REQUEST_TIMEOUT: '1500ms',
  VERTEX_EXPORT_LONG_POLL: '2s',
}));

/** The export of a case. Its names are unique, so that faults affect no other case. */
interface Scene {
  readonly id: string;
  readonly bucket: string;
  readonly image: string;
}

interface Call {
  readonly name: string;
  readonly match: (scene: Scene) => FaultRule['match'];
  /** The export is cancelled while it runs. */
  readonly cancelled?: boolean;
  /** A delayed request takes effect when it is released. The case waits for this before its checks. */
  readonly hasLateEffect?: boolean;
}

const CALLS: readonly Call[] = [
  { name: 'models.get', match: ({ id }) => ({ method: 'GET', path: `/models/${id}$` }) },
  { name: 'bucket get', match: ({ bucket }) => ({ method: 'GET', path: `/b/${bucket}$` }) },
  { name: 'operations.list', match: ({ id }) => ({ method: 'GET', path: `/models/${id}/operations$` }) },
  {
    name: 'models.export',
    match: ({ id }) => ({ method: 'POST', path: `/models/${id}@1:export$` }),
    hasLateEffect: true,
  },
  { name: 'operations.wait', match: ({ id }) => ({ method: 'POST', path: `/models/${id}/operations/\\d+:wait$` }) },
  {
    name: 'operations.cancel',
    match: ({ id }) => ({ method: 'POST', path: `/models/${id}/operations/\\d+:cancel$` }),
    cancelled: true,
  },
  { name: 'objects.list', match: ({ bucket }) => ({ method: 'GET', path: `/b/${bucket}/o$` }) },
  { name: 'object read', match: ({ bucket }) => ({ method: 'GET', path: `/b/${bucket}/o/.` }) },
  { name: 'objects.delete', match: ({ bucket }) => ({ method: 'DELETE', path: `/b/${bucket}/o/` }), cancelled: true },
  { name: 'image manifest', match: ({ image }) => ({ method: 'GET', path: `/v2/.*/${image}/manifests/` }) },
  { name: 'blob head', match: ({ image }) => ({ method: 'HEAD', path: `/v2/.*/${image}/blobs/` }) },
  { name: 'blob read', match: ({ image }) => ({ method: 'GET', path: `/v2/.*/${image}/blobs/` }) },
  { name: 'object write', match: ({ bucket }) => ({ method: 'POST', path: `^/upload/storage/v1/b/${bucket}/o` }) },
];

/** Polls by GET if `:wait` is not implemented. The worker remembers that, so this call is the last one. */
const GET_CALL: Call = {
  name: 'operations.get',
  match: ({ id }) => ({ method: 'GET', path: `/models/${id}/operations/\\d+$` }),
};

const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.5s' };
const error = (code: number, status: string, details: unknown[] = []): FaultRule['fault'] => ({
  status: code,
  body: { error: { code, status, message: 'injected', details } },
});

const FAULTS: Readonly<Record<string, Omit<FaultRule, 'match'>>> = {
  '503': { fault: error(503, 'UNAVAILABLE') },
  '500': { fault: error(500, 'INTERNAL') },
  '429, RetryInfo': { fault: error(429, 'RESOURCE_EXHAUSTED', [RETRY_INFO]) },
  '429': { fault: error(429, 'RESOURCE_EXHAUSTED') },
  '502 HTML': { fault: { html: 502 } },
  '408': { fault: { status: 408 } },
  'reset before': { fault: { reset: true } },
  'reset after': { fault: { reset: true }, when: 'after' },
  hang: { fault: { delayMs: 60_000 } },
  'hang after': { fault: { delayMs: 60_000 }, when: 'after' },
  'truncated JSON': { fault: { truncate: true } },
  'wrong JSON': { fault: { status: 200, body: { surprise: true } } },
  'expired token': { fault: error(401, 'UNAUTHENTICATED') },
};

/** Longer than the timeout of a request, and shorter than the export that it affects, in milliseconds. */
const HELD_MS = 4_000;
const LONGER_MS = 12_000;

/** A delayed request whose effect would come after the end of the test is delayed for less. */
function ruleFor({ hasLateEffect }: Call, rule: Omit<FaultRule, 'match'>): Omit<FaultRule, 'match'> {
  const isHeld = 'delayMs' in rule.fault && rule.when !== 'after';
  return hasLateEffect && isHeld ? { ...rule, fault: { delayMs: HELD_MS } } : rule;
}

/** Each fault occurs twice in a row, so that a retry that only works once fails the test. */
const TIMES = 2;

const results = new Map<string, string>();
let scenes = 0;

async function runCase(target: Call, fault: string, rule: Omit<FaultRule, 'match'>): Promise<void> {
  const { vertex, store } = stack();
  const number = (scenes += 1);
  const model = addModel(vertex, {
    formats: { 'custom-trained': { 'model.bin': 'weights', 'z.bin': 'more' } },
    exportableContents: { 'custom-trained': ['ARTIFACT', 'IMAGE'] },
    durationMs: target.cancelled ? 600_000 : 'delayMs' in rule.fault && target.hasLateEffect ? LONGER_MS : 800,
    image: true,
  });
  const scene: Scene = { id: model.split('/').at(-1) ?? '', bucket: `case-${number}`, image: `image-${number}` };
  await vertex.createBucket(scene.bucket);
  const id = vertex.addFault({ match: target.match(scene), times: TIMES, ...rule });
  const input: ExportModelInput = {
    name: model,
    outputConfig: {
      artifactDestination: { outputUriPrefix: `gs://${scene.bucket}/matrix` },
      imageDestination: { outputUri: `us-central1-docker.pkg.dev/demo-project/matrix/${scene.image}:1` },
    },
    deletePartialArtifacts: true,
    verification: { level: 'content' },
    manifest: { write: true },
    ...QUICK,
  };
  const handle = await temporal().exports.start(input);
  try {
    if (target.cancelled) await cancelWhileRunning(handle, `${store.url}/storage/v1/b/${scene.bucket}/o`);
    else assert.equal((await handle.result()).files?.count, 2);
    // Operations of requests that took effect after their timeout are cancelled.
    const states = operationsOf(vertex, model).map(({ state }) => state);
    const survivors = states.filter((state) => target.cancelled === true || state !== 'cancelled');
    assert.deepEqual(survivors, [target.cancelled ? 'cancelled' : 'succeeded']);
    if (!target.hasLateEffect) assert.equal(states.length, 1);
    assert.ok(vertex.faultUses(id) > 0, 'the fault hit');
    results.set(`${target.name} ${fault}`, target.cancelled ? 'cancelled, 1' : 'succeeded, 1');
  } finally {
    vertex.removeFault(id);
  }
}

async function cancelWhileRunning(handle: ExportHandle, objectsUrl: string): Promise<void> {
  await eventually('it waits', async () => (await handle.status()).stage === 'exporting');
  await handle.cancel();
  await exportCancelled(handle);
  assert.match((await handle.status()).failure ?? '', /ended cancelled; nothing is left in /);
  const { body } = await call('GET', objectsUrl);
  assert.deepEqual(at(body, 'items') ?? [], [], 'nothing is left');
}

after(() => {
  const calls = [...CALLS, GET_CALL];
  const header = ['Fault', ...calls.map(({ name }) => name)];
  const rows = Object.keys(FAULTS).map((fault) => [
    fault,
    ...calls.map(({ name }) => results.get(`${name} ${fault}`) ?? 'FAILED'),
  ]);
  const table = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  process.stdout.write(`\n${table}\n\n`);
});

for (const target of CALLS) {
  suite(
    `an export ends as expected, with one operation, after ${target.name} failed twice by:`,
    { concurrency: 13 },
    () => {
      for (const [fault, rule] of Object.entries(FAULTS))
        test(fault, () => runCase(target, fault, ruleFor(target, rule)));
    },
  );
}

suite(
  `an export ends as expected, with one operation, after ${GET_CALL.name} failed twice by:`,
  { concurrency: 13 },
  () => {
    before(() => {
      stack().vertex.setCapabilities({ wait: 'unimplemented' });
    });
    for (const [fault, rule] of Object.entries(FAULTS)) test(fault, () => runCase(GET_CALL, fault, rule));
  },
);
