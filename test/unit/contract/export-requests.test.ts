import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { awaitExportRequestSchema } from '../../../src/contract/export-requests';

const polling = { initialDelay: 0, multiplier: 1, maxDelay: 100, heartbeatTimeout: 60_000 };
const request = { operation: 'projects/p-1/locations/us-central1/operations/1', polling };

suite('a request to wait for an operation', () => {
  test('a request to await an operation rejects pauses shorter than those of an input', () => {
    assert.equal(awaitExportRequestSchema.safeParse(request).success, true);
    for (const maxDelay of [0, 99, -1, Number.NaN, 1e308]) {
      assert.equal(
        awaitExportRequestSchema.safeParse({ ...request, polling: { ...polling, maxDelay } }).success,
        false,
      );
    }
  });
});
