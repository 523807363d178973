import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createExportActivities } from '../../src';
import type { AwaitedExport, AwaitExportRequest } from '../../src/contract/export-activities';
import { percentile, rounded } from './figures';

/**
 * A worker in a separate process, whose memory and CPU time can be measured. It prints its memory in bytes when idle
 * and whenever a line comes in, and the CPU time since the line before.
 */
const HEARTBEAT_MS = 15_000;
const MICROS = 1_000_000;

const lags: number[] = [];
const running = { count: 0 };

/** A minimal long activity of Temporal: it waits and sends heartbeats. */
async function heartbeatOnly({ ms }: { ms: number }): Promise<void> {
  running.count += 1;
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, HEARTBEAT_MS);
  try {
    await sleep(ms, undefined, { signal: context.cancellationSignal });
  } finally {
    clearInterval(timer);
    running.count -= 1;
  }
}

async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [, , taskQueue = ''] = process.argv;
  const exports = createExportActivities();
  const awaitExport = async (request: AwaitExportRequest): Promise<AwaitedExport> => {
    running.count += 1;
    try {
      const ended = await exports.awaitExport(request);
      lags.push(Date.now() - Date.parse(ended.updateTime ?? ''));
      return ended;
    } finally {
      running.count -= 1;
    }
  };
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: path.join(__dirname, 'fleet-workflows.ts'),
    activities: { heartbeatOnly, awaitExport },
    maxConcurrentActivityTaskExecutions: 4_000,
  });
  let cpu = process.cpuUsage();
  process.stdin.on('data', () => {
    global.gc?.();
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const figures = {
      running: running.count,
      rss: process.memoryUsage().rss,
      cpuSeconds: (user + system) / MICROS,
      ended: lags.length,
      ...(lags.length > 0 && {
        lagP50: rounded(percentile(lags, 0.5) / 1_000),
        lagP95: rounded(percentile(lags, 0.95) / 1_000),
      }),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  });
  // Its parent has exited.
  process.stdin.on('end', () => {
    process.exit();
  });
  process.stdout.write('ready\n');
  await worker.run();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
