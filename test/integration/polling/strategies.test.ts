import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { MetricTags } from '@temporalio/common';
import type { GoogleOptions } from '../../../src/activities';
import type { AwaitExportRequest, ExportActivities } from '../../../src/contract/export-activities';
import { recordingMeter } from '../../support/recording-meter';
import { activitiesOf, activityEnvironment, run } from '../../support/activities';
import { addModel } from '../../support/models';
import { startRequest } from '../../support/requests';
import { useGoogleServices } from '../../support/services';
import { eventually } from '../../support/worker';

const services = useGoogleServices();
beforeEach(() => {
  const { vertex } = services();
  vertex.clearFaults();
  vertex.setCapabilities({ wait: 'honoured', list: 'implemented', locationList: 'with-nested', cancel: 'implemented' });
});

const countOf = (route: string): number => services().vertex.requests().countByRoute[route] ?? 0;

/** Starts exports, and returns the requests that wait for them. Clears the emulator's log of requests. */
async function startedExports(
  activities: ExportActivities,
  models: readonly string[],
  polling: AwaitExportRequest['polling'],
): Promise<AwaitExportRequest[]> {
  const started = await Promise.all(models.map((model) => run(activities.startExport, startRequest(model))));
  services().vertex.clearRequests();
  return started.map(({ operation, outputInfo }) => ({ operation, outputInfo, polling }));
}

/** A schedule with pauses that are longer than the interval of lists, so that lists pay. */
const SLOW = { initialDelay: 60_000, multiplier: 1, maxDelay: 60_000, heartbeatTimeout: 60_000 };
const DURATION_MS = 1_000;
const EXPORTS = 12;

const models = (count: number, durationMs = DURATION_MS): string[] =>
  Array.from({ length: count }, () => addModel(services().vertex, { durationMs }));

async function waitForAll(activities: ExportActivities, requests: readonly AwaitExportRequest[]): Promise<void> {
  const ended = await Promise.all(requests.map((request) => run(activities.awaitExport, request)));
  for (const { outputInfo } of ended) assert.ok(outputInfo.artifactOutputUri);
}

suite('the poller of a worker process', () => {
  test('uses long polls while there are few operations', async () => {
    const activities = activitiesOf(services());
    await waitForAll(activities, await startedExports(activities, models(EXPORTS), SLOW));
    assert.deepEqual(services().vertex.requests().countByRoute, { 'operations.wait': EXPORTS });
  });

  test('lists the operations of the location if the service has no long polls', async () => {
    services().vertex.setCapabilities({ wait: 'unimplemented' });
    const activities = activitiesOf(services());
    await waitForAll(activities, await startedExports(activities, models(EXPORTS), SLOW));
    assert.equal(countOf('operations.get'), 0);
    assert.equal(countOf('operations.list'), 1, 'one list had all operations');
  });

  test('lists the operations of the Model if the location does not list them', async () => {
    services().vertex.setCapabilities({ wait: 'unimplemented', locationList: 'without-nested' });
    const activities = activitiesOf(services());
    const [model = ''] = models(1);
    const requests = await startedExports(activities, Array<string>(EXPORTS).fill(model), SLOW);
    await waitForAll(activities, requests);
    assert.equal(countOf('operations.get'), 0);
    assert.equal(countOf('operations.list'), 1);
    const { requests: log } = services().vertex.requests();
    assert.ok(log.some(({ route, path }) => route === 'operations.list' && path.includes('/models/')));
  });

  test('polls operations of different Models by name if the location does not list them', async () => {
    services().vertex.setCapabilities({ wait: 'unimplemented', locationList: 'without-nested' });
    const activities = activitiesOf(services());
    const polling = { ...SLOW, initialDelay: 10_000 };
    const requests = await startedExports(activities, models(EXPORTS), polling);
    await waitForAll(activities, requests);
    assert.equal(countOf('operations.list'), 2, 'the list was blocked');
    assert.equal(countOf('operations.get'), EXPORTS);
  });

  test('polls operations by name if the service has neither long polls nor lists', async () => {
    services().vertex.setCapabilities({ wait: 'unimplemented', list: 'unimplemented' });
    const activities = activitiesOf(services());
    const polling = { ...SLOW, initialDelay: 200, maxDelay: 5_000 };
    const started = await Promise.all(models(EXPORTS).map((model) => run(activities.startExport, startRequest(model))));
    await waitForAll(
      activities,
      started.map(({ operation, outputInfo }) => ({ operation, outputInfo, polling })),
    );
    assert.ok(countOf('operations.get') >= EXPORTS);
  });

  test('slows down all polls when one request is throttled', async () => {
    const { vertex } = services();
    vertex.setCapabilities({ wait: 'unimplemented', list: 'unimplemented' });
    const activities = activitiesOf(services());
    const started = await Promise.all(models(4, 600).map((model) => run(activities.startExport, startRequest(model))));
    const polling = { ...SLOW, initialDelay: 20, maxDelay: 100 };
    const error = {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      message: 'slow down',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
    };
    vertex.clearRequests();
    const fault = vertex.addFault({
      match: { path: '/operations/\\d+$' },
      times: 1,
      fault: { status: 429, body: { error } },
    });
    await waitForAll(
      activities,
      started.map(({ operation, outputInfo }) => ({ operation, outputInfo, polling })),
    );
    assert.equal(vertex.faultUses(fault), 1);
    const { requests } = vertex.requests();
    const after = requests.slice(requests.findIndex(({ status }) => status === 429) + 1);
    // The requests under way, and one poll of each operation after its end. Without the pause there would be more.
    assert.ok(after.length <= 2 * started.length, `${after.length} requests after the refusal`);
  });
});

suite('the metrics of the poller', () => {
  test('count requests and polls by strategy, and record the lag and the number of operations', async () => {
    const { meter, recorded } = recordingMeter();
    const options: GoogleOptions = { metricMeter: meter };
    const activities = activitiesOf(services(), options);
    services().vertex.addFault({
      match: { path: ':wait$' },
      times: 1,
      fault: { status: 429, body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down' } } },
    });
    const requests = await startedExports(activities, models(1, 1_500), { ...SLOW, initialDelay: 100, maxDelay: 200 });
    await waitForAll(activities, requests);
    const valuesOf = (name: string) => recorded.filter(([recordedName]) => recordedName === name);
    await eventually('the lag is recorded', () => valuesOf('vertex_export_lag').length > 0);

    const location = 'us-central1';
    const tagsOf = (name: string): MetricTags[] => valuesOf(name).map(([, , tags = {}]) => tags);
    const calls = tagsOf('vertex_export_requests');
    assert.deepEqual(calls[0], { call: 'operations.list', location, result: 'ok' });
    assert.deepEqual(calls[1], { call: 'models.export', location, result: 'ok' });
    assert.deepEqual(calls[2], { call: 'operations.wait', location, result: 'throttled' });
    assert.deepEqual(calls[3], { call: 'operations.get', location, result: 'ok' });
    assert.ok(tagsOf('vertex_export_polls').some(({ strategy }) => strategy === 'get'));
    const [lag] = valuesOf('vertex_export_lag');
    assert.ok(lag && lag[1] >= 0 && lag[2]?.['location'] === location);
    const operations = valuesOf('vertex_export_operations').map(([, value]) => value);
    assert.deepEqual(operations, [1, 0]);
  });
});

suite('the heartbeats of a long export', () => {
  test('report how many files and bytes are written so far', async () => {
    const files = { 'a.bin': 'x'.repeat(1_000), 'b.bin': 'y'.repeat(10) };
    const model = addModel(services().vertex, { durationMs: 60_000, formats: { tflite: files } });
    const activities = activitiesOf(services());
    const request = startRequest(model);
    const { operation, outputInfo } = await run(activities.startExport, request);
    const environment = activityEnvironment();
    const beats: { written?: { files: number; bytes: number } }[] = [];
    environment.on('heartbeat', (details: { written?: { files: number; bytes: number } }) => beats.push(details));
    const waiting = environment.run(activities.awaitExport, {
      operation,
      outputInfo,
      destinations: request.destinations,
      polling: { ...SLOW, heartbeatTimeout: 200 },
    });
    await eventually('a heartbeat reports it', () => beats.some(({ written }) => written !== undefined));
    const written = beats.find((beat) => beat.written !== undefined)?.written;
    // The emulator writes the first half at once.
    assert.deepEqual([written?.files, written?.bytes], [1, 1_000]);
    environment.cancel('CANCELLED');
    await assert.rejects(waiting);
  });
});
