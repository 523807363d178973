import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import type { LocalStack } from '../../src/testing/services/local-stack';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { inParallel } from '../../src/internal/in-parallel';
import type { Figures } from './benchmark';
import { defaultSchedule } from './default-schedule';
import { mostInAMinute, rounded } from './figures';
import { benchModels } from './models';

/** Activities of one workflow: fewer workflows start sooner. */
const PER_WORKFLOW = 100;
const MODELS = 20;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 180_000;
/** Activities that run at the first measurement of memory. */
const FIRST = 10;
const SETTLE_MS = 5_000;
/** The time over which CPU use is measured, in milliseconds. */
const WINDOW_MS = 30_000;
const HELD_MS = 75_000;
const KIB = 1_024;

const sampleSchema = z.object({
  running: z.number(),
  rss: z.number(),
  cpuSeconds: z.number(),
  ended: z.number(),
  lagP50: z.number().optional(),
  lagP95: z.number().optional(),
});

/** Measures a worker with `inFlight` exports of the local Vertex AI, and a worker with as many bare activities. */
export async function measureWorker(inFlight: number, log: (line: string) => void): Promise<Figures> {
  const stack = await startLocalStack({ emulator: { models: benchModels(MODELS, durationOf) } });
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const client = new Client({ connection });
    log(`holding ${inFlight} bare activities that heartbeat`);
    const bare = await hold(stack, client, 'heartbeatOnly', Array<unknown>(inFlight).fill(bareRequest()));
    log(`holding ${inFlight} exports`);
    const operations = await startOperations(stack, inFlight);
    stack.vertex.clearRequests();
    const requests = operations.map((operation) => ({ operation, polling: polling() }));
    const held = await hold(stack, client, 'awaitExport', requests);
    const { countByRoute, requests: logged } = stack.vertex.requests();
    const total = Object.values(countByRoute).reduce((sum, count) => sum + count, 0);
    return {
      inFlight,
      requestsPerMinute: mostInAMinute(logged.map(({ at }) => Date.parse(at))),
      requestsPerExport: rounded(total / inFlight),
      lagP50: held.lagP50,
      lagP95: held.lagP95,
      rssPerExportKb: rounded(held.bytesEach / KIB),
      rssPerBareActivityKb: rounded(bare.bytesEach / KIB),
      rssRatio: rounded(held.bytesEach / bare.bytesEach),
      cpuShare: rounded(held.cpuShare),
      cpuShareOfBareActivities: rounded(bare.cpuShare),
    };
  } finally {
    await connection.close();
    await stack.stop();
  }
}

interface Held {
  readonly bytesEach: number;
  readonly cpuShare: number;
  readonly lagP50?: number | undefined;
  readonly lagP95?: number | undefined;
}

/** Runs one activity for each request in a separate process, and measures the process while all are in flight. */
async function hold(stack: LocalStack, client: Client, activity: string, requests: readonly unknown[]): Promise<Held> {
  const process_ = await WorkerProcess.start(stack, activity);
  try {
    const handles: WorkflowHandle[] = [];
    const start = async (from: number, to: number): Promise<void> => {
      const args = [activity, requests.slice(from, to)];
      const options = { taskQueue: activity, workflowId: `${activity}-${from}`, args };
      handles.push(await client.workflow.start('holdMany', options));
    };
    // The first activity loads code and sends the first request. This cost does not depend on the number of activities.
    await start(0, FIRST);
    while ((await process_.sample()).running < FIRST) await sleep(500);
    await sleep(SETTLE_MS);
    const first = await process_.sample();
    for (let from = FIRST; from < requests.length; from += PER_WORKFLOW) await start(from, from + PER_WORKFLOW);
    while ((await process_.sample()).running < requests.length) await sleep(500);
    await sleep(SETTLE_MS);
    const before = await process_.sample();
    await sleep(WINDOW_MS);
    const after = await process_.sample();
    await Promise.all(handles.map((handle) => handle.result()));
    const { lagP50, lagP95 } = await process_.sample();
    return {
      bytesEach: (before.rss - first.rss) / (requests.length - FIRST),
      cpuShare: (after.cpuSeconds * 1_000) / WINDOW_MS,
      lagP50,
      lagP95,
    };
  } finally {
    process_.stop();
  }
}

/** A worker that is asked for figures over its standard input. */
class WorkerProcess {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.pipe(process.stderr);
  }

  static async start(stack: LocalStack, taskQueue: string): Promise<WorkerProcess> {
    const script = path.join(__dirname, 'fleet-process.ts');
    const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', script, taskQueue], {
      env: { ...process.env, ...stack.environment },
    });
    await once(child, 'spawn');
    const started = new WorkerProcess(child);
    await started.line();
    return started;
  }

  async sample(): Promise<z.infer<typeof sampleSchema>> {
    this.child.stdin.write('\n');
    return sampleSchema.parse(JSON.parse(await this.line()));
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private async line(): Promise<string> {
    for (;;) {
      const next = await this.lines.next();
      if (next.done) throw new Error('The worker ended.');
      // The bundler of its workflows also writes here.
      if (/^(\{|ready)/.test(next.value)) return next.value;
    }
  }
}

/** Spread evenly. */
function durationOf(index: number): number {
  return SHORTEST_MS + (index / (MODELS - 1)) * (LONGEST_MS - SHORTEST_MS);
}

async function startOperations({ vertex }: LocalStack, count: number): Promise<string[]> {
  const operations: string[] = [];
  await inParallel(Array(count).keys(), async (index) => {
    const model = `projects/bench/locations/us-central1/models/${(index % MODELS) + 1}`;
    const response = await fetch(`${vertex.url}/v1beta1/${model}:export`, {
      method: 'POST',
      body: JSON.stringify({
        outputConfig: { exportFormatId: 'tflite', artifactDestination: { outputUriPrefix: 'gs://exports/bench' } },
      }),
    });
    operations.push(z.object({ name: z.string() }).parse(await response.json()).name);
  });
  return operations;
}

/** As long as the request of an export, because Temporal's memory for a request is not measured. */
function bareRequest(): unknown {
  const operation = `projects/123456789012/locations/us-central1/models/10/operations/${'1'.repeat(19)}`;
  return { ms: HELD_MS, operation, polling: polling() };
}

function polling(): Figures {
  const { initialDelayMs, multiplier, maxDelayMs } = defaultSchedule();
  return { initialDelay: initialDelayMs, multiplier, maxDelay: maxDelayMs, heartbeatTimeout: 60_000 };
}
