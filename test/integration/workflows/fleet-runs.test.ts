import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { EndedExport, ExportDefaults, ExportHandle, FleetHandle } from '../../../src';
import { ExportFailureType } from '../../../src';
import { childWorkflowId } from '../../../src/contract/workflow-id';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
const temporal = useExports(stack);

beforeEach(() => {
  stack().vertex.clearFaults();
});

const DEFAULTS: ExportDefaults = { outputConfig: ARTIFACTS, ...QUICK };
const FAILING = { error: { code: 9, message: 'the container has no model' } };
const SLOW_MS = 3_000;
const FOREVER_MS = 600_000;

function start(name: string, workflowId?: string): Promise<ExportHandle> {
  return temporal().exports.start({ name, ...QUICK, outputConfig: ARTIFACTS }, workflowId ? { workflowId } : {});
}

function startFleet(models: string[], workflowId: string, maxConcurrent = 50): Promise<FleetHandle> {
  return temporal().exports.startFleet({ models, defaults: DEFAULTS, maxConcurrent }, { workflowId });
}

async function runIdOf({ workflow }: Pick<ExportHandle, 'workflow'>): Promise<string> {
  return (await workflow.describe()).runId;
}

async function resultsOf(
  exports: Iterable<string | { workflowId: string; runId: string }>,
  everyMs = 100,
): Promise<EndedExport[]> {
  const ended: EndedExport[] = [];
  for await (const one of temporal().exports.resultsOf(exports, { everyMs })) ended.push(one);
  return ended;
}

/** Resets a running export to the end of its first workflow task. */
async function reset({ workflowId, workflow }: ExportHandle): Promise<void> {
  const { client } = temporal();
  const { events } = await workflow.fetchHistory();
  const completed = events?.find(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes);
  assert.ok(completed?.eventId);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId: await runIdOf({ workflow }) },
    reason: 'test',
    requestId: `reset-${workflowId}`,
    workflowTaskFinishEventId: completed.eventId,
  });
}

suite('the results of exports that were restarted within a minute after a failure', () => {
  test('are those of the current runs, not of the earlier ones', async () => {
    const names = Array.from({ length: 12 }, () => addModel(stack().vertex, { outcome: [FAILING, 'success'] }));
    const first = await Promise.all(names.map((name) => start(name)));
    await Promise.all(first.map(({ result }) => assert.rejects(result())));
    const failedRun = { workflowId: first[0]?.workflowId ?? '', runId: first[0] ? await runIdOf(first[0]) : '' };
    for (const name of names) stack().vertex.setOutcome(name, 'success', SLOW_MS);
    const second = await Promise.all(names.map((name) => start(name)));
    const ended = await resultsOf(second.map(({ workflowId }) => workflowId));
    assert.equal(ended.length, 12);
    assert.deepEqual(
      ended.flatMap(({ error }) => (error ? [error.message] : [])),
      [],
    );
    // The run that the request names by its ID is the reported one.
    const [old] = await resultsOf([failedRun]);
    assert.equal(old?.runId, failedRun.runId);
    assert.ok(old.error?.cause instanceof ApplicationFailure);
  });

  test('are those of the followed run if another one is started later', async () => {
    const name = addModel(stack().vertex, { outcome: FAILING, durationMs: SLOW_MS });
    const handle = await start(name);
    const runId = await runIdOf(handle);
    // The later run starts before the next poll.
    const waiting = resultsOf([handle.workflowId], SLOW_MS * 3);
    await assert.rejects(handle.result());
    stack().vertex.setOutcome(name, 'success', FOREVER_MS);
    const later = await start(name);
    const [ended] = await waiting;
    assert.deepEqual([ended?.runId, ended?.error?.cause instanceof ApplicationFailure], [runId, true]);
    await later.cancel();
  });
});

suite('an export that is reset while a client waits for its result', () => {
  test('is reported with the outcome of the new run, not as terminated', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handle = await start(name);
    await eventually('it runs', () => operationsOf(stack().vertex, name).length === 1);
    const firstRun = await runIdOf(handle);
    const waiting = resultsOf([{ workflowId: handle.workflowId, runId: firstRun }]);
    await reset(handle);
    await eventually('the new run exists', async () => (await runIdOf(handle)) !== firstRun);
    await eventually('it is under way', async () => (await handle.status()).stage === 'exporting');
    await handle.cancel();
    const [ended] = await waiting;
    assert.equal(ended?.runId, await runIdOf(handle));
    assert.ok(ended.error?.cause instanceof CancelledFailure, String(ended.error?.cause));
  });
});

suite('a workflow of another type with the ID of an export', () => {
  test('is reported at once as a failure that names its type, even while it runs', async () => {
    const slow = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const fleet = await startFleet([slow], 'not-an-export');
    const [ended] = await resultsOf(['not-an-export']);
    assert.ok(ended?.error instanceof ApplicationFailure);
    assert.equal(ended.error.type, ExportFailureType.FailedPrecondition);
    assert.match(ended.error.message, /not-an-export is a exportModelsWorkflow, not an exportModelWorkflow/);
    await fleet.cancel();
  });

  test('is reported by a fleet as a failure of that export, not as a success of an earlier run', async () => {
    const [taken, free] = [addModel(stack().vertex), addModel(stack().vertex)];
    const workflowId = childWorkflowId('fleet-with-taken-id', { name: taken, outputConfig: ARTIFACTS });
    await (await startFleet([addModel(stack().vertex)], workflowId)).result();
    const { totals, failures } = await (await startFleet([taken, free], 'fleet-with-taken-id')).result();
    assert.deepEqual([totals.succeeded, totals.reused, totals.failed], [1, 0, 1]);
    assert.equal(failures[0]?.failure?.type, ExportFailureType.FailedPrecondition);
    assert.match(failures[0].failure.message, /exportModelsWorkflow, not an exportModelWorkflow/);
  });
});

suite('a restarted fleet', () => {
  test('reports the current runs if its failed exports were restarted seconds ago', async () => {
    const { vertex } = stack();
    const good = Array.from({ length: 4 }, () => addModel(vertex));
    const bad = Array.from({ length: 10 }, () => addModel(vertex, { outcome: FAILING }));
    const models = [...good, ...bad];
    const first = await (await startFleet(models, 'fleet-again')).result();
    assert.deepEqual([first.totals.succeeded, first.totals.failed], [4, 10]);
    for (const name of bad) vertex.setOutcome(name, 'success', SLOW_MS);
    await Promise.all(first.failures.map(({ model, workflowId }) => start(model.replace(/@1$/, ''), workflowId)));
    const { totals } = await (await startFleet(models, 'fleet-again')).result();
    const { planned, succeeded, failed, reused, running } = totals;
    assert.deepEqual(
      { planned, succeeded, failed, reused, running },
      { planned: 14, succeeded: 14, failed: 0, reused: 14, running: 0 },
    );
    assert.deepEqual(
      models.map((name) => operationsOf(vertex, name).filter(({ state }) => state === 'succeeded').length),
      models.map(() => 1),
    );
  });

  test('joins running exports, reuses succeeded ones, and repeats the others', async () => {
    const { vertex } = stack();
    const done = addModel(vertex);
    const failed = addModel(vertex, { outcome: [FAILING, 'success'] });
    const running = Array.from({ length: 3 }, () => addModel(vertex, { durationMs: SLOW_MS * 3 }));
    const never = addModel(vertex);
    const first = await startFleet([done, failed, ...running, never], 'fleet-half-done', 3);
    await eventually('two have ended and three run', async () => {
      const { totals } = await first.status();
      return (
        totals.succeeded === 1 &&
        totals.failed === 1 &&
        running.every((name) => operationsOf(vertex, name).length === 1)
      );
    });
    await first.workflow.terminate();
    const second = await (await startFleet([done, failed, ...running, never], 'fleet-half-done')).result();
    const { succeeded, failed: failures, reused } = second.totals;
    assert.deepEqual({ succeeded, failures, reused }, { succeeded: 6, failures: 0, reused: 4 });
    for (const name of [done, ...running, never]) {
      assert.deepEqual(
        operationsOf(vertex, name).map(({ state }) => state),
        ['succeeded'],
      );
    }
  });

  test('follows all running exports with a few activities', async () => {
    const { vertex } = stack();
    const models = Array.from({ length: 20 }, () => addModel(vertex, { durationMs: SLOW_MS * 3 }));
    const first = await startFleet(models, 'fleet-followed');
    await eventually('all run', () => models.every((name) => operationsOf(vertex, name).length === 1));
    await first.workflow.terminate();
    const second = await startFleet(models, 'fleet-followed');
    const followers = async (): Promise<number> => {
      const { raw } = await second.workflow.describe();
      return (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'awaitExports').length;
    };
    await eventually('they are followed', async () => (await followers()) > 0);
    const count = await followers();
    assert.ok(count <= 5, `${count} activities for 20 exports`);
    assert.equal((await second.result()).totals.succeeded, 20);
  });
});

suite('an export of a fleet whose workflow is reset', () => {
  test('is followed to its new run, and counted once', async () => {
    const { vertex } = stack();
    const name = addModel(vertex, { durationMs: FOREVER_MS });
    const handle = await startFleet([name], 'fleet-with-reset');
    await eventually('it runs', () => operationsOf(vertex, name).length === 1);
    const child = temporal().exports.get((await handle.status()).running[0] ?? '');
    const firstRun = await runIdOf(child);
    await reset(child);
    await eventually('the new run exists', async () => (await runIdOf(child)) !== firstRun);
    await eventually('it is under way', async () => (await child.status()).stage === 'exporting');
    assert.equal((await handle.status()).totals.running, 1);
    await child.cancel();
    const { totals } = await handle.result();
    assert.deepEqual([totals.cancelled, totals.failed, totals.planned], [1, 0, 1]);
  });
});

suite('an export of a fleet whose workflow is terminated', () => {
  test('is reported as terminated, with a hint that its operation may still run', async () => {
    const endless = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handle = await startFleet([endless, addModel(stack().vertex)], 'fleet-with-terminated');
    await eventually('it runs', () => operationsOf(stack().vertex, endless).length === 1);
    const id = (await handle.status()).running.find((running) => running.includes(endless.split('/').at(-1) ?? '-'));
    await temporal()
      .exports.get(id ?? '')
      .workflow.terminate('by mistake');
    const { totals, failures } = await handle.result();
    assert.deepEqual([totals.succeeded, totals.failed, totals.cancelled], [1, 1, 0]);
    assert.equal(failures[0]?.failure?.type, ExportFailureType.Terminated);
    assert.match(failures[0].failure.message, /was terminated.*operation may still be running/);
    const [ended] = await resultsOf([id ?? '']);
    assert.ok(ended?.error?.cause instanceof TerminatedFailure);
  });
});
