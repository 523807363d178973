import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, test } from 'node:test';
import type { WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { EXPORT_MODEL_WORKFLOW, EXPORT_MODELS_WORKFLOW } from '../../../src/contract/names';
import { addModel } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, QUICK, useExports } from '../../support/worker';
import { assertDocumented } from './checks';
import { fieldsOf, patternOf, withValue } from './fields';
import { ODD_JSON_VALUES } from './odd-values';
import { HALF_CHARACTERS } from './values';

const stack = useLocalStack();
const temporal = useExports(stack);

/** A malicious start. */
interface Start {
  readonly what: string;
  readonly type: string;
  readonly args: readonly unknown[];
  readonly options?: Partial<WorkflowStartOptions>;
}

const TYPES = [EXPORT_MODEL_WORKFLOW, EXPORT_MODELS_WORKFLOW];
const LOCATION = 'projects/demo-project/locations/us-central1';
const OPTIONS = {
  formatPreference: ['tflite'],
  perRunFolder: true,
  verification: { level: 'listing' },
  manifest: { write: false },
  polling: QUICK.polling,
  longExports: { parkAfter: '1h', checkEvery: '10m' },
  deadline: '1h',
  onBlocked: 'fail',
  deletePartialArtifacts: false,
  maxExportAttempts: 1,
};
const exportInput = (name: string) => ({ name, outputConfig: { exportFormatId: 'tflite', ...ARTIFACTS }, ...OPTIONS });
const fleetInputs = (name: string) => [
  {
    exports: [exportInput(name)],
    defaults: { ...OPTIONS, outputConfig: ARTIFACTS },
    maxConcurrent: 2,
    onFailure: 'continue',
    priority: { priorityKey: 3, fairnessKey: 'team', fairnessWeight: 1 },
    resultsUriPrefix: 'gs://exports/results',
  },
  { models: [name], formats: ['tflite'], defaults: { outputConfig: ARTIFACTS, ...QUICK } },
  // A location without exportable Models.
  {
    parent: LOCATION.replace('us-central1', 'europe-west4'),
    filter: 'labels.team="none"',
    formats: 'all',
    defaults: { outputConfig: ARTIFACTS, ...QUICK },
  },
];

const SAMPLE = [
  ...HALF_CHARACTERS.slice(0, 3),
  '',
  '..',
  'x'.repeat(2_000),
  '\0',
  'projects/p-1/locations/evil.example#/models/1',
  `${'9'.repeat(400)}s`,
];
const ODD_SAMPLE = [null, 2 ** 53, -1, true, [], {}, ['\ud800'], { a: { b: null } }];

const describedValue = (value: unknown): string => JSON.stringify(value).slice(0, 60);

function startsWithOddArguments(valid: unknown): Start[] {
  const lists: [string, readonly unknown[]][] = [
    ['no argument', []],
    ['undefined', [undefined]],
    ['bytes', [Buffer.from('evil')]],
    ['invalid UTF-8', [Buffer.from([0xff, 0xfe, 0xd8])]],
    ['three arguments', [valid, null, 'x']],
    ['twenty arguments', Array.from({ length: 20 }, () => valid)],
    ['many nothings', [null, null, null, null]],
    ['a text of 1 MB', ['x'.repeat(1_000_000)]],
    ['a second text of 1 MB', [valid, 'x'.repeat(1_000_000)]],
    ['bytes as second argument', [valid, Buffer.from('evil')]],
    ...ODD_JSON_VALUES.flatMap(({ what, value }): [string, readonly unknown[]][] => [
      [what, [value]],
      [`${what} as second argument`, [valid, value]],
    ]),
  ];
  return TYPES.flatMap((type) => lists.map(([what, args]) => ({ what, type, args })));
}

function startsWithOddFields(type: string, examples: readonly unknown[]): Start[] {
  const seen = new Set<string>();
  return examples.flatMap((example) =>
    fieldsOf(example).flatMap(({ path, value }) => {
      const field = `${patternOf(path)} ${typeof value}`;
      if (seen.has(field)) return [];
      seen.add(field);
      return [...(typeof value === 'string' ? SAMPLE : []), ...ODD_SAMPLE].map((odd) => ({
        what: `${patternOf(path)} = ${describedValue(odd)}`,
        type,
        args: [withValue(example, path, odd)],
      }));
    }),
  );
}

const ODD_IDS = [
  ...['.', '..', '...', '/', '../..', 'a/b', '%2e%2e', '-', '__proto__', "it's", '"', '\\', '\n', '\0', ' ', '\u202e'],
  ...['\u00e9'.repeat(100), '\u{1f600}', '\u4e2d\u6587', 'x'.repeat(990), 'x'.repeat(1_000), '\u20ac'.repeat(333)],
  ...['x'.repeat(1_001), '\ud800', '\ud83d\ud83d', "' OR WorkflowId != '"],
];

function startsWithOddOptions(name: string): Start[] {
  const options: [string, Partial<WorkflowStartOptions>][] = [
    ...ODD_IDS.map((id): [string, Partial<WorkflowStartOptions>] => [`id ${describedValue(id)}`, { workflowId: id }]),
    ['a memo of odd values', { memo: { model: null, exportFormatId: ['\ud800'], other: { a: 1 } } }],
    ['a memo without the usual fields', { memo: { '': '' } }],
    ['a long summary', { staticSummary: 'x'.repeat(150), staticDetails: '\u202e'.repeat(1_000) }],
    ['a summary with half of a character', { staticSummary: '\ud800' }],
    ...[-1, 0, 1, 5, 6, 2 ** 31].map((priorityKey): [string, Partial<WorkflowStartOptions>] => [
      `priority ${priorityKey}`,
      { priority: { priorityKey } },
    ]),
    ...['', '\0', '\ud800', 'x'.repeat(65), '\u20ac'.repeat(21)].map(
      (fairnessKey): [string, Partial<WorkflowStartOptions>] => [
        `fairness key ${describedValue(fairnessKey)}`,
        { priority: { fairnessKey } },
      ],
    ),
    ['a weight of 1e308', { priority: { fairnessKey: 'a', fairnessWeight: 1e308 } }],
    ['a weight below zero', { priority: { fairnessKey: 'a', fairnessWeight: -1 } }],
  ];
  return options.flatMap(([what, option]) => [
    { what, type: EXPORT_MODEL_WORKFLOW, args: [exportInput(name)], options: option },
    { what, type: EXPORT_MODELS_WORKFLOW, args: [fleetInputs(name)[1]], options: option },
  ]);
}

/** The number of workflows that are followed at the same time. */
const AT_ONCE = 40;
const LIMIT_MS = 60_000;

const counts = { refused: 0, failed: 0, completed: 0 };

/** `undefined` if the start was rejected, so that no workflow runs. */
async function begin({ type, args, options }: Start, id: string): Promise<WorkflowHandle | undefined> {
  try {
    return await temporal().client.workflow.start(type, {
      args: [...args],
      taskQueue: 'vertex-export',
      workflowId: id,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      ...options,
    });
  } catch {
    counts.refused += 1;
    return undefined;
  }
}

/** Starts a workflow, and waits for an allowed end. Returns the problem, if any. */
async function outcome(start: Start, id: string): Promise<string | undefined> {
  const handle = await begin(start, id);
  if (handle === undefined) return undefined;
  const what = `${start.type} with ${start.what} (${JSON.stringify(handle.workflowId.slice(0, 60))})`;
  const stop = new AbortController();
  const late = sleep(LIMIT_MS, 'late' as const, { signal: stop.signal }).catch(() => 'stopped' as const);
  try {
    const ended = await Promise.race([handle.result().then(() => 'completed' as const), late]);
    if (ended === 'late') return `${what} has not ended: ${await pendingTask(handle)}`;
    counts.completed += 1;
    return undefined;
  } catch (error) {
    return problemOf(error, what);
  } finally {
    stop.abort();
  }
}

function problemOf(error: unknown, what: string): string | undefined {
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) {
    const cause = error instanceof Error ? error.cause : undefined;
    return `${what} ended with ${String(error)}: ${String(cause)}`;
  }
  try {
    assertDocumented(error.cause, what);
    counts.failed += 1;
    return undefined;
  } catch (problem) {
    return String(problem);
  }
}

/** The reason why a workflow hangs, as reported by the server. */
async function pendingTask(handle: WorkflowHandle): Promise<string> {
  const { raw } = await handle.describe();
  const activities = (raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) =>
      `${activityType?.name ?? ''}, attempt ${attempt ?? 0}: ${lastFailure?.message?.slice(0, 300) ?? 'no failure'}`,
  );
  return `workflow task attempt ${raw.pendingWorkflowTask?.attempt ?? 0}; ${activities.join('; ')}`;
}

/** Runs all starts, with a limited number at the same time. Returns all problems. */
async function problemsOf(starts: readonly Start[]): Promise<string[]> {
  const problems: string[] = [];
  const left = starts.entries();
  const follow = async (): Promise<void> => {
    for (const [index, start] of left) {
      const problem = await outcome(start, `hostile-${index}-${starts.length}`);
      if (problem !== undefined) problems.push(problem);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, follow));
  return problems;
}

suite('a worker', () => {
  let total = 0;

  /** Fails unless every start ends, and a valid export of the same worker succeeds afterwards. */
  const check = async (startsOf: (model: string) => readonly Start[]): Promise<void> => {
    const model = addModel(stack().vertex, { durationMs: 10 });
    const starts = startsOf(model);
    total += starts.length;
    assert.deepEqual(await problemsOf(starts), []);
    const good = await temporal().exports.start({ name: addModel(stack().vertex), outputConfig: ARTIFACTS, ...QUICK });
    assert.equal((await good.result()).exportFormatId, 'tflite');
  };

  test('ends every workflow that is started with invalid arguments, and exports afterwards', async () => {
    await check((model) => startsWithOddArguments(exportInput(model)));
  });

  test('ends every export that is started with invalid fields, and exports afterwards', async () => {
    await check((model) => startsWithOddFields(EXPORT_MODEL_WORKFLOW, [exportInput(model)]));
  });

  test('ends every fleet that is started with invalid fields, and exports afterwards', async () => {
    await check((model) => startsWithOddFields(EXPORT_MODELS_WORKFLOW, fleetInputs(model)));
  });

  test('ends every workflow that is started with unusual options, and exports afterwards', async () => {
    await check(startsWithOddOptions);
  });

  test('received at least 500 invalid starts, and rejected most of them', (context) => {
    context.diagnostic(`${total} starts: ${JSON.stringify(counts)}`);
    assert.ok(total >= 500, String(total));
    assert.ok(counts.failed >= 400, JSON.stringify(counts));
    assert.ok(counts.completed > 0);
  });
});
