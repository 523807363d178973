import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import type { WriteResultsRequest } from '../../../../src/contract/fleet-activities';
import { FLEET_BYTES, FLEET_LISTED, jsonBytes } from '../../../../src/contract/fleet-limits';
import type { FleetExport } from '../../../../src/contract/fleet-result';
import type { FleetState } from '../../../../src/contract/fleet-state';
import { FleetResults } from '../../../../src/workflows/fleet/results';
import { newState, notesOf, recordEnd } from '../../../../src/workflows/fleet/state';

const FOLDER = 'gs://bucket/path/fleet/run/';

function ended(index: number, message?: string): FleetExport {
  const failure = message === undefined ? {} : { failure: { message } };
  const workflowId = `fleet-${index}-${'0'.repeat(100)}`;
  return { model: `projects/p/locations/us-central1/models/${index}@1`, workflowId, outcome: 'failed', ...failure };
}

/** A bucket whose writes a test answers. */
function bucket(write: (request: WriteResultsRequest) => Promise<void>, { hasFolder = true } = {}) {
  const state = newState(new Date(0));
  const requests: WriteResultsRequest[] = [];
  const ports = {
    folder: hasFolder ? FOLDER : undefined,
    isFormer: false,
    write: (request: WriteResultsRequest) => {
      requests.push(request);
      return write(request);
    },
    // The wait of a fleet at its end takes no time, unless everything is written before.
    until: () => new Promise((resolve) => setImmediate(resolve)),
  };
  return { state, requests, ports, results: new FleetResults(state, ports) };
}

async function settleAll(state: FleetState, results: FleetResults, count: number, message?: string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    recordEnd(state, ended(index, message));
    if (results.isDue()) await results.flush();
  }
}

const never = (): Promise<void> => new Promise(() => undefined);
const timeout = (): Promise<void> =>
  Promise.reject(
    new ActivityFailure(
      'no attempt is left',
      'writeResults',
      '1',
      RetryState.TIMEOUT,
      'worker',
      ApplicationFailure.create({ message: '503 under maintenance', type: 'ExportError.Unavailable' }),
    ),
  );

suite('the results of a fleet:', () => {
  test('up to 500 small results of a fleet are in its result, and more are all written to objects', async () => {
    const small = bucket(() => Promise.resolve());
    await settleAll(small.state, small.results, 400);
    await small.results.finish();
    assert.deepEqual([small.state.exports.length, small.requests.length], [400, 0]);
    const many = bucket(() => Promise.resolve());
    await settleAll(many.state, many.results, 1_200);
    await many.results.finish();
    assert.equal(many.state.exports.length, 0);
    assert.equal(many.requests.flatMap(({ exports }) => exports).length, 1_200);
    assert.deepEqual(many.results.objects(), { resultObjects: { folder: FOLDER, count: many.requests.length } });
  });

  test('results of a fleet are written to objects by their size in UTF-8 bytes', async () => {
    const { state, requests, results } = bucket(() => Promise.resolve());
    await settleAll(state, results, 300, '語'.repeat(500));
    await results.finish();
    assert.equal(requests.flatMap(({ exports }) => exports).length, 300);
    for (const { exports } of requests) assert.ok(jsonBytes(exports) <= FLEET_BYTES.inlineResults + 1_000);
  });

  test('a write that never ends does not block a fleet: waiting results are bounded, and dropped ones are counted', async () => {
    const { state, requests, results } = bucket(never);
    await settleAll(state, results, 10_000, 'x'.repeat(200));
    assert.equal(requests.length, 1);
    assert.ok(jsonBytes(state.pendingResults) <= FLEET_BYTES.pendingResults);
    await results.finish();
    assert.deepEqual([state.exports.length, state.pendingResults?.length], [0, 0]);
    assert.ok(state.notes.length <= FLEET_LISTED.notes);
    const lost = notesOf(state).map((note) => {
      const [, count] =
        /^(\d+) (?:more )?results could not be written.*the exports' workflows have them/.exec(note) ?? [];
      return Number(count ?? 0);
    });
    assert.equal(
      lost.reduce((sum, count) => sum + count, 0),
      10_000,
    );
  });

  test('results of a fleet are written in order, and a write is repeated while the bucket does not answer', async () => {
    let failures = 3;
    const { state, requests, results } = bucket(() => (failures-- > 0 ? timeout() : Promise.resolve()));
    await settleAll(state, results, 1_100);
    await results.finish();
    assert.deepEqual(state.notes, []);
    assert.deepEqual(
      requests.map(({ uri }) => uri.slice(FOLDER.length)),
      [1, 1, 1, 1, 2, 3].map((number) => `results-0000${number}.jsonl`),
    );
  });

  test('results that the bucket rejects are dropped with the reason, and the others are written', async () => {
    const { state, results } = bucket(({ uri }) =>
      uri.endsWith('00001.jsonl')
        ? Promise.reject(
            ApplicationFailure.nonRetryable('403: the account may not write', 'ExportError.PermissionDenied'),
          )
        : Promise.resolve(),
    );
    await settleAll(state, results, 1_100);
    await results.finish();
    assert.equal(state.notes.length, 1);
    assert.match(state.notes[0] ?? '', /501 results|500 results/);
    assert.match(state.notes[0] ?? '', /403: the account may not write/);
    assert.deepEqual(state.resultUris, [`${FOLDER}results-00002.jsonl`, `${FOLDER}results-00003.jsonl`]);
  });

  test('waiting results are carried over and written by the next run to the same objects', async () => {
    const first = bucket(never);
    await settleAll(first.state, first.results, 600);
    const { state } = first;
    assert.equal(state.pendingResults?.length, 1);
    const written: WriteResultsRequest[] = [];
    const next = new FleetResults(state, {
      ...first.ports,
      write: (request) => {
        written.push(request);
        return Promise.resolve();
      },
    });
    await next.finish();
    assert.deepEqual(
      written.map(({ uri }) => uri.slice(FOLDER.length)),
      ['results-00001.jsonl', 'results-00002.jsonl'],
    );
    assert.equal(written.flatMap(({ exports }) => exports).length, 600);
  });

  test('a fleet without a destination for objects lists the results that fit and counts the others', async () => {
    const { state, requests, results } = bucket(() => Promise.resolve(), { hasFolder: false });
    await settleAll(state, results, 450, 'x'.repeat(500));
    await results.finish();
    assert.deepEqual([requests.length, results.objects()], [0, {}]);
    assert.ok(state.exports.length > 0 && jsonBytes(state.exports) <= FLEET_BYTES.inlineResults + 1_000);
    const lost = Number(/^\d+/.exec(state.notes[0] ?? '')?.[0]);
    assert.equal(lost + state.exports.length, 450);
  });

  test('a fleet lists at most 50 result objects and the number of all', async () => {
    const { state, results } = bucket(() => Promise.resolve());
    await settleAll(state, results, 40_000);
    await results.finish();
    assert.ok(state.resultUris.length <= FLEET_LISTED.resultUris);
    assert.ok(jsonBytes(state.resultUris) <= FLEET_BYTES.resultUris);
    assert.ok((results.objects().resultObjects?.count ?? 0) >= 80);
  });

  test('the result of a fleet has less than 256 KB for failures of any length', async () => {
    const { state, results } = bucket(() => Promise.resolve(), { hasFolder: false });
    await settleAll(state, results, 2_000, '語'.repeat(500));
    await results.finish();
    const { exports, failures, resultUris } = state;
    const result = { exports, failures, resultUris, notes: notesOf(state), ...results.objects() };
    assert.ok(jsonBytes(result) < 262_144, `${jsonBytes(result)} bytes`);
    assert.match(notesOf(state).join(), /more failed exports are not listed in failures/);
  });
});

suite('the limits of a carried-over state:', () => {
  test('the limits of a carried-over state and the largest input add up to less than 2 MB', () => {
    const { planned, running, inlineResults, failures, notes, resultUris, carried } = FLEET_BYTES;
    const input = 1_250_000;
    const seen = 4_500 * 12;
    assert.ok(input + planned + running + inlineResults + failures + notes + resultUris + seen < carried);
    assert.ok(carried < 2_097_152 - 90_000);
  });
});
