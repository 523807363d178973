import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExportDefaults, FleetExport, FleetHandle } from '../../src';
import { ExportFailureType } from '../../src';
import { addModel, modelEntry, operationsOf, PARENT } from '../support/models';
import { useLocalStack } from '../support/services';
import { ARTIFACTS, eventually, exportCancelled, QUICK, useExports } from '../support/worker';

// The server suggests to continue as new after 100 events. The default is 4,096.
const stack = useLocalStack({ temporal: { dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 100 } } });
const temporal = useExports(stack);

const DEFAULTS: ExportDefaults = { outputConfig: ARTIFACTS, ...QUICK };
const FOREVER_MS = 600_000;

async function runIdsOf({ workflowId }: FleetHandle): Promise<string[]> {
  const runs: string[] = [];
  for await (const { runId } of temporal().client.workflow.list({ query: `WorkflowId = '${workflowId}'` }))
    runs.push(runId);
  return runs;
}

async function untilRuns(handle: FleetHandle, least: number): Promise<void> {
  await eventually(`it has continued as new ${least - 1} times`, async () => (await runIdsOf(handle)).length >= least);
}

async function linesOf(uri: string): Promise<FleetExport[]> {
  const name = encodeURIComponent(uri.replace('gs://exports/', ''));
  const response = await fetch(`${stack().store.url}/storage/v1/b/exports/o/${name}?alt=media`);
  assert.equal(response.headers.get('content-type'), 'application/jsonl');
  const text = await response.text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FleetExport);
}

suite('a fleet with a long history', () => {
  test('continues as new while its exports run, and loses none of their results', async () => {
    const slow = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const quick = Array.from({ length: 40 }, () => addModel(stack().vertex));
    const handle = await temporal().exports.startFleet({
      models: [slow, ...quick],
      defaults: DEFAULTS,
      maxConcurrent: 4,
    });
    await eventually('the quick ones have ended', async () => (await handle.status()).totals.succeeded === 40);
    await untilRuns(handle, 2);
    const { running } = await handle.status();
    const described = await temporal()
      .exports.get(running[0] ?? '')
      .workflow.describe();
    assert.equal(described.status.name, 'RUNNING');
    // The next run is not notified of the end: it reads the workflow's status.
    await temporal()
      .exports.get(running[0] ?? '')
      .cancel();
    const { totals, exports } = await handle.result();
    assert.deepEqual([totals.planned, totals.succeeded, totals.cancelled, totals.running], [41, 40, 1, 0]);
    assert.equal(new Set(exports.map(({ workflowId }) => workflowId)).size, 41);
    assert.deepEqual(
      [slow, ...quick].map((name) => operationsOf(stack().vertex, name).length),
      Array.from({ length: 41 }, () => 1),
    );
  });

  test('cancels the exports that an earlier run has started', async () => {
    const slow = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const models = [slow, ...Array.from({ length: 25 }, () => addModel(stack().vertex))];
    const handle = await temporal().exports.startFleet({ models, defaults: DEFAULTS, maxConcurrent: 3 });
    await untilRuns(handle, 2);
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(
      operationsOf(stack().vertex, slow).map(({ state }) => state),
      ['cancelled'],
    );
    assert.equal((await handle.status()).totals.running, 0);
    assert.ok(operationsOf(stack().vertex, models.at(-1) ?? '-').length === 0, 'not all had been started');
  });

  test('reads page after page of Models', async () => {
    const location = 'europe-west1';
    // Of the other Models only the formats are read.
    const others = Array.from({ length: 230 }, () => modelEntry({ location, formats: { 'core-ml': {} } }));
    stack().vertex.addModels(others);
    const wanted = addModel(stack().vertex, { location });
    const handle = await temporal().exports.startFleet({
      parent: `projects/demo-project/locations/${location}`,
      formats: ['tflite'],
      defaults: DEFAULTS,
    });
    const { totals, exports } = await handle.result();
    assert.deepEqual([totals.planned, totals.skipped], [1, 230]);
    // It is on the last page. Its export fails, because the only bucket is in another region.
    assert.deepEqual(
      exports.map(({ model, failure }) => [model, failure?.type]),
      [[`${wanted}@1`, ExportFailureType.BucketRegionMismatch]],
    );
  });

  test('writes more than 500 results to objects', async () => {
    const missing = Array.from({ length: 510 }, (_, index) => `${PARENT}/models/missing-${index}`);
    const handle = await temporal().exports.startFleet({ models: missing, formats: 'all', defaults: DEFAULTS });
    const { totals, exports, resultUris, failures, notes } = await handle.result();
    assert.deepEqual([totals.planned, totals.failed, exports.length, failures.length], [510, 510, 0, 100]);
    assert.deepEqual(notes, []);
    assert.equal(resultUris.length, 2);
    const [first = '', second = ''] = resultUris;
    assert.match(first, new RegExp(`^gs://exports/tests/${handle.workflowId}/[^/]+/results-00001\\.jsonl$`));
    const lines = [...(await linesOf(first)), ...(await linesOf(second))];
    assert.deepEqual(
      lines.map(({ model }) => model),
      missing,
    );
    assert.equal(lines[0]?.failure?.type, ExportFailureType.ModelNotFound);
  });

  test('counts every export, and lists the results that could not be written, if their bucket does not exist', async () => {
    const missing = Array.from({ length: 501 }, (_, index) => `${PARENT}/models/lost-${index}`);
    const handle = await temporal().exports.startFleet({
      models: missing,
      formats: 'all',
      defaults: DEFAULTS,
      resultsUriPrefix: 'gs://nobodys-bucket/results',
    });
    const { totals, notes } = await handle.result();
    assert.equal(totals.failed, 501);
    const lost = notes.map((note) => {
      const [, count] =
        /^(\d+) results could not be written to gs:\/\/nobodys-bucket\/.*resultsUriPrefix/.exec(note) ?? [];
      return Number(count);
    });
    assert.equal(
      lost.reduce((sum, count) => sum + count, 0),
      501,
    );
  });
});

suite('the results of many exports', () => {
  test('arrive as each export ends, by lists and without a long poll for each', async () => {
    const names = Array.from({ length: 24 }, (_, index) => addModel(stack().vertex, { durationMs: 200 + index * 50 }));
    const endless = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const handles = await Promise.all(
      [...names, endless].map((name) => temporal().exports.start({ name, ...DEFAULTS, outputConfig: ARTIFACTS })),
    );
    const seen: string[] = [];
    for await (const { workflowId, result } of temporal().exports.resultsOf(
      handles.map(({ workflowId }) => workflowId),
      { everyMs: 100 },
    )) {
      if (seen.length < names.length) assert.equal(result?.outputInfo.artifactOutputUri?.includes(workflowId), true);
      seen.push(workflowId);
      if (seen.length === names.length)
        await temporal()
          .exports.get(handles.at(-1)?.workflowId ?? '')
          .cancel();
    }
    assert.deepEqual([...seen].sort(), handles.map(({ workflowId }) => workflowId).sort());
    assert.equal(seen.at(-1), handles.at(-1)?.workflowId, 'the cancelled one came last');
  });

  test('are available at once for ended exports, and an unknown export causes an error', async () => {
    const name = addModel(stack().vertex);
    const { workflowId, result } = await temporal().exports.start({ name, ...DEFAULTS, outputConfig: ARTIFACTS });
    await result();
    const outcomes = new Map<string, unknown>();
    for await (const ended of temporal().exports.resultsOf([workflowId, 'unknown'])) {
      outcomes.set(ended.workflowId, ended.result?.model ?? ended.error?.name);
    }
    assert.deepEqual(Object.fromEntries(outcomes), { [workflowId]: `${name}@1`, unknown: 'WorkflowNotFoundError' });
  });

  test('are not awaited after an abort', async () => {
    const name = addModel(stack().vertex, { durationMs: FOREVER_MS });
    const { workflowId, cancel } = await temporal().exports.start({ name, ...DEFAULTS, outputConfig: ARTIFACTS });
    const controller = new AbortController();
    const waiting = temporal().exports.resultsOf([workflowId], { everyMs: 50, signal: controller.signal }).next();
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    await cancel();
  });
});
