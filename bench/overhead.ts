import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { LocalStack } from '../devservices';
import { startLocalStack } from '../devservices';
import { createExportActivities } from '../src/activities';
import type { ExportModelInput } from '../src/contract';
import { EXPORT_MODEL_WORKFLOW } from '../src/contract';
import type { Benchmark } from './benchmark';
import { noop } from './bare-activities';

const ROUNDS = 6;
const PER_ROUND = 50;
const WARM_UP = 20;
const AT_ONCE = 20;
/** The service's quota would be all that is measured. */
const WITHOUT_QUOTA = { maxRequestsPerMinute: 1_000_000, maxSubmissionsPerMinute: 1_000_000 };
const TASK_QUEUE = 'overhead';
const MODEL = 'projects/demo-project/locations/us-central1/models/4401170000000000001';

const INPUT: ExportModelInput = {
  name: MODEL,
  outputConfig: { exportFormatId: 'tflite', artifactDestination: { outputUriPrefix: 'gs://exports/overhead' } },
};

interface Kind {
  readonly type: string;
  readonly args: unknown[];
}

async function main(log: (line: string) => void, stack: LocalStack, connection: Connection) {
  const client = new Client({ connection });
  let started = 0;
  const runOne = async ({ type, args }: Kind): Promise<string> => {
    const workflowId = `${type}-${(started += 1)}`;
    await client.workflow.execute(type, { args, taskQueue: TASK_QUEUE, workflowId });
    return workflowId;
  };
  /** Runs so many with a fixed number at once, and gives how many ended in a second. */
  const rate = async (kind: Kind, count: number): Promise<number> => {
    const begun = performance.now();
    let left = count;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await runOne(kind);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return count / ((performance.now() - begun) / 1_000);
  };

  stack.vertex.setOutcome(MODEL, 'success', 0);
  const counted = await countEvents(client, await runOne({ type: EXPORT_MODEL_WORKFLOW, args: [INPUT] }));
  log(`one export: ${counted.historyEvents} history events, ${counted.activities} activities`);
  const exporting: Kind = { type: EXPORT_MODEL_WORKFLOW, args: [INPUT] };
  const bare: Kind = { type: 'bareWorkflow', args: [counted.activities] };
  await rate(exporting, WARM_UP);
  await rate(bare, WARM_UP);

  const seen: { exporting: number; bare: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    // In turns, so that a busy moment of the machine hits both.
    const first = round % 2 === 0 ? exporting : bare;
    const rates = new Map<Kind, number>();
    for (const kind of [first, first === bare ? exporting : bare]) rates.set(kind, await rate(kind, PER_ROUND));
    const pair = { exporting: rates.get(exporting) ?? 0, bare: rates.get(bare) ?? 0 };
    seen.push(pair);
    log(`round ${round}: ${pair.exporting.toFixed(2)} exports/s, ${pair.bare.toFixed(2)} bare workflows/s`);
  }
  const exportsPerSecond = median(seen.map((pair) => pair.exporting));
  const bareperSecond = median(seen.map((pair) => pair.bare));
  const ratio = median(seen.map((pair) => pair.exporting / pair.bare));
  return { exportsPerSecond, bareperSecond, ratio, ...counted };
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
  summary: 'exports a second on an instant service, against workflows of as many no-op activities',
  run: async (log) => {
    // Only the figures are to be read.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const stack = await startLocalStack();
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
      return await worker.runUntil(() => main(log, stack, connection));
    } finally {
      await connection.close();
      await native.close();
      await stack.stop();
    }
  },
};
