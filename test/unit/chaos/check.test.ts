import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { check } from '../../../dev/chaos/check';
import type { ExportEnd, ObservedExport, ObservedFleet, World } from '../../../dev/chaos/world';
import type { ExportModelResult } from '../../../src';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';
const OPERATIONS = 'projects/123/locations/us-central1/models/1/operations';
const FOLDER = 'gs://exports/chaos/export-0/run/';
const URI = `${FOLDER}model-export-flowers`;

type Operation = ObservedExport['operations'][number];

function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
}

function operation(id: number, changes: Partial<Operation> = {}): Operation {
  return {
    name: `${OPERATIONS}/${id}`,
    versionId: '1',
    formatId: 'tflite',
    state: 'succeeded',
    createTime: at(1),
    endTime: at(5),
    artifactOutputUri: URI,
    ...changes,
  };
}

function resultOf(changes: Partial<ExportModelResult> = {}): ExportModelResult {
  return {
    model: `${MODEL}@1`,
    modelDisplayName: 'flowers',
    exportFormatId: 'tflite',
    operation: `${OPERATIONS}/1`,
    adoption: 'started',
    outputInfo: { artifactOutputUri: URI },
    verification: { level: 'structure', notes: [] },
    files: {
      count: 1,
      bytes: 10,
      manifestSha256: '',
      entries: [{ path: 'model.tflite', bytes: 10, crc32c: 'AAAA', generation: '1' }],
      truncated: false,
    },
    attempts: [{ operation: `${OPERATIONS}/1`, outcome: 'succeeded' }],
    timings: { startTime: at(0), endTime: at(6), totalMs: 6_000 },
    ...changes,
  };
}

function completed(changes: Partial<ExportModelResult> = {}): ExportEnd {
  return { status: 'COMPLETED', closeTime: at(6), result: resultOf(changes) };
}

function cancelled(report: string): ExportEnd {
  return { status: 'CANCELLED', closeTime: at(6), report, attempts: [] };
}

function observed(changes: Partial<ObservedExport> = {}): ObservedExport {
  return {
    workflowId: 'export-0',
    model: MODEL,
    exportFormatId: 'tflite',
    interventions: [],
    end: completed(),
    operations: [operation(1)],
    ...changes,
  };
}

function fleetOf(outcome: 'succeeded' | 'failed', changes: Partial<ObservedFleet> = {}): ObservedFleet {
  const totals = { planned: 1, running: 0, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0 };
  const outputInfo = { artifactOutputUri: URI };
  const result = {
    totals: { ...totals, duplicates: 0, [outcome]: 1 },
    exports: [{ model: MODEL, workflowId: 'export-0', outcome, outputInfo }],
    resultUris: [],
    failures: [],
    notes: [],
    timings: { startTime: at(0), endTime: at(7), totalMs: 7_000 },
  };
  return {
    workflowId: 'fleet-0',
    isCancelled: false,
    end: { status: 'COMPLETED', result },
    children: ['export-0'],
    ...changes,
  };
}

const STORED = { bytes: 10, crc32c: 'AAAA', generation: '1' };

function world(one: Partial<ObservedExport> = {}, changes: Partial<World> = {}): World {
  return {
    exports: [observed(one)],
    fleets: [],
    objects: new Map([[`${URI}/model.tflite`, STORED]]),
    processes: [],
    limits: { requests: 3, submissions: 2 },
    ...changes,
  };
}

/** The counts that should be 0 but are not. */
function violations(of: World): Record<string, number> {
  const { lost, duplicates, orphanedOperations, misreported, overBudgetMinutes } = check(of);
  const counts = { lost, duplicates, orphanedOperations, misreported, overBudgetMinutes };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

suite('the check of a chaos run accepts', () => {
  const cancel = ['cancel'] as const;
  const stopped = operation(1, { state: 'cancelled' });
  const running: Operation = { ...operation(1, { state: 'running' }), endTime: at(999) };
  const accepted: Readonly<Record<string, World>> = {
    'an export that succeeded': world(),
    'a second operation that was cancelled in time': world({
      operations: [operation(1), operation(2, { state: 'cancelled' })],
    }),
    'an attempt whose files the export rejected': world({
      operations: [operation(2, { artifactOutputUri: `${FOLDER}other` }), operation(1)],
      end: completed({
        attempts: [
          { operation: `${OPERATIONS}/2`, outcome: 'verification-failed' },
          { operation: `${OPERATIONS}/1`, outcome: 'succeeded' },
        ],
      }),
    }),
    'a cancel that ended the operation and emptied the folder': world(
      {
        interventions: cancel,
        operations: [stopped],
        end: cancelled(`cancelled; ${OPERATIONS}/1 ended cancelled; nothing is left in ${FOLDER}`),
      },
      { objects: new Map() },
    ),
    'an operation that may still run, by its name': world({
      interventions: cancel,
      operations: [running],
      end: cancelled(`${OPERATIONS}/1 could not be cancelled and may still run: refused`),
    }),
    'an operation that may still run, by its place': world({
      interventions: cancel,
      operations: [running],
      end: cancelled(`an operation of ${MODEL} that writes to ${FOLDER} could not be cancelled and may still run: x`),
    }),
    'an operation of a terminated workflow': world({
      interventions: ['terminate'],
      operations: [running],
      end: { status: 'TERMINATED', closeTime: at(2), attempts: [] },
    }),
    'a deadline that passed before anything was started': world({
      interventions: ['deadline'],
      operations: [],
      end: {
        ...{ status: 'FAILED', type: 'ExportError.DeadlineExceeded', closeTime: at(6), attempts: [] },
        report: 'no operation had been started',
      },
    }),
    'a fleet that succeeded': world({}, { fleets: [fleetOf('succeeded')] }),
    'a cancelled fleet': world(
      {},
      { fleets: [fleetOf('succeeded', { isCancelled: true, end: { status: 'CANCELLED' } })] },
    ),
    'an export of a cancelled fleet that was not started': world({
      interventions: ['cancelFleet'],
      operations: [],
      end: { status: 'NOT_FOUND' },
    }),
    'requests within the budget': world(
      {},
      { processes: [{ name: 'worker 1', requests: requestsAt(0, 1, 2, 60, 61, 62) }] },
    ),
  };
  for (const [title, given] of Object.entries(accepted)) {
    test(title, () => {
      assert.deepEqual(violations(given), {});
      assert.deepEqual(check(given).problems, []);
    });
  }

  test('operations of terminated workflows, and counts them separately', () => {
    const { terminatedOperations } = check(accepted['an operation of a terminated workflow'] ?? world());
    assert.equal(terminatedOperations, 1);
  });
});

suite('the check of a chaos run reports', () => {
  const cancel = ['cancel'] as const;
  const stopped = operation(1, { state: 'cancelled' });
  const files = resultOf().files;
  const found: Readonly<Record<string, readonly [World, Record<string, number>]>> = {
    'an export that did not end': [world({ end: { status: 'RUNNING' } }), { lost: 1 }],
    'an export that was never started': [world({ end: { status: 'NOT_FOUND' }, operations: [] }), { lost: 1 }],
    'an operation of an export that was never started': [
      world({ interventions: ['cancelFleet'], end: { status: 'NOT_FOUND' } }),
      { lost: 1 },
    ],
    'a cancel without a request': [
      world({ operations: [stopped], end: cancelled(`${OPERATIONS}/1 ended cancelled`) }),
      { lost: 1 },
    ],
    'a failure that is not the deadline': [
      world({
        interventions: ['deadline'],
        operations: [],
        end: { status: 'FAILED', type: 'ExportError.Internal', closeTime: at(6), report: 'oops', attempts: [] },
      }),
      { lost: 1 },
    ],
    'a fleet that failed': [world({}, { fleets: [fleetOf('succeeded', { end: { status: 'FAILED' } })] }), { lost: 1 }],
    'a second operation that succeeded': [world({ operations: [operation(1), operation(2)] }), { duplicates: 1 }],
    'two more operations, of which one runs beyond the end': [
      world({ operations: [operation(1), operation(2), operation(3, { state: 'running', endTime: at(99) })] }),
      { duplicates: 2, orphanedOperations: 1 },
    ],
    'an operation that was cancelled only after the end': [
      world({
        interventions: cancel,
        operations: [operation(1, { state: 'cancelled', endTime: at(8) })],
        end: cancelled(`${OPERATIONS}/1 ended cancelled`),
      }),
      { orphanedOperations: 1 },
    ],
    'an operation that the report of a cancel does not name': [
      world({ interventions: cancel, operations: [stopped], end: cancelled('cancelled') }),
      { misreported: 1 },
    ],
    'an operation that succeeded although the report states a cancel': [
      world({ interventions: cancel, end: cancelled(`${OPERATIONS}/1 ended cancelled`) }),
      { misreported: 1 },
    ],
    'a report that no operation had been started': [
      world({ interventions: cancel, operations: [stopped], end: cancelled('no operation had been started') }),
      { misreported: 2 },
    ],
    'objects in a folder that should be empty': [
      world({
        interventions: cancel,
        operations: [stopped],
        end: cancelled(`${OPERATIONS}/1 ended cancelled; nothing is left in ${FOLDER}: 1 objects were deleted`),
      }),
      { misreported: 1 },
    ],
    'a result with another operation': [
      world({ end: completed({ operation: `${OPERATIONS}/9` }) }),
      { misreported: 1 },
    ],
    'a result with another version': [world({ end: completed({ model: `${MODEL}@2` }) }), { misreported: 1 }],
    'a result with another place': [
      world({ end: completed({ outputInfo: { artifactOutputUri: `${URI}-2` } }) }),
      { misreported: 1 },
    ],
    'a result of an operation that failed': [
      world({ operations: [operation(1, { state: 'failed' })] }),
      { misreported: 2 },
    ],
    'a result with a missing file': [world({}, { objects: new Map() }), { misreported: 5 }],
    'a result with another checksum': [
      world({
        end: completed(files && { files: { ...files, entries: [{ ...STORED, path: 'model.tflite', crc32c: 'B' }] } }),
      }),
      { misreported: 1 },
    ],
    'a fleet that reports a failure of an export that succeeded': [
      world({}, { fleets: [fleetOf('failed')] }),
      { misreported: 1 },
    ],
    'a fleet that misses an export': [
      world({}, { fleets: [fleetOf('succeeded', { children: ['export-0', 'export-1'] })] }),
      { misreported: 2 },
    ],
    'a minute with too many requests of one process': [
      world({}, { processes: [{ name: 'worker 1', requests: requestsAt(0, 1, 59, 59.9) }] }),
      { overBudgetMinutes: 1 },
    ],
    'each of two minutes with too many starts of exports': [
      world({}, { limits: { requests: 100, submissions: 2 }, processes: [submissionsAt(0, 1, 2, 200, 201, 202)] }),
      { overBudgetMinutes: 2 },
    ],
  };
  for (const [title, [given, expected]] of Object.entries(found)) {
    test(title, () => {
      assert.deepEqual(violations(given), expected, check(given).problems.join('\n'));
    });
  }

  test('no exceeded budget if two processes together send what one process may send', () => {
    const [one, other] = [requestsAt(0, 1, 2), requestsAt(3, 4, 5)];
    const processes = [one, other].map((requests, index) => ({ name: `worker ${index}`, requests }));
    assert.deepEqual(violations(world({}, { processes })), {});
  });
});

function requestsAt(...seconds: number[]): World['processes'][number]['requests'] {
  return seconds.map((second) => ({ at: second * 1_000, route: 'operations.list' }));
}

function submissionsAt(...seconds: number[]): World['processes'][number] {
  return { name: 'worker 1', requests: seconds.map((second) => ({ at: second * 1_000, route: 'models.export' })) };
}
