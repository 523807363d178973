import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { ExportDefaults, ExportModelsInput, FleetHandle } from '../../../src';
import { ExportFailureType, exportModelsResultSchema } from '../../../src';
import { fixture } from '../../support/inspection';
import { addModel, MODELS, operationsOf, PARENT } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, exportFailure, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
// Without a cache each workflow task replays the history: a step that is not deterministic would fail here.
const temporal = useExports(stack, { VERTEX_EXPORT_MAX_CACHED_WORKFLOWS: '0' });

beforeEach(() => {
  stack().vertex.clearFaults();
});

const DEFAULTS: ExportDefaults = { outputConfig: ARTIFACTS, ...QUICK };
const FAILING = { error: { code: 9, message: 'the container has no model' } };
const FOREVER_MS = 600_000;

function fleet(input: ExportModelsInput, workflowId?: string): Promise<FleetHandle> {
  return temporal().exports.startFleet(
    { defaults: DEFAULTS, ...input },
    workflowId === undefined ? {} : { workflowId },
  );
}

function statesOf(name: string): string[] {
  return operationsOf(stack().vertex, name).map(({ state }) => state);
}

suite('a fleet of a list:', () => {
  test('a fleet exports each entry of its list and returns the outcome of each', async () => {
    const { flowers, iris, churn } = MODELS;
    const handle = await fleet({
      exports: [
        { name: flowers, outputConfig: { exportFormatId: 'tf-js' } },
        { name: iris },
        { name: churn, outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/elsewhere' } } },
      ],
    });
    const result = await handle.result();
    assert.deepEqual(exportModelsResultSchema.parse(result), result);
    const { planned, succeeded, failed, running } = result.totals;
    assert.deepEqual({ planned, succeeded, failed, running }, { planned: 3, succeeded: 3, failed: 0, running: 0 });
    assert.deepEqual(result.exports.map(({ model, exportFormatId }) => `${model} ${exportFormatId ?? ''}`).sort(), [
      `${flowers}@1 tf-js`,
      `${iris}@2 tf-saved-model`,
      `${churn}@1 custom-trained`,
    ]);
    for (const { workflowId = '', outputInfo } of result.exports) {
      assert.ok(workflowId.startsWith(`${handle.workflowId}-44011700000000000`), workflowId);
      assert.ok(workflowId.length <= 200);
      assert.deepEqual((await temporal().exports.get(workflowId).result()).outputInfo, outputInfo);
    }
    const elsewhere = result.exports.find(({ model }) => model.startsWith(churn));
    assert.match(elsewhere?.outputInfo?.artifactOutputUri ?? '', /^gs:\/\/exports\/elsewhere\//);
    assert.equal((await handle.status()).stage, 'completed');
  });

  test('a fleet exports each Model in each format, and repeated Models once', async () => {
    const { flowers, assistant } = MODELS;
    const handle = await fleet({ models: [flowers, flowers], formats: ['tflite', 'core-ml', 'tflite'] });
    const result = await handle.result();
    assert.deepEqual(result.exports.map(({ exportFormatId }) => exportFormatId).sort(), ['core-ml', 'tflite']);
    assert.equal(result.totals.duplicates, 1);
    assert.match(result.notes.join(), /1 entries request the same export/);
    const chosen = await fleet({ models: [assistant] });
    assert.deepEqual(
      (await chosen.result()).exports.map(({ exportFormatId }) => exportFormatId),
      ['custom-trained'],
    );
  });

  test('a fleet reads the formats of each Model and fails only those that cannot be exported', async () => {
    const name = addModel(stack().vertex, {
      formats: { tflite: fixture('image/tflite'), 'core-ml': fixture('image/core-ml'), image: { c: 'c' } },
      exportableContents: { image: ['IMAGE'] },
    });
    const handle = await fleet({ models: [name, `${PARENT}/models/404`, MODELS.videoLabels], formats: 'all' });
    const { exports, totals, failures } = await handle.result();
    assert.deepEqual(
      exports.flatMap(({ outcome, exportFormatId = '' }) => (outcome === 'succeeded' ? [exportFormatId] : [])).sort(),
      ['core-ml', 'tflite'],
    );
    assert.deepEqual(
      failures.map(({ model, failure, workflowId }) => [model, failure?.type, workflowId]),
      [
        [`${PARENT}/models/404`, ExportFailureType.ModelNotFound, undefined],
        [MODELS.videoLabels, ExportFailureType.NotExportable, undefined],
      ],
    );
    assert.deepEqual([totals.planned, totals.succeeded, totals.failed], [4, 2, 2]);
  });

  test('a fleet starts the next export when any export ends', async () => {
    const slow = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const quick = Array.from({ length: 6 }, () => addModel(stack().vertex));
    const handle = await fleet({ models: [slow, ...quick], maxConcurrent: 2 });
    await eventually('all others have ended', async () => (await handle.status()).totals.succeeded === 6);
    const { totals, running } = await handle.status();
    assert.deepEqual([totals.running, running.length], [1, 1]);
    const times = quick.map((name) => operationsOf(stack().vertex, name)[0]);
    // The slow export occupies one of the two slots, so the others run one after the other.
    for (const [index, operation] of times.entries()) {
      const next = times[index + 1];
      if (operation && next) assert.ok(operation.name < next.name, 'in their order');
    }
    stack().vertex.setOutcome(slow, 'success', 50);
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(statesOf(slow), ['cancelled']);
  });

  test('a fleet continues after a failed export and returns its reason', async () => {
    const bad = addModel(stack().vertex, { outcome: FAILING });
    const good = addModel(stack().vertex);
    const handle = await fleet({ models: [bad, good], maxConcurrent: 1 });
    const { totals, failures, exports } = await handle.result();
    assert.deepEqual([totals.succeeded, totals.failed, exports.length], [1, 1, 2]);
    assert.deepEqual(
      failures.map(({ model, failure }) => [model, failure?.type]),
      [[bad, ExportFailureType.FailedPrecondition]],
    );
    assert.match(failures[0]?.failure?.message ?? '', /the container has no model/);
  });

  test('a fleet with onFailure stop starts no further export and waits for running ones', async () => {
    const bad = addModel(stack().vertex, { outcome: FAILING });
    const running = addModel(stack().vertex, { durationMs: 10_000 });
    const never = addModel(stack().vertex);
    const handle = await fleet({ models: [running, bad, never], maxConcurrent: 2, onFailure: 'stop' });
    await eventually('it stops', async () => (await handle.status()).stage === 'stopping');
    const { totals, stopped } = await handle.result();
    assert.deepEqual([totals.succeeded, totals.failed, totals.planned], [1, 1, 3]);
    assert.match(stopped ?? '', /onFailure is stop/);
    assert.deepEqual(statesOf(never), []);
  });

  test('a cancelled fleet cancels all exports and their operations', async () => {
    const names = [1, 2, 3].map(() => addModel(stack().vertex, { durationMs: FOREVER_MS }));
    const handle = await fleet({ models: names, maxConcurrent: 2 });
    await eventually('two operations run', () => names.filter((name) => statesOf(name).length === 1).length === 2);
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(names.flatMap(statesOf), ['cancelled', 'cancelled']);
    const { stage, totals } = await handle.status();
    assert.deepEqual([stage, totals.cancelled, totals.running], ['cancelled', 2, 0]);
  });

  test('a fleet reports an export that another client cancelled, and continues', async () => {
    const endless = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handle = await fleet({ models: [endless, addModel(stack().vertex)] });
    await eventually('it runs', () => statesOf(endless).length === 1);
    const [workflowId = ''] = (await handle.status()).running.filter((id) =>
      id.includes(endless.split('/').at(-1) ?? '-'),
    );
    await temporal().exports.get(workflowId).cancel();
    const { totals } = await handle.result();
    assert.deepEqual([totals.succeeded, totals.cancelled], [1, 1]);
  });

  test('a restarted fleet exports only what has not succeeded', async () => {
    const [done, broken] = [addModel(stack().vertex), addModel(stack().vertex, { outcome: [FAILING, 'success'] })];
    const models = [done, broken];
    const first = await (await fleet({ models })).result();
    assert.deepEqual([first.totals.succeeded, first.totals.failed], [1, 1]);
    const second = await (await fleet({ models })).result();
    assert.deepEqual([second.totals.succeeded, second.totals.reused, second.totals.failed], [2, 1, 0]);
    assert.deepEqual([statesOf(done), statesOf(broken)], [['succeeded'], ['failed', 'succeeded']]);
    const reused = second.exports.find(({ model }) => model === `${done}@1`);
    assert.deepEqual(reused, { ...first.exports.find(({ model }) => model === `${done}@1`), reused: true });
  });

  test('a fleet follows exports of a terminated run and cancels them when it is cancelled', async () => {
    const endless = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const first = await fleet({ models: [endless] });
    await eventually('it runs', () => statesOf(endless).length === 1);
    await first.workflow.terminate();
    const second = await fleet({ models: [endless] });
    assert.equal(second.workflowId, first.workflowId);
    await eventually('it is followed', async () => {
      const { raw } = await second.workflow.describe();
      return (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'awaitExports');
    });
    await second.cancel();
    await exportCancelled(second);
    assert.deepEqual(statesOf(endless), ['cancelled']);
    assert.equal((await second.status()).totals.cancelled, 1);
  });

  test('a second start joins the running fleet', async () => {
    const models = [addModel(stack().vertex, { durationMs: 1_500 })];
    const [first, second] = await Promise.all([fleet({ models }), fleet({ models })]);
    assert.deepEqual(await first.result(), await second.result());
    assert.equal(temporal().exports.getFleet(first.workflowId).workflowId, second.workflowId);
  });

  test('the exports of a fleet have its priority', async () => {
    const priority = { priorityKey: 5, fairnessKey: 'team-a', fairnessWeight: 2 };
    const handle = await fleet({ models: [addModel(stack().vertex)], priority });
    const { exports } = await handle.result();
    const description = await temporal()
      .exports.get(exports[0]?.workflowId ?? '')
      .workflow.describe();
    assert.deepEqual(description.priority, priority);
  });
});

suite('a fleet of a location:', () => {
  test('a fleet of a location lists its Models with the filter and skips those without the format', async () => {
    const { vertex } = stack();
    const location = 'europe-west4';
    const names = Array.from({ length: 3 }, () => addModel(vertex, { location, displayName: 'wanted' }));
    addModel(vertex, { location, displayName: 'other' });
    addModel(vertex, { location, displayName: 'wanted', formats: { 'core-ml': { 'model.mlmodel': 'x' } } });
    vertex.clearRequests();
    const parent = `projects/demo-project/locations/${location}`;
    const handle = await fleet({ parent, filter: 'display_name="wanted"', formats: ['tflite'] });
    const { totals, failures } = await handle.result();
    // The only bucket is in another region, so every export fails. The test checks the plan only.
    assert.deepEqual([totals.planned, totals.skipped, totals.failed], [3, 1, 3]);
    assert.deepEqual(failures.map(({ model }) => model).sort(), names.map((name) => `${name}@1`).sort());
    assert.equal(failures[0]?.failure?.type, ExportFailureType.BucketRegionMismatch);
  });

  test('a fleet fails if the Models cannot be listed', async () => {
    const fault = { status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'models.list' } } };
    stack().vertex.addFault({ match: { method: 'GET', path: '/locations/us-west1/models$' }, fault });
    const handle = await fleet({ parent: 'projects/demo-project/locations/us-west1' });
    const { message } = await exportFailure(handle, ExportFailureType.PermissionDenied);
    assert.match(message, /aiplatform\.models\.list/);
    assert.equal((await handle.status()).stage, 'failed');
  });
});

suite('a fleet with an invalid input:', () => {
  test('the client rejects an invalid fleet input before it starts a workflow', async () => {
    await assert.rejects(fleet({ models: ['models/1'], parent: PARENT }), /2 problems: models\.0: .*exactly one of/);
  });

  test('a fleet that another client started with an invalid input fails with all problems', async () => {
    await temporal().client.workflow.start('exportModelsWorkflow', {
      args: [{ exports: [{ name: 'models/1' }], maxConcurrent: 0 }],
      taskQueue: 'vertex-export',
      workflowId: 'fleet-from-elsewhere',
    });
    const handle = temporal().exports.getFleet('fleet-from-elsewhere');
    const { details } = await exportFailure(handle, ExportFailureType.InvalidInput);
    assert.equal(details.problems?.length, 3);
  });
});
