import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import type { WriteResultsRequest } from '../../../../src/contract/fleet-activities';
import { FLEET_BYTES, FLEET_LISTED, jsonBytes } from '../../../../src/contract/fleet-limits';
import type { FleetExport } from '../../../../src/contract/fleet-result';
import type { FleetState, PendingResults } from '../../../../src/contract/fleet-state';
import type { ResultsPorts } from '../../../../src/workflows/fleet/results';
import { FleetResults } from '../../../../src/workflows/fleet/results';
import { newState } from '../../../../src/workflows/fleet/state';

const FOLDER = 'gs://bucket/run/';
const uriOf = (number: number): string => `${FOLDER}results-0000${number}.jsonl`;
const denied = ApplicationFailure.nonRetryable('403: denied', 'ExportError.PermissionDenied');

function ended(index: number, padding = ''): FleetExport {
  return { model: `models/${index}@1`, workflowId: `fleet-${index}${padding}`, outcome: 'succeeded' };
}

const many = (count: number, padding = ''): FleetExport[] =>
  Array.from({ length: count }, (_, index) => ended(index, padding));

/** An export whose JSON has this number of bytes, with the comma after it. */
function sized(bytes: number): FleetExport {
  return ended(0, 'x'.repeat(bytes - jsonBytes(ended(0)) - 1));
}

/** Lets all callbacks of promises run. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Scene {
  readonly state: FleetState;
  readonly results: FleetResults;
  readonly requests: WriteResultsRequest[];
  /** Limits of the waits for all writes, in milliseconds. */
  readonly waits: number[];
}

function scene(exports: FleetExport[], options: Partial<ResultsPorts> = {}, before: Partial<FleetState> = {}): Scene {
  const state: FleetState = { ...newState(new Date(0)), exports, ...before };
  const requests: WriteResultsRequest[] = [];
  const waits: number[] = [];
  const { write = () => Promise.resolve() } = options;
  const results = new FleetResults(state, {
    folder: FOLDER,
    isFormer: false,
    until: async (condition, timeoutMs) => {
      waits.push(timeoutMs);
      for (let round = 0; round < 10 && !condition(); round += 1) await quiet();
    },
    ...options,
    write: (request) => {
      requests.push(request);
      return write(request);
    },
  });
  return { state, results, requests, waits };
}

const uris = (requests: readonly WriteResultsRequest[]): string[] => requests.map(({ uri }) => uri);
const never = (): Promise<void> => new Promise(() => undefined);

suite('the results of a fleet are due', () => {
  const half = FLEET_BYTES.inlineResults / 2;
  const cases: [string, FleetExport[], boolean, boolean][] = [
    ['not if there are none', [], false, false],
    ['not if there are 500 small ones', many(500), false, false],
    ['if there are 501', many(501), true, true],
    ['not if they have exactly the bytes that a result may have', [sized(half), sized(half)], false, false],
    [
      'if they have one byte more, except in a fleet of an earlier version',
      [sized(half), sized(half + 1)],
      true,
      false,
    ],
  ];
  for (const [title, exports, isDue, isDueInFormer] of cases) {
    test(title, () => {
      assert.equal(scene(exports).results.isDue(), isDue);
      assert.equal(scene(exports, { isFormer: true }).results.isDue(), isDueInFormer);
    });
  }
});

suite('one object of results', () => {
  test('has as many results as a result may have, by number and by bytes', async () => {
    const half = FLEET_BYTES.inlineResults / 2;
    for (const [exports, moved, movedByFormer] of [
      [many(501), 500, 500],
      [[sized(half), sized(half), sized(100)], 2, 3],
      [[sized(half), sized(half + 1)], 1, 2],
      [[sized(3 * half), sized(100)], 1, 2],
      [[], 0, 0],
    ] as const) {
      for (const [isFormer, expected] of [
        [false, moved],
        [true, movedByFormer],
      ] as const) {
        const { state, results, requests } = scene([...exports], { isFormer });
        await results.flush();
        const written = requests.flatMap((request) => request.exports);
        assert.deepEqual([written.length, state.exports.length], [expected, exports.length - expected]);
        assert.deepEqual([...written, ...state.exports], exports);
        assert.equal(state.resultCount ?? 0, expected === 0 ? 0 : 1);
      }
    }
  });

  test('has a number that no earlier object has, in this run or an earlier one', async () => {
    const carried = scene(many(1), {}, { resultCount: 7 });
    await carried.results.flush();
    assert.deepEqual(
      [uris(carried.requests), carried.results.objects()],
      [[uriOf(8)], { resultObjects: { folder: FOLDER, count: 8 } }],
    );
    const former = scene(many(1), {}, { resultUris: [uriOf(1), uriOf(2)] });
    assert.deepEqual(former.results.objects(), { resultObjects: { folder: FOLDER, count: 2 } });
    await former.results.flush();
    assert.deepEqual(former.state.resultUris, [uriOf(1), uriOf(2), uriOf(3)]);
  });

  test('is listed while the list has room by number and by bytes', async () => {
    for (const [listed, expected] of [
      [FLEET_LISTED.resultUris - 1, FLEET_LISTED.resultUris],
      [FLEET_LISTED.resultUris, FLEET_LISTED.resultUris],
    ] as const) {
      const { state, results } = scene(many(1), {}, { resultUris: Array.from({ length: listed }, () => 'gs://a/') });
      await results.flush();
      assert.equal(state.resultUris.length, expected);
    }
    const rest = FLEET_BYTES.resultUris - jsonBytes(['', uriOf(2)]);
    for (const [bytes, expected] of [
      [rest, 2],
      [rest + 1, 1],
    ] as const) {
      const { state, results } = scene(many(1), {}, { resultUris: ['x'.repeat(bytes)] });
      await results.flush();
      assert.equal(state.resultUris.length, expected, String(bytes));
    }
  });
});

suite('a write of results', () => {
  test('begins at once, and the next one begins after it', async () => {
    const answers: (() => void)[] = [];
    const { state, results, requests } = scene(many(501), {
      write: () => new Promise<void>((resolve) => void answers.push(resolve)),
    });
    await results.flush();
    await results.flush();
    assert.deepEqual([uris(requests), state.pendingResults?.length], [[uriOf(1)], 2]);
    answers.shift()?.();
    await quiet();
    assert.deepEqual([uris(requests), state.pendingResults?.length], [[uriOf(1), uriOf(2)], 1]);
    answers.shift()?.();
    await quiet();
    assert.deepEqual([state.pendingResults, state.notes], [[], []]);
    state.exports.push(ended(1));
    await results.flush();
    assert.equal(uris(requests).at(-1), uriOf(3));
  });

  test('that a bucket does not answer is repeated up to 144 times, which take a day', async () => {
    const timeout = new ActivityFailure('late', 'writeResults', '1', RetryState.TIMEOUT, 'worker', denied);
    const { state, results, requests } = scene(many(1), { write: () => Promise.reject(timeout) });
    await results.flush();
    await quiet();
    assert.equal(requests.length, 144);
    const reason = `1 results could not be written to ${uriOf(1)}; the exports' workflows have them: 403: denied`;
    assert.deepEqual([state.notes, state.resultUris, state.pendingResults], [[reason], [], []]);
  });

  test('that is refused is not repeated, and the reason is noted', async () => {
    for (const [error, reason] of [
      [denied, '403: denied'],
      [new Error('broken'), 'Error: broken'],
    ] as const) {
      const { state, results, requests } = scene(many(2), { write: () => Promise.reject(error) });
      await results.flush();
      await quiet();
      assert.equal(requests.length, 1);
      assert.match(state.notes[0] ?? '', new RegExp(`^2 results .*: ${reason}$`));
    }
  });

  test('is not repeated if its results were dropped meanwhile, and they are noted once', async () => {
    const timeout = new ActivityFailure('late', 'writeResults', '1', RetryState.TIMEOUT, 'worker', denied);
    let fail = (): void => undefined;
    const { state, results, requests } = scene(many(1), {
      write: () =>
        new Promise((_, reject) => {
          fail = () => {
            reject(timeout);
          };
        }),
    });
    await results.flush();
    results.limitPending(0);
    fail();
    await quiet();
    assert.equal(requests.length, 1);
    assert.equal(state.notes.length, 1);
    assert.match(state.notes[0] ?? '', /too many results waited for earlier ones to be written$/);
  });

  test('is awaited in a fleet of an earlier version, which notes a refusal', async () => {
    const written = scene(many(1), { isFormer: true });
    await written.results.flush();
    assert.deepEqual([uris(written.requests), written.state.pendingResults], [[uriOf(1)], []]);
    const refused = scene(many(1), { isFormer: true, write: () => Promise.reject(denied) });
    await refused.results.flush();
    assert.match(refused.state.notes[0] ?? '', /^1 results .*: 403: denied$/);
    assert.deepEqual(refused.state.resultUris, []);
    const elsewhere = scene(many(1), { isFormer: true, folder: undefined });
    await elsewhere.results.flush();
    assert.deepEqual([uris(elsewhere.requests), elsewhere.results.objects()], [['results-00001.jsonl'], {}]);
  });

  test('does not begin without a folder', async () => {
    const { state, results, requests } = scene(many(1), { folder: undefined });
    await results.flush();
    assert.deepEqual([requests, state.pendingResults ?? []], [[], []]);
    assert.match(state.notes[0] ?? '', /^1 results .*: the input has no resultsUriPrefix$/);
  });
});

suite('results that wait to be written', () => {
  const waiting = (): PendingResults[] => [1, 2, 3].map((number) => ({ uri: uriOf(number), exports: [ended(number)] }));

  test('are limited: the second one is dropped first, and the one that is being written is dropped last', () => {
    const sizes = jsonBytes(waiting());
    const one = jsonBytes(waiting()[0]);
    for (const [bytes, left] of [
      [sizes, [1, 2, 3]],
      [sizes - 1, [1, 3]],
      [sizes - one, [1, 3]],
      [sizes - one - 1, [1]],
      [0, []],
    ] as const) {
      const { state, results } = scene([], { write: never }, { pendingResults: waiting(), resultUris: [uriOf(2)] });
      results.limitPending(bytes);
      assert.deepEqual(
        state.pendingResults?.map(({ uri }) => uri),
        left.map((number) => uriOf(number)),
        String(bytes),
      );
      assert.equal(state.notes.length, 3 - left.length);
      assert.equal(state.resultUris.length, bytes === sizes ? 1 : 0);
    }
  });

  test('are limited after each flush', async () => {
    const large = 'x'.repeat(100_000);
    const { state, results } = scene([], { write: never });
    for (let number = 0; number < 5; number += 1) {
      state.exports.push(ended(number, large));
      await results.flush();
    }
    assert.deepEqual(
      state.pendingResults?.map(({ uri }) => uri),
      [uriOf(1), uriOf(4), uriOf(5)],
    );
  });

  test('are written by the next run', async () => {
    const { state, requests } = scene([], {}, { pendingResults: waiting() });
    await quiet();
    assert.deepEqual([uris(requests), state.pendingResults], [[1, 2, 3].map(uriOf), []]);
  });

  test('are counted when they are dropped and the notes have no room', () => {
    const notes = Array.from({ length: FLEET_LISTED.notes }, () => 'note');
    const { state, results } = scene([], { write: never }, { pendingResults: waiting(), notes, unwritten: 4 });
    results.limitPending(0);
    assert.deepEqual([state.notes.length, state.unwritten], [FLEET_LISTED.notes, 7]);
  });
});

suite('at the end of a fleet, its results', () => {
  test('stay in its own result if no object was written', async () => {
    for (const options of [{}, { folder: undefined }, { isFormer: true }]) {
      const { state, results, requests, waits } = scene(many(3), options);
      await results.finish();
      assert.deepEqual([state.exports.length, requests, waits, results.objects()], [3, [], [], {}]);
    }
  });

  test('are all written to objects if there is one already', async () => {
    const { state, results, requests, waits } = scene(many(3), {}, { resultCount: 1 });
    await results.finish();
    assert.deepEqual([uris(requests), state.exports, state.notes], [[uriOf(2)], [], []]);
    assert.deepEqual(waits, [600_000]);
    const former = scene(many(3), { isFormer: true, folder: undefined }, { resultCount: 1 });
    await former.results.finish();
    assert.deepEqual([former.requests.length, former.state.exports, former.waits], [1, [], []]);
  });

  test('stay in its own result if there is no folder for objects', async () => {
    const { state, results } = scene(many(503), { folder: undefined });
    await results.finish();
    assert.deepEqual([state.exports.length, state.notes.length, state.resultCount], [3, 1, 1]);
  });

  test('are noted as not written after ten minutes without an answer', async () => {
    const { state, results } = scene(many(501), { write: never });
    await results.finish();
    assert.deepEqual([state.pendingResults, state.exports, state.resultUris], [[], [], []]);
    assert.equal(state.notes.length, 2);
    for (const note of state.notes) {
      assert.match(note, /: they were not written within 10 minutes after the last export had ended$/);
    }
  });
});
