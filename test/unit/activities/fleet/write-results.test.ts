import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { writeResults } from '../../../../src/activities/fleet/write-results';
import { activityEnvironment, failureOf } from '../../../support/activities';
import { refusal, storageWith } from '../../../support/export-steps';

const FOLDER = 'gs://results/test/01234567-89ab-4cde-8f01-23456789abcd/';
const model = 'projects/p/locations/us-central1/models/1';

function write(uri: string, error?: Error) {
  const written: unknown[] = [];
  const { storage } = storageWith([{ name: uri.replace('gs://results/', ''), size: 0, generation: '1' }], {
    writeObject: (...[bucket, name, content, options]) => {
      written.push([bucket, name, content, options.contentType]);
      return error ? Promise.reject(error) : Promise.resolve();
    },
  });
  const exports = [
    { model, outcome: 'failed' },
    { model, outcome: 'cancelled' },
  ] as const;
  const outcome: Promise<unknown> = activityEnvironment().run(() =>
    writeResults({ storage }, { uri, exports: [...exports] }),
  );
  return { outcome, written };
}

suite('the results of a fleet', () => {
  test('are written as one line of JSON each', async () => {
    const { outcome, written } = write(`${FOLDER}results-00001.jsonl`);
    await outcome;
    const lines = `{"model":"${model}","outcome":"failed"}\n{"model":"${model}","outcome":"cancelled"}\n`;
    assert.deepEqual(written, [
      ['results', `${FOLDER.replace('gs://results/', '')}results-00001.jsonl`, lines, 'application/jsonl'],
    ]);
  });

  for (const uri of [
    `${FOLDER}results-0001.jsonl`,
    `${FOLDER}results-0000000001.jsonl`,
    `${FOLDER}results-00001.json`,
    `${FOLDER}results-00001.jsonl.x`,
    `${FOLDER}old-results-00001.jsonl`,
    FOLDER,
    'results-00001.jsonl',
    'gs://results/test/x/results-00001.jsonl',
    `${FOLDER}more/results-00001.jsonl`,
    `${FOLDER.replace('/test/', '/other/')}results-00001.jsonl`,
  ]) {
    test(`are not written to ${uri}`, async () => {
      const { outcome, written } = write(uri);
      assert.ok(!(await failureOf(outcome, 'ExportError.InvalidInput')).retryable);
      assert.deepEqual(written, []);
    });
  }

  test('fail to be written if another object may not be replaced', async () => {
    const { outcome } = write(`${FOLDER}results-00001.jsonl`, refusal('PERMISSION_DENIED', 403));
    assert.match((await failureOf(outcome, 'ExportError.PermissionDenied')).details.action, /storage\.objects\.create/);
  });
});
