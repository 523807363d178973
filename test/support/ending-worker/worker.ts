import { createServer } from 'node:http';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { redactingLogger } from '../../../src';
import { ErrorMemory } from '../../../src/worker/error-memory';
import { runProcess } from '../../../src/worker/process';
import { runWorker } from '../../../src/worker/run-worker';

/** A worker process with workflows and activities that damage it. Prints a line when the endless activity runs. */
void runProcess(async (process_) => {
  const log = new ErrorMemory(new DefaultLogger('ERROR'));
  Runtime.install({ logger: redactingLogger(log), telemetryOptions: { logging: { forward: {} } } });
  // A timer that keeps the process alive.
  createServer().listen(0, '127.0.0.1');
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const worker = await Worker.create({
    connection,
    taskQueue: 'ending',
    workflowsPath: require.resolve('./workflows'),
    activities: {
      endless: () => {
        process.stdout.write('the endless activity runs\n');
        return new Promise(() => undefined);
      },
    },
    shutdownGraceTime: 500,
  });
  process_.workerStarts();
  process.stdout.write('the worker starts\n');
  await runWorker(worker, {
    shutdownGraceMs: 500,
    isStopRequested: process_.isStopRequested,
    lastError: () => log.lastError(),
  });
});
