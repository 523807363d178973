import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createExportActivities } from './activities';
import type { WorkerConfig } from './config';
import { describeSettings, parseWorkerConfig } from './config';

const HELP = `Usage: npm run worker

Runs the workflows and activities of temporal-vertex-export until SIGTERM or SIGINT.

Connection to Temporal: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*, or a profile of
temporal.toml (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE). Credentials for Google: Application Default Credentials.

Settings, all environment variables:
${describeSettings()}
`;

/** Made by the build, so that a worker starts without bundling. */
const PREBUILT_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

function workflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  if (existsSync(PREBUILT_BUNDLE)) return { workflowBundle: { codePath: PREBUILT_BUNDLE } };
  return { workflowsPath: path.join(__dirname, 'workflows') };
}

/**
 * Makes a worker with this package's workflows and activities only. In a worker of your own, use
 * `createExportActivities` and re-export `exportModelWorkflow` from your workflows file instead.
 */
export function createExportWorker(
  connection: NativeConnection,
  namespace: string,
  config: WorkerConfig,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    ...workflows(),
    activities: createExportActivities(config.google),
    maxConcurrentActivityTaskExecutions: config.maxConcurrentExports,
    maxCachedWorkflows: config.maxCachedWorkflows,
    shutdownGraceTime: config.shutdownGraceMs,
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const config = parseWorkerConfig(process.env);
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const worker = await createExportWorker(connection, namespace, config);
    // Ends after SIGTERM or SIGINT, once the activities had their time to end.
    await worker.run();
  } finally {
    await connection.close();
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
