import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FleetExport } from '../../../../src/contract/fleet-result';
import {
  acceptInput,
  hasMore,
  newState,
  note,
  notesOf,
  recordEnd,
  statusOf,
  stop,
  totalsOf,
  webUiDetails,
} from '../../../../src/workflows/fleet/state';

const SOURCE = { models: ['projects/p/locations/us-central1/models/1'] };
const MODEL = 'projects/p/locations/us-central1/models/1@1';

function ended(outcome: FleetExport['outcome'], changes: Partial<FleetExport> = {}): FleetExport {
  return { model: MODEL, workflowId: 'w', outcome, ...changes };
}

function exporting() {
  const state = newState(new Date(0));
  acceptInput(state, { maxConcurrent: 5, onFailure: 'continue', duplicates: [1, 2] }, SOURCE);
  return state;
}

suite('the state of a fleet', () => {
  test('is empty before the input is checked', () => {
    const state = newState(new Date(0));
    assert.deepEqual(statusOf(state), {
      stage: 'checking',
      totals: { planned: 0, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0, running: 0 },
      failures: [],
      running: [],
      resultUris: [],
    });
    assert.deepEqual(state.settings, { maxConcurrent: 1, onFailure: 'continue', duplicates: [] });
    assert.deepEqual(
      [state.planned, state.exports, state.notes, state.startTime],
      [[], [], [], '1970-01-01T00:00:00.000Z'],
    );
  });

  test('has the settings and the source of a checked input, and only the number of its duplicates', () => {
    const state = exporting();
    assert.deepEqual(state.settings, { maxConcurrent: 5, onFailure: 'continue', duplicates: [] });
    assert.deepEqual([state.stage, state.source, state.totals.duplicates], ['exporting', SOURCE, 2]);
  });

  test('counts each end, and lists results and failures', () => {
    const state = exporting();
    const failed = ended('failed');
    for (const one of [ended('succeeded', { reused: true }), failed, ended('cancelled')]) recordEnd(state, one);
    const { succeeded, cancelled, reused, failed: failures } = totalsOf(state);
    assert.deepEqual([succeeded, cancelled, reused, failures], [1, 1, 1, 1]);
    assert.deepEqual([state.exports.length, state.failures, state.stopped], [3, [failed], undefined]);
    assert.equal(hasMore(state), true);
  });

  test('lists 100 failures, and fewer if they are large', () => {
    const state = exporting();
    for (let index = 0; index < 101; index += 1) recordEnd(state, ended('failed'));
    assert.deepEqual([state.failures.length, state.totals.failed], [100, 101]);
    assert.deepEqual(notesOf({ ...state, totals: { ...state.totals, duplicates: 0 } }), []);
    const large = exporting();
    for (let index = 0; index < 11; index += 1) {
      recordEnd(large, ended('failed', { failure: { message: 'x'.repeat(5_000) } }));
    }
    assert.equal(large.failures.length, 9);
    assert.deepEqual(notesOf(large), [
      '2 entries request the same export as an earlier one and are counted once',
      '2 more failed exports are not listed in failures, since the list would be too large',
    ]);
  });

  test('stops at the first failure if the input asks for it, and keeps the first reason', () => {
    const state = exporting();
    state.settings = { ...state.settings, onFailure: 'stop' };
    recordEnd(state, ended('cancelled'));
    assert.equal(hasMore(state), true);
    recordEnd(state, ended('failed'));
    const withoutId: FleetExport = { model: MODEL, outcome: 'failed' };
    recordEnd(state, withoutId);
    assert.deepEqual([state.stopped, state.stage], ['onFailure is stop, and w failed', 'stopping']);
    assert.equal(hasMore(state), false);
    assert.equal(statusOf(state).stopped, state.stopped);
    const unnamed = exporting();
    unnamed.settings = { ...unnamed.settings, onFailure: 'stop' };
    recordEnd(unnamed, withoutId);
    assert.equal(unnamed.stopped, `onFailure is stop, and ${MODEL} failed`);
  });

  test('keeps its stage if it is stopped while it ends, and a reason of bounded length', () => {
    const state = newState(new Date(0));
    stop(state, 'x'.repeat(2_000));
    assert.deepEqual([state.stage, state.stopped?.length], ['checking', 1_000]);
  });

  test('has more exports while some are planned or its source has a rest', () => {
    const state = exporting();
    state.source = undefined;
    assert.equal(hasMore(state), false);
    state.planned.push({ workflowId: 'w', input: { name: MODEL, outputConfig: {} } });
    assert.equal(hasMore(state), true);
  });

  test('has at most 50 notes of at most 1,000 characters, and 10,000 bytes of them', () => {
    const state = newState(new Date(0));
    for (let index = 0; index < 50; index += 1) assert.equal(note(state, 'note'), true);
    assert.deepEqual([note(state, 'more'), state.notes.length], [false, 50]);
    const large = newState(new Date(0));
    let count = 0;
    while (note(large, 'x'.repeat(2_000))) count += 1;
    assert.deepEqual([count, large.notes[0]?.length], [9, 1_000]);
    large.unwritten = 3;
    assert.equal(notesOf(large).at(-1), "3 more results could not be written; the exports' workflows have them");
    assert.deepEqual(notesOf(state), state.notes);
  });

  test('shows 100 running exports in its status', () => {
    const state = exporting();
    for (let index = 0; index < 101; index += 1) state.running.push({ workflowId: `w${index}`, model: MODEL });
    const { running, totals } = statusOf(state);
    assert.deepEqual([running.length, running[0], totals.running], [100, 'w0', 101]);
  });
});

suite('the text about a fleet in the Web UI', () => {
  test('has its stage, its counts that are not zero, and the last three failures', () => {
    const state = exporting();
    assert.equal(webUiDetails(state), '- **Stage:** exporting\n- **Exports:** 0 exports planned so far');
    state.source = undefined;
    state.totals.planned = 1;
    assert.equal(webUiDetails(state), '- **Stage:** exporting\n- **Exports:** 1 export');
    state.totals.planned = 7;
    state.running.push({ workflowId: 'w', model: MODEL });
    for (const message of ['one', 'two', 'x'.repeat(200)]) recordEnd(state, ended('failed', { failure: { message } }));
    const withoutId: FleetExport = { model: MODEL, outcome: 'failed' };
    recordEnd(state, withoutId);
    recordEnd(state, ended('succeeded'));
    recordEnd(state, ended('cancelled'));
    stop(state, 'a reason');
    assert.deepEqual(webUiDetails(state).split('\n'), [
      '- **Stage:** stopping',
      '- **Exports:** 7 exports, 1 running, 1 succeeded, 4 failed, 1 cancelled',
      '- **Stopped:** a reason',
      '- **Failed:** `w`: two',
      `- **Failed:** \`w\`: ${'x'.repeat(159)}…`,
      `- **Failed:** \`${MODEL}\`: `,
    ]);
  });
});
