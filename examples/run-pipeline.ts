import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createExportActivities } from 'temporal-vertex-export';
import { startLocalStack } from '../src/testing/services/local-stack';
import type { pipelineWorkflow } from './pipeline';
import { pipelineActivities } from './pipeline-activities';

/** Runs the pipeline once, on services that it starts: `npx tsx examples/run-pipeline.ts [flowers|videos]`. */
async function main(): Promise<void> {
  const dataset = process.argv[2] ?? 'flowers';
  // Only the result is to be read.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const stack = await startLocalStack();
  const { temporal, vertex, store, registry } = stack;
  const native = await NativeConnection.connect({ address: temporal.address });
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const emulators = { vertex: vertex.url, storage: store.url, registry: registry.url };
    const worker = await Worker.create({
      connection: native,
      taskQueue: 'pipeline',
      workflowsPath: require.resolve('./pipeline'),
      activities: { ...pipelineActivities, ...createExportActivities({ emulators }) },
    });
    const result = await worker.runUntil(() =>
      new Client({ connection }).workflow.execute<typeof pipelineWorkflow>('pipelineWorkflow', {
        args: [{ dataset, outputUriPrefix: 'gs://exports/pipeline' }],
        taskQueue: 'pipeline',
        workflowId: `pipeline-${dataset}`,
      }),
    );
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await connection.close();
    await native.close();
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  // "Workflow execution failed" does not contain the reason: the last cause does.
  process.stderr.write(`${rootCause(error instanceof WorkflowFailedError ? error.cause : error) ?? String(error)}\n`);
  process.exitCode = 1;
});
