import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { suite, test } from 'node:test';
import { spawnTied } from '../../../src/testing/services/tied-process';
import { startGoogleServices } from '../../../src/testing/services/local-stack';
import { startTemporalServer } from '../../../src/testing/services/services';
import { startWorkerProcess } from '../../../dev/worker-process';
import { Client, Connection } from '@temporalio/client';
import { VertexExportClient } from '../../../src';
import { addModel, temporaryFolder } from '../../support/models';
import { firstLine, runScript } from '../../support/service-script';
import { ARTIFACTS, eventually, QUICK } from '../../support/worker';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

suite('a service', () => {
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    test(`ends when its parent ends by ${signal}`, async () => {
      const parent = runScript(
        ['tied-process'],
        `d.spawnTied('/bin/sleep', ['600']).then(({ pid }) => { console.log(pid); setInterval(() => {}, 1000); })`,
      );
      const pid = Number(await firstLine(parent));
      assert.ok(isAlive(pid));
      parent.kill(signal);
      await once(parent, 'exit');
      await eventually('the child has exited', () => !isAlive(pid));
    });
  }

  test('that cannot be started reports its output', async () => {
    const failing = await spawnTied('/bin/sh', ['-c', 'echo no room >&2; exit 3']);
    assert.equal(await failing.exited, 3);
    assert.match(failing.tail(), /no room/);
  });
});

test('an export continues after the Temporal server was killed and started again with its database', async () => {
  const databaseFile = path.join(temporaryFolder('vertex-export-temporal-'), 'temporal.db');
  const google = await startGoogleServices();
  let temporal = await startTemporalServer({ databaseFile });
  const port = Number(temporal.address.split(':')[1]);
  const env = { ...google.environment, TEMPORAL_ADDRESS: temporal.address };
  const worker = await startWorkerProcess(env);
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const exports = new VertexExportClient(new Client({ connection }));
    const name = addModel(google.vertex, { durationMs: 3_000 });
    const handle = await exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('the operation runs', () => google.vertex.operations().length === 1);
    await temporal.kill();
    temporal = await startTemporalServer({ databaseFile, port });
    await eventually('the export has ended', async () => {
      const { status } = await handle.workflow.describe();
      return status.name === 'COMPLETED';
    });
    assert.equal((await handle.result()).files?.count, 1);
    assert.equal(google.vertex.operations().length, 1);
  } finally {
    await connection.close();
    await worker.stop();
    await temporal.stop();
    await google.stop();
  }
});
