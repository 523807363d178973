import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { VertexExportClient } from '../../src';
import { createExportActivities } from '../../src/activities';
import { noop } from './bare-activities';
import type { Benchmark } from './benchmark';
import { benchModels } from './models';

const ROUNDS = 8;
const PER_ROUND = 50;
/** Exports before the measurement, until V8 has compiled the code and no longer uses the cores for that. */
const WARM_UP = 300;
const AT_ONCE = 20;
/** Otherwise the benchmark would only measure the service's quota. */
const WITHOUT_QUOTA = { maxRequestsPerMinute: 1_000_000, maxSubmissionsPerMinute: 1_000_000 };
const TASK_QUEUE = 'overhead';
/** The object store goes through all objects of a bucket for each list. */
const PER_BUCKET = 50;
const EXPORTS = 1 + WARM_UP + ROUNDS * PER_ROUND;
const FILES = path.join(__dirname, '..', '..', 'emulator', 'models', 'files', 'image', 'tflite');
/** One export each, as when a whole registry is exported. */
const MODELS = benchModels(EXPORTS, () => 0, FILES);
const BUCKETS = Array.from({ length: Math.ceil(EXPORTS / PER_BUCKET) }, (_, index) => `exports-${index + 1}`);

/** Runs one workflow to its end, and returns its ID. */
type RunOne = () => Promise<string>;

async function main(log: (line: string) => void, client: Client) {
  const exports = new VertexExportClient(client, { taskQueue: TASK_QUEUE });
  let started = 0;
  const exportOne: RunOne = async () => {
    const name = MODELS[started]?.model.name ?? '';
    const artifactDestination = { outputUriPrefix: `gs://${BUCKETS[Math.floor(started / PER_BUCKET)]}/overhead` };
    started += 1;
    const handle = await exports.start({ name, outputConfig: { exportFormatId: 'tflite', artifactDestination } });
    await handle.result();
    return handle.workflowId;
  };
  const counted = await countEvents(client, await exportOne());
  log(`one export: ${counted.historyEvents} history events, ${counted.activities} activities`);
  let bareRuns = 0;
  const bareOne: RunOne = async () => {
    const workflowId = `bare-${(bareRuns += 1)}`;
    await client.workflow.execute('bareWorkflow', { args: [counted.activities], taskQueue: TASK_QUEUE, workflowId });
    return workflowId;
  };
  await rate(exportOne, WARM_UP);
  await rate(bareOne, WARM_UP);

  const seen: { exporting: number; bare: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    // Alternately, so that other load on the machine affects both.
    const first = round % 2 === 0 ? exportOne : bareOne;
    const rates = new Map<RunOne, number>();
    for (const one of [first, first === bareOne ? exportOne : bareOne]) rates.set(one, await rate(one, PER_ROUND));
    const pair = { exporting: rates.get(exportOne) ?? 0, bare: rates.get(bareOne) ?? 0 };
    seen.push(pair);
    log(`round ${round}: ${pair.exporting.toFixed(2)} exports/s, ${pair.bare.toFixed(2)} bare workflows/s`);
  }
  const exportsPerSecond = median(seen.map((pair) => pair.exporting));
  const bareperSecond = median(seen.map((pair) => pair.bare));
  const ratio = median(seen.map((pair) => pair.exporting / pair.bare));
  return { exportsPerSecond, bareperSecond, ratio, ...counted };
}

/** Runs `count` workflows, a fixed number at once, and returns how many end per second. */
async function rate(runOne: RunOne, count: number): Promise<number> {
  const begun = performance.now();
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await runOne();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return count / ((performance.now() - begun) / 1_000);
}

async function countEvents(client: Client, workflowId: string): Promise<{ historyEvents: number; activities: number }> {
  const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
  const activities = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes).length;
  return { historyEvents: events?.length ?? 0, activities };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const value = ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return Number(value.toFixed(3));
}

/** Full exports a second, beside a workflow that does nothing in as many activities on the same server and worker. */
export const overhead: Benchmark = {
  summary: 'exports per second on an instant service, compared with workflows of the same number of no-op activities',
  run: async (log) => {
    // Only the figures are of interest.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const stack = await startLocalStack({ buckets: BUCKETS, emulator: { models: MODELS } });
    const native = await NativeConnection.connect({ address: stack.temporal.address });
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      const { vertex, store, registry } = stack;
      const emulators = { vertex: vertex.url, storage: store.url, registry: registry.url };
      const worker = await Worker.create({
        connection: native,
        taskQueue: TASK_QUEUE,
        workflowsPath: path.join(__dirname, 'bare-workflow.ts'),
        activities: { noop, ...createExportActivities({ emulators, ...WITHOUT_QUOTA }) },
      });
      return await worker.runUntil(() => main(log, new Client({ connection })));
    } finally {
      await connection.close();
      await native.close();
      await stack.stop();
    }
  },
};
