import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pause } from '../../../src/internal/pause';

suite('pause', () => {
  test('waits for the given time, with and without a signal', async () => {
    const startedAt = performance.now();
    await pause(20);
    await pause(20, new AbortController().signal);
    assert.ok(performance.now() - startedAt >= 35);
  });

  test("ends with the signal's own reason when it is aborted, before or during the wait", async () => {
    const reason = new Error('worker is shutting down');
    const isReason = (error: unknown): boolean => error === reason;
    await assert.rejects(pause(60_000, AbortSignal.abort(reason)), isReason);
    const controller = new AbortController();
    const paused = pause(60_000, controller.signal);
    controller.abort(reason);
    await assert.rejects(paused, isReason);
  });
});
