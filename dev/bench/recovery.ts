import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { startWorkerProcess } from '../worker-process';
import type { LocalStack } from '../../src/testing/services/local-stack';
import type { ExportHandle } from '../../src';
import { VertexExportClient } from '../../src';
import { inParallel } from '../../src/internal/in-parallel';
import type { Benchmark, Figures } from './benchmark';
import { rounded } from './figures';
import { benchModels } from './models';

const IN_FLIGHT = 500;
const DURATION_MS = 150_000;
const MODELS = benchModels(IN_FLIGHT, () => DURATION_MS);
const HEARTBEAT_TIMEOUT_MS = 10_000;
const CHECK_INTERVAL_MS = 1_000;
/** More than any minute has, so that the quota does not affect the measurement. */
const PLENTY = '100000';

/** Measures how soon another worker continues many exports after their worker is killed. */
export const recovery: Benchmark = {
  summary: 'seconds until a new worker polls 500 exports in flight after their worker was killed with SIGKILL',
  run: async (log) => {
    const stack = await startLocalStack({ emulator: { models: MODELS } });
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      return await measure(stack, new VertexExportClient(new Client({ connection })), log);
    } finally {
      await connection.close();
      await stack.stop();
    }
  },
};

async function measure(stack: LocalStack, exports: VertexExportClient, log: (line: string) => void): Promise<Figures> {
  const environment = {
    ...stack.environment,
    VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE: PLENTY,
    VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE: PLENTY,
  };
  const first = await startWorkerProcess(environment);
  const handles: ExportHandle[] = [];
  await inParallel(MODELS, async ({ model: { name } }) => {
    handles.push(
      await exports.start({
        name,
        outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/bench' } },
        polling: { heartbeatTimeout: HEARTBEAT_TIMEOUT_MS },
        // Its operations write no files.
        verification: { level: 'none' },
      }),
    );
  });
  await untilPolled(handles, first.pid, log);
  const second = await startWorkerProcess(environment);
  try {
    const killedAt = Date.now();
    await first.kill();
    log(`killed the worker of ${IN_FLIGHT} exports`);
    await untilPolled(handles, second.pid, log);
    const seconds = (Date.now() - killedAt) / 1_000;
    let succeeded = 0;
    await inParallel(handles, async (handle) => {
      await handle.result();
      succeeded += 1;
    });
    return {
      inFlight: IN_FLIGHT,
      heartbeatTimeoutSeconds: HEARTBEAT_TIMEOUT_MS / 1_000,
      secondsUntilPolled: rounded(seconds),
      succeeded,
      secondExports: stack.vertex.operations().length - IN_FLIGHT,
    };
  } finally {
    await second.stop();
  }
}

/** Waits until the worker runs the waiting activity of every export. */
async function untilPolled(handles: readonly ExportHandle[], pid: number, log: (line: string) => void): Promise<void> {
  const identity = `${pid}@${hostname()}`;
  const left = new Set(handles);
  while (left.size > 0) {
    await inParallel(left, async (handle) => {
      const { raw } = await handle.workflow.describe();
      const waiting = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'awaitExport');
      const isHeld = waiting?.lastWorkerIdentity === identity && waiting.lastHeartbeatTime !== null;
      if (isHeld) left.delete(handle);
    });
    log(`${handles.length - left.size} of ${handles.length} are polled by process ${pid}`);
    if (left.size > 0) await sleep(CHECK_INTERVAL_MS);
  }
}
