import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, suite, test } from 'node:test';
import type { WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { childWorkflowId, exportFolderName } from '../../../src/contract/workflow-id';
import { EXPORT_MODELS_WORKFLOW } from '../../../src/contract/names';
import { ExportFailureType } from '../../../src/contract/failures';
import { at, call } from '../../support/http';
import { addModel } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../../support/worker';
import { assertDocumented } from './checks';
import { ODD_JSON_VALUES } from './odd-values';

const stack = useLocalStack({ buckets: ['exports', 'others'] });
const temporal = useExports(stack);
const FOREIGN_QUEUE = 'foreign';

before(async () => {
  const { temporal: server } = await stack.ready();
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    taskQueue: FOREIGN_QUEUE,
    workflowsPath: require.resolve('./foreign-workflows'),
  });
  const running = worker.run();
  stack.beforeStop(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
});

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const OPTIONS = { defaults: { outputConfig: ARTIFACTS, ...QUICK } };
const INPUT = { name: MODEL, outputConfig: ARTIFACTS, ...QUICK };

/** The valid carried-over state of the fleet with this workflow ID. A test changes one field of it. */
function stateOf(fleet: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    settings: settingsOf(fleet),
    startTime: new Date().toISOString(),
    stage: 'exporting',
    planned: [],
    running: [],
    totals: { planned: 1, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0 },
    exports: [],
    failures: [],
    resultUris: [],
    notes: [],
    ...changes,
  };
}

const settingsOf = (fleet: string) => ({
  maxConcurrent: 2,
  onFailure: 'continue',
  resultsUriPrefix: 'gs://exports/results/',
  folderName: exportFolderName(fleet),
  duplicates: [],
});

const freshId = (): string => `forged-${randomUUID()}`;

function start(
  workflowId: string,
  args: unknown[],
  options: Partial<WorkflowStartOptions> = {},
): Promise<WorkflowHandle> {
  return temporal().client.workflow.start(EXPORT_MODELS_WORKFLOW, {
    args,
    taskQueue: 'vertex-export',
    workflowId,
    ...options,
  });
}

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const options = { followRuns: false };
  const { client } = temporal();
  const error: unknown = await client.workflow.result(handle.workflowId, undefined, options).catch((e: unknown) => e);
  assert.ok(error instanceof WorkflowFailedError, String(error));
  assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
  return error.cause;
}

async function namesIn(bucket: string): Promise<unknown[]> {
  const { body } = await call('GET', `${stack().store.url}/storage/v1/b/${bucket}/o`);
  return (at(body, 'items') ?? []) as unknown[];
}

/** Starts a forged fleet. Fails unless it is rejected before any effect. */
async function assertRefused(
  carriedFor: (fleet: string) => unknown,
  { input = OPTIONS, options }: { input?: unknown; options?: Partial<WorkflowStartOptions> } = {},
): Promise<ApplicationFailure> {
  const fleet = freshId();
  const stored = [await namesIn('exports'), await namesIn('others')].map(({ length }) => length);
  stack().vertex.clearRequests();
  const handle = await start(fleet, [input, carriedFor(fleet)], options);
  const failure = await failureOf(handle);
  assert.equal(failure.type, ExportFailureType.InvalidInput, failure.message);
  assertDocumented(failure, fleet);
  assert.deepEqual(stack().vertex.requests().requests, []);
  const after = [await namesIn('exports'), await namesIn('others')].map(({ length }) => length);
  assert.deepEqual(after, stored);
  const history = await handle.fetchHistory();
  const kinds = (history.events ?? []).filter(
    (event) =>
      event.startChildWorkflowExecutionInitiatedEventAttributes ??
      event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes,
  );
  assert.equal(kinds.length, 0, 'no other workflow was started or cancelled');
  return failure;
}

const EVIL_PARENTS = [
  'projects/p/locations/evil.example#',
  'projects/p-1/locations/evil.example#',
  'projects/p-1/locations/evil.example/',
  'projects/p-1/locations/evil.example?',
  'projects/p-1/locations/us-central1@evil.example',
  'projects/p-1/locations/us-central1.evil.example',
  'projects/p-1/locations/..',
  'projects/../locations/us-central1',
];

const FORGED: readonly (readonly [string, (fleet: string) => unknown])[] = [
  ...EVIL_PARENTS.flatMap((parent): [string, (fleet: string) => unknown][] => [
    [`the parent ${parent}`, (fleet) => stateOf(fleet, { source: { parent } })],
    [`only the parent ${parent}`, () => ({ stage: 'exporting', source: { parent } })],
  ]),
  ['a Model at an evil place', (fleet) => stateOf(fleet, { source: { models: [`${EVIL_PARENTS[0]}/models/1`] } })],
  ['an export without a name', (fleet) => stateOf(fleet, { source: { exports: [{ outputConfig: ARTIFACTS }] } })],
  ['the id of another workflow', (fleet) => stateOf(fleet, { planned: [{ workflowId: 'victim', input: INPUT }] })],
  [
    'an export that has no Model',
    (fleet) =>
      stateOf(fleet, {
        planned: [{ workflowId: childWorkflowId(fleet, INPUT), input: { ...INPUT, name: 'projects/p' } }],
      }),
  ],
  [
    'the id of the same export of another fleet',
    (fleet) => stateOf(fleet, { planned: [{ workflowId: childWorkflowId('another', INPUT), input: INPUT }] }),
  ],
  [
    'the folder of another fleet',
    (fleet) => stateOf(fleet, { settings: { ...settingsOf(fleet), folderName: 'another' } }),
  ],
  [
    'a folder above its own',
    (fleet) => stateOf(fleet, { settings: { ...settingsOf(fleet), resultsUriPrefix: 'gs://others/../' } }),
  ],
  [
    'a place for results that is not one',
    (fleet) => stateOf(fleet, { settings: { ...settingsOf(fleet), resultsUriPrefix: 'https://evil.example/' } }),
  ],
  ...['completed', 'cancelling', 'checking', '', 5, null].map((stage): [string, (fleet: string) => unknown] => [
    `the stage ${JSON.stringify(stage)}`,
    (fleet) => stateOf(fleet, { stage }),
  ]),
  ['half of a character in a note', (fleet) => stateOf(fleet, { notes: ['\ud800'] })],
  ['half of a character in a reason', (fleet) => stateOf(fleet, { stopped: '\ud800' })],
  ['half of a character in an id', (fleet) => stateOf(fleet, { running: [{ workflowId: '\ud800', model: MODEL }] })],
  ['an unknown field', (fleet) => stateOf(fleet, { evil: true })],
  ['a note of 1 MB', (fleet) => stateOf(fleet, { notes: ['x'.repeat(1_000_000)] })],
  ['a text of 1 MB', () => 'x'.repeat(1_000_000)],
  ...ODD_JSON_VALUES.filter(({ value }) => value !== null).map(({ what, value }): [string, () => unknown] => [
    what,
    () => value,
  ]),
];

/** A running workflow of another caller. */
async function foreignWorkflow(): Promise<WorkflowHandle> {
  const workflowId = `foreign-${randomUUID()}`;
  return temporal().client.workflow.start('unrelatedWorkflow', { taskQueue: FOREIGN_QUEUE, workflowId });
}

/** A running export of another caller's fleet. */
async function foreignExport(): Promise<WorkflowHandle> {
  const models = [addModel(stack().vertex, { durationMs: 600_000 })];
  const fleet = await temporal().exports.startFleet({ models, ...OPTIONS });
  await eventually('its export runs', async () => (await fleet.status()).running.length === 1);
  const [workflowId = ''] = (await fleet.status()).running;
  const { workflow } = temporal().exports.get(workflowId);
  const isRunning = async (): Promise<boolean> => (await workflow.describe()).status.name === 'RUNNING';
  await eventually('it has begun', () => isRunning().catch(() => false));
  return workflow;
}

async function assertUntouched(handle: WorkflowHandle): Promise<void> {
  const { status } = await handle.describe();
  assert.equal(status.name, 'RUNNING');
  const { events } = await handle.fetchHistory();
  assert.ok(!(events ?? []).some((event) => event.workflowExecutionCancelRequestedEventAttributes));
}

suite('a fleet that is started with the state of a continued one', () => {
  for (const [what, carried] of FORGED) {
    test(`is rejected for ${what}`, async () => {
      await assertRefused(carried);
    });
  }

  test('is rejected with an invalid input', async () => {
    for (const input of [null, 5, 'x', [], { models: 'x' }, { ...OPTIONS, evil: 1 }]) {
      await assertRefused((fleet) => stateOf(fleet), { input });
    }
  });

  test('runs if the state grants it no access', async () => {
    const fleet = freshId();
    const handle = await start(fleet, [OPTIONS, stateOf(fleet)]);
    assert.equal(at(await handle.result(), 'totals', 'planned'), 1);
  });

  for (const isCancelled of [false, true]) {
    test(`cannot affect foreign workflows${isCancelled ? ' when it is cancelled' : ''}`, async () => {
      const [unrelated, others] = [await foreignWorkflow(), await foreignExport()];
      for (const victim of [unrelated, others]) {
        const fleet = freshId();
        const running = [{ workflowId: victim.workflowId, model: MODEL }];
        const handle = await start(fleet, [OPTIONS, stateOf(fleet, { running })]);
        if (isCancelled) await handle.cancel();
        const failure = await failureOf(handle);
        assert.equal(failure.type, ExportFailureType.InvalidInput, failure.message);
        await assertUntouched(victim);
      }
      await unrelated.signal('end');
    });
  }

  test('ends soon if it has IDs of unknown exports, however long they are', async () => {
    const ids = ['unknown', '\u20ac'.repeat(333), 'x'.repeat(1_000), '\u20ac'.repeat(1_000), "' OR '", '\0', '\n'];
    for (const workflowId of ids) {
      const fleet = freshId();
      const handle = await start(fleet, [OPTIONS, stateOf(fleet, { running: [{ workflowId, model: MODEL }] })]);
      const ended: unknown = await handle.result().catch((error: unknown) => error);
      if (!(ended instanceof Error)) continue;
      assert.ok(ended instanceof WorkflowFailedError && ended.cause instanceof ApplicationFailure, String(ended));
      assert.equal(ended.cause.type, ExportFailureType.InvalidInput, ended.cause.message);
    }
  });
});

suite('the markers of a continued run', () => {
  const source = { parent: EVIL_PARENTS[0] };

  test('grant no access to a fleet with a retry policy', async () => {
    await assertRefused((fleet) => stateOf(fleet, { source }), { options: { retry: { maximumAttempts: 3 } } });
  });

  test('grant no access to a fleet on a cron schedule', async () => {
    const fleet = freshId();
    const handle = await start(fleet, [OPTIONS, stateOf(fleet, { source })], { cronSchedule: '@every 1s' });
    stack().vertex.clearRequests();
    const runs: string[] = [];
    await eventually('it has run twice', async () => {
      const query = `WorkflowId = '${fleet}' AND ExecutionStatus = 'Failed'`;
      runs.length = 0;
      for await (const { runId } of temporal().client.workflow.list({ query })) runs.push(runId);
      return runs.length >= 2;
    });
    await handle.terminate();
    for (const runId of runs) {
      const { events } = await temporal().client.workflow.getHandle(fleet, runId).fetchHistory();
      const failure = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
      assert.equal(failure?.applicationFailureInfo?.type, ExportFailureType.InvalidInput);
    }
    assert.deepEqual(stack().vertex.requests().requests, []);
  });

  test('grant no access to a fleet that another workflow starts as its child', async () => {
    stack().vertex.clearRequests();
    const args = [EXPORT_MODELS_WORKFLOW, 'vertex-export', [OPTIONS, stateOf('any', { source })]];
    const workflowId = `parent-${randomUUID()}`;
    const parent = await temporal().client.workflow.start('parentWorkflow', {
      args,
      taskQueue: FOREIGN_QUEUE,
      workflowId,
    });
    const error: unknown = await parent.result().catch((reason: unknown) => reason);
    assert.ok(error instanceof WorkflowFailedError, String(error));
    const failure = error.cause?.cause;
    assert.ok(failure instanceof ApplicationFailure, String(error.cause));
    assert.equal(failure.type, ExportFailureType.InvalidInput, failure.message);
    assert.deepEqual(stack().vertex.requests().requests, []);
  });
});
