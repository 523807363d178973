import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createExportActivities, VertexExportClient } from 'temporal-vertex-export';
import { startLocalStack } from '../src/testing/services/local-stack';

/** Exports all Models of a location in all formats that they have, on services that it starts: `npx tsx examples/export-fleet.ts`. */
async function main(): Promise<void> {
  // Only the results are to be read.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const stack = await startLocalStack();
  const { temporal, vertex, store, registry } = stack;
  const native = await NativeConnection.connect({ address: temporal.address });
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const emulators = { vertex: vertex.url, storage: store.url, registry: registry.url };
    const worker = await Worker.create({
      connection: native,
      taskQueue: 'vertex-export',
      workflowsPath: require.resolve('temporal-vertex-export/workflow'),
      activities: createExportActivities({ emulators }),
    });
    await worker.runUntil(async () => {
      const exports = new VertexExportClient(new Client({ connection }));
      const fleet = await exports.startFleet({
        parent: 'projects/demo-project/locations/us-central1',
        formats: 'all',
        defaults: { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/fleet' } } },
        maxConcurrent: 4,
        // While another team's single export runs, this one waits.
        priority: { priorityKey: 4, fairnessKey: 'nightly' },
      });
      const { totals, exports: each, failures } = await fleet.result();
      for (const { model, exportFormatId, outputInfo } of each) {
        process.stdout.write(`${model} as ${exportFormatId ?? '?'}: ${outputInfo?.artifactOutputUri ?? 'failed'}\n`);
      }
      process.stdout.write(`${JSON.stringify({ ...totals, failures: failures.length })}\n`);
    });
  } finally {
    await connection.close();
    await native.close();
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
