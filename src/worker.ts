import { parseArgs } from 'node:util';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { googleCredentials } from './google/services';
import { describeSettings, parseWorkerConfig } from './worker/config';
import { redactingLogger } from './telemetry/logs';
import { checkCredentials } from './worker/check-credentials';
import { connectToTemporal, startedOn } from './worker/connect';
import { createExportWorker } from './worker/create-worker';
import { ErrorMemory } from './worker/error-memory';
import type { WorkerProcess } from './worker/process';
import { runProcess, SettingsError } from './worker/process';
import { runWorker } from './worker/run-worker';

export { createExportWorker } from './worker/create-worker';

const HELP = `Usage: npm run worker

Runs the workflows and activities of temporal-vertex-export until SIGTERM or SIGINT.

Connection to Temporal: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*, or a profile of
temporal.toml (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE). Credentials for Google: Application Default Credentials.

Settings, all environment variables:
${describeSettings()}
`;

/** Maps problems of the settings to a SettingsError. */
function settings<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SettingsError(error instanceof Error ? error.message : String(error));
  }
}

async function main(process_: WorkerProcess): Promise<void> {
  const { values } = settings(() => parseArgs({ options: { help: { type: 'boolean' } } }));
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const config = settings(() => parseWorkerConfig(process.env));
  const { connectionOptions, namespace = 'default' } = settings(() => loadClientConnectConfig());

  const log = new ErrorMemory(new DefaultLogger('INFO'));
  // The messages of the SDK's core pass through the logger, too.
  Runtime.install({ logger: redactingLogger(log), telemetryOptions: { logging: { forward: {} } } });
  const connection = await connectToTemporal(connectionOptions);
  const place = { address: connectionOptions.address, namespace };
  const credentials = googleCredentials(config.google);
  const google = { ...config.google, ...(credentials && { credentials }) };
  const worker = await startedOn(place, () => createExportWorker(connection, namespace, { ...config, google }));
  // After the namespace, since a token service that does not answer takes longer than the namespace.
  if (credentials) await checkCredentials(credentials, log);
  process_.workerStarts();
  await runWorker(worker, {
    shutdownGraceMs: config.shutdownGraceMs,
    isStopRequested: process_.isStopRequested,
    lastError: () => log.lastError(),
  });
}

if (require.main === module) void runProcess(main);
