import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const FOLDER = path.join(__dirname, 'histories');
const workflowBundle = { codePath: path.join(__dirname, '..', '..', 'lib', 'workflow-bundle.js') };

before(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

function historyOf(file: string): { events: Record<string, unknown>[] } {
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as { events: Record<string, unknown>[] };
}

suite('an export that runs while its workers are updated continues:', () => {
  for (const file of readdirSync(FOLDER)) {
    test(`the history ${file} replays`, async () => {
      await Worker.runReplayHistory({ workflowBundle }, historyOf(file), path.parse(file).name);
    });
  }

  test('a history that the workflow could not have written does not replay', async () => {
    const { events } = historyOf('succeeded.json');
    const text = JSON.stringify({ events }).replaceAll('"awaitExport"', '"anotherActivity"');
    await assert.rejects(Worker.runReplayHistory({ workflowBundle }, JSON.parse(text), 'succeeded'), {
      name: 'DeterminismViolationError',
    });
  });
});
