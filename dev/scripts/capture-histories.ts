import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { LocalStack } from '../../src/testing/services/local-stack';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { startWorkerProcess } from '../worker-process';
import type { ExportModelInput, ExportModelsInput } from '../../src';
import { VertexExportClient } from '../../src';
import type { ExportScenario, FleetScenario } from './history-scenarios';
import { DURATION_MS, EXPORT_SCENARIOS, FLEET_SCENARIOS, FLOWERS, OTHERS, POLL_MS } from './history-scenarios';

/**
 * Runs an export or a fleet for each way that the workflows can go and keeps its history. The test that replays them
 * fails if a change would break running exports. Run this again only if that is intended, or for new histories
 * alone, by a part of their names.
 */
const FOLDER = path.join(__dirname, '..', '..', 'test', 'replay', 'histories');
const ROOT = path.join(__dirname, '..', '..', path.sep);

const COMMON = {
  outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/histories' } },
  polling: { initialDelay: '50ms', maxDelay: '500ms', heartbeatTimeout: '5s' },
};

/** Runs a fleet and captures its history. */
async function captureFleet(stack: LocalStack, exports: VertexExportClient, scenario: FleetScenario): Promise<void> {
  stack.vertex.clearFaults();
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS);
  scenario.before?.(stack);
  const { outputConfig, polling } = COMMON;
  const input: ExportModelsInput = { defaults: { outputConfig, polling }, ...scenario.input };
  const handle = await exports.startFleet(input, { workflowId: scenario.name });
  await scenario.during?.(handle);
  await handle.result().catch(() => undefined);
  await save(scenario.name, handle);
}

/** Terminates a fleet, starts it again, and captures the second run, which finds completed and running exports. */
async function captureRestarted(stack: LocalStack, exports: VertexExportClient, name: string): Promise<void> {
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS * 10);
  const { outputConfig, polling } = COMMON;
  const input: ExportModelsInput = { defaults: { outputConfig, polling }, models: [FLOWERS, ...OTHERS] };
  const first = await exports.startFleet(input, { workflowId: name });
  while ((await first.status()).totals.succeeded === 0) await sleep(POLL_MS);
  await first.workflow.terminate();
  const handle = await exports.startFleet(input, { workflowId: name });
  await handle.result();
  await save(name, handle);
}

/** Captures the run of a fleet that continues as new while exports run, and the last run, which follows them. */
async function captureContinued(
  stack: LocalStack,
  exports: VertexExportClient,
  client: Client,
  name: string,
): Promise<void> {
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS);
  const { outputConfig, polling } = COMMON;
  const input: ExportModelsInput = {
    models: [FLOWERS, ...OTHERS],
    formats: 'all',
    defaults: { outputConfig, polling },
  };
  const handle = await exports.startFleet({ ...input, maxConcurrent: 3 }, { workflowId: name });
  const first = client.workflow.getHandle(name, (await handle.workflow.describe()).runId);
  await handle.result();
  await save(name, { workflow: first });
  await save(`${name}-last-run`, handle);
}

async function save(
  name: string,
  { workflow }: { readonly workflow: Pick<WorkflowHandle, 'fetchHistory'> },
): Promise<void> {
  const history = historyToJSON(await workflow.fetchHistory());
  // Identities and sticky task queues have the name of the machine, and stack traces have its folders.
  const anonymous = history.replaceAll(new RegExp(`\\d+@${hostname()}`, 'g'), 'worker').replaceAll(ROOT, '');
  writeFileSync(path.join(FOLDER, `${name}.json`), `${anonymous}\n`);
  process.stdout.write(`${name}\n`);
}

async function captureExport(stack: LocalStack, exports: VertexExportClient, scenario: ExportScenario): Promise<void> {
  stack.vertex.clearFaults();
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS);
  scenario.before?.(stack);
  const input: ExportModelInput = { name: FLOWERS, ...COMMON, ...scenario.input };
  const handle = await exports.start(input, { workflowId: scenario.name });
  await scenario.during?.(handle);
  await handle.result().catch(() => undefined);
  await save(scenario.name, handle);
}

// The second history of each was captured by a later version of the fleet workflow.
const RESTARTED = ['fleet-started-again', 'fleet-joined-runs'];
const CONTINUED = ['fleet-continued', 'fleet-carried-runs'];

/** `npm run histories -- fleet` captures only scenarios with `fleet` in their names. */
const namePart = process.argv[2] ?? '';

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  // Only the fleets of CONTINUED have histories that are long enough to continue as new.
  const temporal = { dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 65 } };
  const stack = await startLocalStack({ temporal });
  const worker = await startWorkerProcess({ ...stack.environment, VERTEX_EXPORT_SETTLE_DELAY: '200ms' });
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const client = new Client({ connection });
    const exports = new VertexExportClient(client);
    for (const scenario of EXPORT_SCENARIOS)
      if (scenario.name.includes(namePart)) await captureExport(stack, exports, scenario);
    for (const scenario of FLEET_SCENARIOS)
      if (scenario.name.includes(namePart)) await captureFleet(stack, exports, scenario);
    for (const name of RESTARTED) if (name.includes(namePart)) await captureRestarted(stack, exports, name);
    for (const name of CONTINUED) if (name.includes(namePart)) await captureContinued(stack, exports, client, name);
  } finally {
    await connection.close();
    await worker.stop();
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
