import { z } from 'zod';
import { parseStorageUri } from '../../contract/resource-names';
import { defined } from '../../internal/defined';
import { redactingLogger } from '../../telemetry/logs';
import type { TestStack } from '../../testing/test-stack';
import type { ParsedOptions } from '../options';
import { flag, list, noArguments, parseArguments, portNumber, value } from '../options';
import { startingServices } from '../command-error';
import type { Output } from '../output';

export const DEV_SUMMARY = 'Starts Temporal, a local Vertex AI and a worker on this machine.';

export const DEV_HELP = `Usage: temporal-vertex-export dev [options]

Starts everything that an export needs on this machine: a Temporal server with its Web UI, a local Vertex AI with an
object store and a container registry, a bucket, and a worker. No request is sent to Google. Ctrl-C stops all of it.

  --models FILE      models file of the local Vertex AI. Default: the models that ship with the package
  --bucket NAME      bucket of the object store; can be repeated. Default: exports
  --task-queue NAME  task queue of the worker. Default: vertex-export
  --port N           port of the Temporal server. Default: 7233 if it is free, otherwise any free port
  --ui-port N        port of the Web UI. Default: 8233 if it is free, otherwise any free port
  --no-worker        start no worker, because your own one runs the workflows and activities
  --json             print one line of JSON when everything is ready

Exit code: 0 after Ctrl-C or SIGTERM, 2 if a part can't start or the worker failed.
`;

const bucketName = z.string().refine((name) => parseStorageUri(`gs://${name}`)?.path === '', {
  error: ({ input }) => `${String(input)} is not the name of a bucket`,
});

const OPTIONS = {
  models: value(z.string().exactOptional()),
  bucket: list(z.array(bucketName).default(['exports'])),
  'task-queue': value(z.string().min(1, 'must not be empty').default('vertex-export')),
  port: value(portNumber(1).exactOptional()),
  'ui-port': value(portNumber(1).exactOptional()),
  'no-worker': flag(),
  json: flag(),
};

type DevOptions = ParsedOptions<typeof OPTIONS>;

/** Ports of `temporal server start-dev`, which Temporal's clients and documentation use. */
const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;

/** Runs the command until it is interrupted, and returns its exit code. */
export async function dev(args: string[], output: Output): Promise<number> {
  const { options } = parseArguments(args, OPTIONS, noArguments('dev'));
  const stopped = stopSignal();
  // Other commands start without loading the Temporal SDK's worker.
  const { startTestStack } = await import('../../testing/test-stack.js');
  const { freePort } = await import('../../testing/services/services.js');
  const { DefaultLogger, Runtime } = await import('@temporalio/worker');
  Runtime.install({ logger: redactingLogger(new DefaultLogger('WARN')) });
  const ports = {
    port: options.port ?? (await freePort(USUAL_PORT)),
    uiPort: options['ui-port'] ?? (await freePort(USUAL_UI_PORT)),
  };
  const stack = await startingServices(() =>
    startTestStack({
      ...defined({ models: options.models }),
      buckets: options.bucket,
      taskQueue: options['task-queue'],
      temporalServer: ports,
      worker: options['no-worker'] ? false : {},
    }),
  );
  try {
    if (options.json) output.json(summaryOf(stack, options));
    else describe(stack, options, output);
    await Promise.race([stopped, stack.workerEnded]);
  } finally {
    await stack.stop();
  }
  return 0;
}

function summaryOf({ temporal, vertex, taskQueue, environment }: TestStack, options: DevOptions) {
  return {
    temporal,
    vertex: vertex.url,
    buckets: options.bucket,
    ...(!options['no-worker'] && { worker: { taskQueue } }),
    environment,
  };
}

/** First Model of the models that ship with the package. */
const EXAMPLE_MODEL = 'projects/demo-project/locations/us-central1/models/4401170000000000001';

function describe(stack: TestStack, options: DevOptions, output: Output): void {
  const { temporal, vertex, taskQueue, environment } = stack;
  output.line(`Temporal server  ${temporal.address}, namespace ${temporal.namespace}`);
  output.line(`Web UI           ${temporal.webUiUrl ?? ''}`);
  output.line(`Local Vertex AI  ${vertex.url}`);
  output.line(`Buckets          ${options.bucket.map((name) => `gs://${name}`).join(', ')}`);
  output.line(`Worker           ${options['no-worker'] ? 'none' : `task queue ${taskQueue}`}`);
  output.line('');
  output.line('Environment for your own workers and clients:');
  for (const [name, value] of Object.entries(environment)) output.line(`  export ${name}=${value}`);
  output.line('');
  output.line('To start an export in the Web UI, choose Start Workflow:');
  output.line(`  workflow type  exportModelWorkflow`);
  output.line(`  task queue     ${taskQueue}`);
  const name = options.models === undefined ? EXAMPLE_MODEL : 'projects/PROJECT/locations/LOCATION/models/MODEL';
  const artifactDestination = { outputUriPrefix: `gs://${options.bucket[0] ?? ''}/dev` };
  output.line(`  input          ${JSON.stringify({ name, outputConfig: { artifactDestination } })}`);
  output.line('');
  output.line('Ctrl-C stops everything.');
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
}
