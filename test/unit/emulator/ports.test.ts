import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedRequest } from '../../../emulator';
import { startEmulator } from '../../../emulator';

const MODEL = 'projects/demo-project/locations/us-central1/models/1';

suite('a local Vertex AI with several ports:', () => {
  test('an emulator with several ports serves the same service and logs port and time of each request', async () => {
    const seen: LoggedRequest[] = [];
    const model = { name: MODEL, supportedExportFormats: [{ id: 'tflite' }] };
    const entry = { model, exports: { tflite: {} }, durationMs: 20, outcome: 'without-files' as const };
    const emulator = await startEmulator({ models: [entry], onRequest: (request) => seen.push(request) });
    try {
      const urls = [emulator.url, await emulator.openPort(), await emulator.openPort()];
      for (const url of urls) await (await fetch(`${url}/v1/${MODEL}`)).arrayBuffer();
      const ports = urls.map((url) => Number(new URL(url).port));
      assert.equal(new Set(ports).size, 3);
      assert.deepEqual(
        seen.map(({ port, route, status }) => [port, route, status]),
        ports.map((port) => [port, 'models.get', 200]),
      );
      assert.deepEqual(emulator.requests().requests, seen);
    } finally {
      await emulator.stop();
    }
  });

  test('a stopped emulator rejects connections on all ports', async () => {
    const emulator = await startEmulator();
    const urls = [emulator.url, await emulator.openPort()];
    await emulator.stop();
    for (const url of urls) await assert.rejects(fetch(url), /fetch failed/);
  });

  test('an emulator reports times of operations, without an end for a running one', async () => {
    const model = { name: MODEL, supportedExportFormats: [{ id: 'core-ml', exportableContents: ['IMAGE' as const] }] };
    const entry = { model, exports: { 'core-ml': {} }, durationMs: 50, outcome: 'without-files' as const };
    const emulator = await startEmulator({ models: [entry] });
    try {
      const outputConfig = { exportFormatId: 'core-ml', imageDestination: { outputUri: 'gcr.io/demo/image:1' } };
      const answer = await fetch(`${emulator.url}/v1/${MODEL}:export`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ outputConfig }),
      });
      assert.equal(answer.status, 200, await answer.text());
      const [running] = emulator.operations();
      assert.equal(running?.state, 'running');
      assert.equal(running.endTime, undefined);
      while (emulator.operations()[0]?.state === 'running') await sleep(10);
      const [ended] = emulator.operations();
      assert.equal(ended?.createTime, running.createTime);
      assert.ok(Date.parse(ended.endTime ?? '') >= Date.parse(ended.createTime));
    } finally {
      await emulator.stop();
    }
  });
});
