import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Emulator } from '../emulator';
import { startEmulator } from '../emulator';
import { parseExportModelInput } from '../src/contract';

let emulator: Emulator;
before(async () => {
  emulator = await startEmulator();
});
after(() => emulator.stop());

const PARENT = 'projects/demo-project/locations/us-central1/models';

test('the default set has a model with five export formats', async () => {
  const response = await fetch(`${emulator.url}/v1beta1/${PARENT}/4401170000000000001`);
  const model = (await response.json()) as { supportedExportFormats: { id: string }[] };
  assert.equal(model.supportedExportFormats.length, 5);
});

test('a format that a model lacks is refused in the words of the service', async () => {
  const response = await fetch(`${emulator.url}/v1beta1/${PARENT}/4401170000000000002:export`, {
    method: 'POST',
    body: JSON.stringify({ outputConfig: { artifactDestination: { outputUriPrefix: 'gs://bucket/path' } } }),
  });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /in format `` is not supported/);
});

test('every problem of an input is told at once, each with its path', () => {
  const parsed = parseExportModelInput({ name: 'models/1', outputConfig: {}, colour: 'red' });
  assert.ok('problems' in parsed);
  assert.deepEqual(parsed.problems.map(({ path }) => path).sort(), ['colour', 'name', 'outputConfig']);
});
