import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { ExportDefaults, ExportModelsInput, FleetExport, FleetHandle } from '../../../src';
import { childWorkflowId } from '../../../src/contract/workflow-id';
import type { FleetState } from '../../../src/contract/fleet-state';
import { MAX_MODEL_PAGES } from '../../../src/contract/fleet-limits';
import { addModel, operationsOf, PARENT } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, exportCancelled, QUICK, useExports } from '../../support/worker';

// The server suggests to continue as new after 80 events, and not after 4,096 as by default.
const stack = useLocalStack({ temporal: { dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 80 } } });
// The emulator's gateway can also fail requests to the object store.
const temporal = useExports(stack, ({ vertex }) => ({ STORAGE_EMULATOR_HOST: vertex.url }));

beforeEach(() => {
  stack().vertex.clearFaults();
});

const DEFAULTS: ExportDefaults = { outputConfig: ARTIFACTS, ...QUICK };
const FAILING = { error: { code: 9, message: 'the container has no model' } };
const FOREVER_MS = 600_000;
const UNAVAILABLE = {
  status: 503,
  body: { error: { code: 503, status: 'UNAVAILABLE', message: 'under maintenance' } },
};
const UPLOADS = { method: 'POST', path: '^/upload/storage/v1/b/exports/o' };

function startFleet(input: ExportModelsInput, workflowId: string): Promise<FleetHandle> {
  return temporal().exports.startFleet({ defaults: DEFAULTS, ...input }, { workflowId });
}

async function runsOf({ workflowId }: FleetHandle): Promise<number> {
  let runs = 0;
  for await (const { runId } of temporal().client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    runs += runId === '' ? 0 : 1;
  }
  return runs;
}

function statesOf(names: readonly string[]): string[] {
  return names.flatMap((name) => operationsOf(stack().vertex, name).map(({ state }) => state));
}

async function linesOf(uri: string): Promise<FleetExport[]> {
  const name = encodeURIComponent(uri.replace('gs://exports/', ''));
  const response = await fetch(`${stack().store.url}/storage/v1/b/exports/o/${name}?alt=media`);
  assert.equal(response.status, 200, uri);
  const text = await response.text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FleetExport);
}

/** A page of models.list that the service returns once, or always if it is the last rule. */
function addPage(location: string, names: readonly string[], nextPageToken?: string, times?: number): void {
  const models = names.map((name) => ({ name, versionId: '1', supportedExportFormats: FORMATS }));
  stack().vertex.addFault({
    match: { method: 'GET', path: `/locations/${location}/models$` },
    fault: { status: 200, body: { models, ...(nextPageToken !== undefined && { nextPageToken }) } },
    ...(times !== undefined && { times }),
  });
}

const FORMATS = [{ id: 'tflite', exportableContents: ['ARTIFACT'] }];

suite('a fleet that names one export more than once', () => {
  test('exports it once and ends, even if it continues as new meanwhile', async () => {
    const { vertex } = stack();
    const name = addModel(vertex, { durationMs: 15_000 });
    const others = Array.from({ length: 25 }, () => addModel(vertex));
    const models = [name, ...others, `${name}@1`, `${name}@default`];
    const handle = await startFleet({ models, formats: 'all', maxConcurrent: 4 }, 'fleet-of-names');
    const { totals, exports, notes } = await handle.result();
    assert.ok((await runsOf(handle)) > 1, 'it has continued as new');
    assert.deepEqual([totals.planned, totals.succeeded, totals.duplicates, totals.running], [26, 26, 2, 0]);
    assert.equal(new Set(exports.map(({ workflowId }) => workflowId)).size, 26);
    assert.deepEqual(statesOf([name]), ['succeeded']);
    assert.match(notes.join(), /2 entries request the same export/);
  });

  test('exports a Model once if two pages of the list contain it, whether its export has ended or not', async () => {
    const { vertex } = stack();
    const [first, failing, last] = [addModel(vertex), addModel(vertex, { outcome: FAILING }), addModel(vertex)];
    addPage('us-central1', [first, failing], 'second', 1);
    addPage('us-central1', [failing, first, last]);
    const handle = await startFleet({ parent: PARENT, formats: ['tflite'], maxConcurrent: 1 }, 'fleet-of-pages');
    const { totals } = await handle.result();
    const { planned, succeeded, failed, duplicates } = totals;
    assert.deepEqual(
      { planned, succeeded, failed, duplicates },
      { planned: 3, succeeded: 2, failed: 1, duplicates: 2 },
    );
    assert.deepEqual(statesOf([first, failing, last]), ['succeeded', 'failed', 'succeeded']);
  });
});

suite('a fleet whose list of Models does not end', () => {
  test('stops the planning if a page token repeats, and exports the planned Models', async () => {
    const name = addModel(stack().vertex);
    addPage('us-central1', [name], 'same');
    const handle = await startFleet({ parent: PARENT, formats: ['tflite'] }, 'fleet-of-same-token');
    const { totals, stopped } = await handle.result();
    assert.deepEqual([totals.planned, totals.succeeded], [1, 1]);
    assert.match(
      stopped ?? '',
      /not all exports could be planned: .*\/models: the answer repeats a page token, so the list would never end/,
    );
  });

  test('stops the planning after ten thousand pages, counted over all runs', async () => {
    const name = addModel(stack().vertex);
    addPage('us-central1', [name], 'another');
    const workflowId = 'fleet-of-endless-list';
    const state: FleetState = {
      ...carriedState(),
      source: { parent: PARENT, formats: ['tflite'], pageToken: 'one' },
      pages: MAX_MODEL_PAGES - 1,
    };
    await temporal().client.workflow.start('exportModelsWorkflow', {
      args: [{ parent: PARENT, formats: ['tflite'], defaults: DEFAULTS }, state],
      taskQueue: 'vertex-export',
      workflowId,
    });
    const { stopped } = await temporal().exports.getFleet(workflowId).result();
    assert.match(stopped ?? '', /more than 10000 pages/);
  });
});

function carriedState(running: FleetState['running'] = []): FleetState {
  return {
    settings: { maxConcurrent: 5, onFailure: 'continue', duplicates: [], resultsUriPrefix: 'gs://exports/tests/' },
    startTime: new Date().toISOString(),
    stage: 'exporting',
    planned: [],
    running,
    totals: { planned: running.length, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0 },
    exports: [],
    failures: [],
    resultUris: [],
    notes: [],
  };
}

suite('a fleet whose planning gets no answer from Vertex AI', () => {
  test('exports the planned Models, and the others afterwards', async () => {
    const { vertex } = stack();
    const models = Array.from({ length: 22 }, () => addModel(vertex));
    const late = models.at(-1) ?? '';
    vertex.addFault({ match: { method: 'GET', path: `/models/${late.split('/').at(-1)}$` }, fault: UNAVAILABLE });
    const handle = await startFleet({ models, formats: 'all' }, 'fleet-in-outage');
    await eventually('twenty have ended', async () => (await handle.status()).totals.succeeded === 20);
    vertex.clearFaults();
    const { totals } = await handle.result();
    assert.deepEqual([totals.planned, totals.succeeded], [22, 22]);
  });
});

suite('a fleet whose results temporarily cannot be written', () => {
  test('exports all other Models meanwhile, continues as new, and writes every result afterwards', async () => {
    const { vertex } = stack();
    const missing = Array.from({ length: 510 }, (_, index) => `${PARENT}/models/gone-${index}`);
    const names = Array.from({ length: 30 }, () => addModel(vertex));
    const rule = vertex.addFault({ match: UPLOADS, fault: UNAVAILABLE });
    const handle = await startFleet({ models: [...missing, ...names], formats: 'all' }, 'fleet-without-bucket');
    await eventually('all exports have ended', async () => (await handle.status()).totals.succeeded === names.length);
    assert.ok((await runsOf(handle)) > 1, 'it has continued as new');
    assert.equal((await handle.workflow.describe()).status.name, 'RUNNING');
    vertex.clearFaults();
    const { totals, exports, notes, resultUris, resultObjects } = await handle.result();
    assert.deepEqual([totals.failed, totals.succeeded, exports.length, notes], [510, 30, 0, []], rule);
    assert.equal(resultObjects?.count, resultUris.length);
    const lines = (await Promise.all(resultUris.map(linesOf))).flat();
    assert.equal(new Set(lines.map(({ model }) => model)).size, 540);
    assert.equal(lines.length, 540);
  });
});

suite('a fleet with an input of the largest allowed size', () => {
  test('continues as new with less than 2 MB, whatever characters its names have', async () => {
    const models = Array.from({ length: 6_800 }, (_, index) => `${PARENT}/models/${String(index).padStart(128, 'm')}`);
    const workflowId = `fleet-${'😀'.repeat(80)}`;
    const handle = await startFleet({ models, maxConcurrent: 40 }, workflowId);
    await eventually('it has continued as new twice', async () => (await runsOf(handle)) > 2);
    const { events } = await handle.workflow.fetchHistory();
    const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const bytes = payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    assert.ok(payloads.length === 2 && bytes > 1_000_000 && bytes < 2_000_000, `${bytes} bytes`);
    await handle.cancel();
    await exportCancelled(handle);
    assert.equal((await handle.status()).totals.running, 0);
  });
});

suite('a cancelled fleet', () => {
  test('cancels the exports of earlier runs if it is cancelled before its state is checked', async () => {
    const { vertex } = stack();
    const names = [1, 2].map(() => addModel(vertex, { durationMs: FOREVER_MS }));
    const first = await startFleet({ models: names }, 'fleet-cancelled-at-start');
    await eventually('they run', () => statesOf(names).length === 2);
    await first.workflow.terminate();
    const running = names.map((model) => ({
      workflowId: childWorkflowId('fleet-cancelled-at-start', { name: model, ...DEFAULTS, outputConfig: ARTIFACTS }),
      model,
    }));
    const handle = await temporal().client.workflow.start('exportModelsWorkflow', {
      args: [{ defaults: DEFAULTS }, carriedState(running)],
      taskQueue: 'vertex-export',
      workflowId: 'fleet-cancelled-at-start',
    });
    await handle.cancel();
    const fleet = temporal().exports.getFleet('fleet-cancelled-at-start');
    await exportCancelled(fleet);
    assert.deepEqual(statesOf(names), ['cancelled', 'cancelled']);
    assert.equal((await fleet.status()).totals.cancelled, 2);
  });

  test('cancels all its exports if it is cancelled while it plans', async () => {
    const { vertex } = stack();
    const names = Array.from({ length: 20 }, () => addModel(vertex, { durationMs: FOREVER_MS }));
    const late = addModel(vertex);
    vertex.addFault({ match: { method: 'GET', path: `/models/${late.split('/').at(-1)}$` }, fault: UNAVAILABLE });
    const handle = await startFleet({ models: [...names, late], formats: 'all' }, 'fleet-cancelled-in-planning');
    await eventually('twenty run', () => statesOf(names).length === 20);
    await handle.cancel();
    await exportCancelled(handle);
    assert.deepEqual(new Set(statesOf(names)), new Set(['cancelled']));
    assert.equal((await handle.status()).totals.cancelled, 20);
  });

  test('cancels its exports while results wait for their bucket, and ends when the results are written', async () => {
    const { vertex } = stack();
    const missing = Array.from({ length: 510 }, (_, index) => `${PARENT}/models/none-${index}`);
    const names = [1, 2, 3].map(() => addModel(vertex, { durationMs: FOREVER_MS }));
    vertex.addFault({ match: UPLOADS, fault: UNAVAILABLE });
    const handle = await startFleet({ models: [...names, ...missing], formats: 'all' }, 'fleet-cancelled-in-writing');
    await eventually('the others have ended', async () => (await handle.status()).totals.failed === 510);
    assert.equal(statesOf(names).length, 3);
    await handle.cancel();
    await eventually('the exports have ended', async () => (await handle.status()).totals.cancelled === 3);
    vertex.clearFaults();
    await exportCancelled(handle);
    const { resultUris, totals } = await handle.status();
    const lines = (await Promise.all(resultUris.map(linesOf))).flat();
    assert.deepEqual([lines.length, totals.running], [513, 0]);
    assert.deepEqual(new Set(statesOf(names)), new Set(['cancelled']));
  });
});
