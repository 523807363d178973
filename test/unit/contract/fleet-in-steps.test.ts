import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkCarriedFleet, parseCarriedFleet } from '../../../src/contract/fleet-carried';
import { checkExportModelsInput, parseExportModelsInput } from '../../../src/contract/fleet-check';
import type { Steps } from '../../../src/contract/in-steps';
import { atOnce, inSteps } from '../../../src/contract/in-steps';

const PARENT = 'projects/p-1/locations/us-central1';
const DEFAULTS = { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/a' } } };
const ENTRIES = Array.from({ length: 10_000 }, (_, index) => ({
  name: `${PARENT}/models/${index}`,
  outputConfig: { exportFormatId: 'tflite' },
}));

/** Counts the iterations of the event loop while it awaits a promise. */
async function iterationsDuring<T>(work: Promise<T>): Promise<{ iterations: number; result: T }> {
  let iterations = 0;
  let isOver = false;
  const count = (): void => {
    iterations += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const result = await work.finally(() => {
    isOver = true;
  });
  return { iterations, result };
}

function* busy(steps: number, ms: number): Steps<number> {
  for (let step = 0; step < steps; step += 1) {
    const until = performance.now() + ms;
    while (performance.now() < until);
    yield;
  }
  return steps;
}

function carried(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    settings: { maxConcurrent: 50, onFailure: 'continue', duplicates: [] },
    startTime: '2026-01-01T00:00:00.000Z',
    stage: 'exporting',
    planned: [],
    running: [],
    totals: { planned: 0, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0 },
    exports: [],
    failures: [],
    resultUris: [],
    notes: [],
    ...changes,
  };
}

suite('the execution of a computation:', () => {
  test('a computation in steps yields to the event loop and returns the same result as one without pauses', async () => {
    const { iterations, result } = await iterationsDuring(inSteps(busy(20, 10)));
    assert.equal(result, atOnce(busy(20, 0)));
    assert.ok(iterations >= 5, `${iterations} iterations in 200 ms`);
  });
});

suite('the check of a large fleet:', () => {
  test('the check of 10,000 entries yields to the event loop and returns the same result as one without pauses', async () => {
    const input = { exports: ENTRIES, defaults: DEFAULTS };
    const { iterations, result } = await iterationsDuring(checkExportModelsInput(input));
    assert.deepEqual(result, parseExportModelsInput(input));
    assert.ok('settings' in result);
    assert.ok(iterations >= 3, `${iterations} iterations`);
  });

  test('the check of 10,000 entries ends early if each has problems, and counts the unchecked entries', () => {
    const exports = ENTRIES.map(() => ({ name: 'models/1', outputConfig: { exportFormatId: 'tf lite' }, unknown: 1 }));
    const parsed = parseExportModelsInput({ exports, defaults: DEFAULTS });
    assert.ok('problems' in parsed);
    assert.equal(parsed.problems.length, 101);
    assert.match(parsed.problems[0]?.message ?? '', /^has 9\d{3} more entries, which were not checked$/);
  });

  test('the check of a carried-over state yields to the event loop', async () => {
    const state = carried({ source: { exports: ENTRIES } });
    const { iterations, result } = await iterationsDuring(checkCarriedFleet({ defaults: DEFAULTS }, state, 'fleet'));
    assert.deepEqual(result, parseCarriedFleet({ defaults: DEFAULTS }, state, 'fleet'));
    assert.ok('settings' in result);
    assert.ok(iterations >= 3, `${iterations} iterations`);
  });
});

suite('a fleet input that is expensive to check:', () => {
  for (const [what, input] of [
    ['400,000 entries', { exports: Array.from({ length: 400_000 }, () => 0), defaults: DEFAULTS }],
    ['100,000 entries', { exports: Array.from({ length: 100_000 }, () => 0), defaults: DEFAULTS }],
    ['100,000 Models', { models: Array.from({ length: 100_000 }, () => 0), defaults: DEFAULTS }],
    ['an entry of 3,000 fields', { exports: [fields(3_000)], defaults: DEFAULTS }],
    ['100,000 fields', fields(100_000)],
    [
      'defaults of 1,900 fields for 20,000 entries',
      { exports: Array.from({ length: 20_000 }, () => 0), defaults: { outputConfig: fields(1_900) } },
    ],
  ] as const) {
    test(`a fleet input is rejected for its size or after its first problems: ${what}`, () => {
      const parsed = parseExportModelsInput(input);
      assert.ok('problems' in parsed);
      assert.ok(parsed.problems.length <= 101);
    });
  }
});

function fields(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, 1]));
}

suite('the carried-over state of a fleet:', () => {
  test('a carried-over state is accepted with an input of 1.2 MB and with all fields of a state', () => {
    const models = Array.from({ length: 6_800 }, (_, index) => `${PARENT}/models/${String(index).padStart(128, 'm')}`);
    const failure = {
      model: `${PARENT}/models/1`,
      outcome: 'failed',
      failure: { type: 'ExportError.Internal', message: '語'.repeat(500) },
    };
    const running = Array.from({ length: 900 }, (_, index) => ({
      workflowId: `fleet-${'x'.repeat(120)}-${index}`,
      model: `${PARENT}/models/${index}@1`,
      exportFormatId: 'tflite',
      runId: '0193b2b0-0000-7000-8000-000000000000',
    }));
    const state = carried({
      source: { models, formats: 'all', after: { model: `${PARENT}/models/1`, exportFormatId: 'tflite' } },
      running,
      exports: Array.from({ length: 100 }, () => failure),
      pendingResults: [{ uri: 'gs://bucket/fleet/run/results-00001.jsonl', exports: [failure] }],
      resultCount: 7,
      unwritten: 3,
      pages: 12,
      seen: '0123456789ab'.repeat(4_500),
    });
    const parsed = parseCarriedFleet({ formats: 'all', defaults: DEFAULTS }, state, 'fleet');
    assert.deepEqual('problems' in parsed ? parsed.problems : [], []);
  });

  for (const [field, value] of [
    ['pages', -1],
    ['pages', '1'],
    ['resultCount', 1.5],
    ['seen', '../evil'],
    ['seen', 'x'.repeat(200_000)],
    ['pendingResults', [{ uri: 'http://evil.example', exports: [] }]],
    ['running', [{ workflowId: 'a', model: `${PARENT}/models/1`, runId: '\ud800' }]],
    ['source', { parent: PARENT, after: { model: 'evil' } }],
  ] as const) {
    test(`a carried-over state is rejected if ${field} is ${JSON.stringify(value).slice(0, 60)}`, () => {
      const parsed = parseCarriedFleet({ defaults: DEFAULTS }, carried({ [field]: value }), 'fleet');
      assert.ok('problems' in parsed && parsed.problems[0]?.path.startsWith(`carried.${field}`));
    });
  }
});
