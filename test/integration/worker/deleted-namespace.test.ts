import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '@temporalio/client';
import Long from 'long';
import { startTemporalServer } from '../../../src/testing/services/services';
import { startWorkerProcess } from '../../../dev/worker-process';
import { eventually } from '../../support/worker';

// The server answers the worker's long poll after a minute.
test('a worker process whose namespace is deleted ends with 1 and one line', async () => {
  const namespace = 'deleted';
  const temporal = await startTemporalServer();
  const connection = await Connection.connect({ address: temporal.address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(86_400) },
    });
    const worker = await startWorkerProcess({
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: namespace,
      // Local services need no credentials. A worker without exports sends no requests to them.
      VERTEX_EMULATOR_HOST: '127.0.0.1:1',
      STORAGE_EMULATOR_HOST: '127.0.0.1:1',
      REGISTRY_EMULATOR_HOST: '127.0.0.1:1',
    });
    await eventually('the worker runs', () => worker.tail().includes("state: 'RUNNING'"));
    await connection.operatorService.deleteNamespace({ namespace });
    assert.equal(await worker.exited, 1);
    const last = worker.tail().split('\n').at(-1) ?? '';
    assert.match(last, /^The worker stopped: the namespace deleted no longer exists\. Create it, or correct TEMPORAL_/);
  } finally {
    await connection.close();
    await temporal.stop();
  }
});
