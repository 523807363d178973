import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, isGrpcServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { ExportModelInput } from '../src';
import { EXPORT_MODEL_WORKFLOW } from '../src';
import type { ChaosPlan, PlannedExport } from './plan';
import type { ChaosStack } from './stack';
import { BUCKET, modelName } from './stack';

/** What became of a run. */
export interface ChaosReport {
  readonly exports: number;
  readonly succeeded: number;
  /** Ended cancelled, after a cancel was asked for. */
  readonly cancelled: number;
  /** Ended in any other way, or not within the time. */
  readonly lost: number;
  readonly operationsStarted: number;
  /** Operations beyond the first of an export: none of them fails here, so that one is enough. */
  readonly duplicates: number;
  /** Operations that run although their export has ended. */
  readonly orphanedOperations: number;
  readonly kills: number;
  readonly seconds: number;
}

/** So long exports get to end after the last kill, in milliseconds. */
const END_WITHIN_MS = 300_000;
const RETRY_MS = 250;
const PAUSED_MS = 3_000;
/** gRPC's INVALID_ARGUMENT, NOT_FOUND and FAILED_PRECONDITION: the server is there, and there is nothing to do. */
const OVER: readonly number[] = [3, 5, 9];

/** Repeats a call while the server is away; `undefined` where there is nothing left to do it to. */
async function whileServerIsAway<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
      if (isGrpcServiceError(error) && OVER.includes(error.code)) return undefined;
      await sleep(RETRY_MS);
    }
  }
}

/** Runs a plan to its end. */
export async function runChaos(stack: ChaosStack, plan: ChaosPlan, say: (line: string) => void): Promise<ChaosReport> {
  const startedAt = Date.now();
  const connection = await Connection.connect({ address: stack.address });
  const client = new Client({ connection });
  const killing = kill(stack, plan, say, startedAt);
  // Set by the last kill.
  const limit = { giveUpAt: Infinity };
  const ends = Promise.all(plan.exports.map((planned, index) => runExport(client, planned, index, limit)));
  ends.catch(() => undefined);
  await killing;
  limit.giveUpAt = Date.now() + END_WITHIN_MS;
  say(`${elapsed(startedAt)}  the last kill is over; waiting for the exports to end`);
  const statuses = await ends;
  await connection.close();

  const operations = stack.google.vertex.operations();
  const models = new Set(operations.map(({ name }) => name.split('/operations/')[0]));
  const succeeded = statuses.filter((status) => status === 'COMPLETED').length;
  const cancelled = statuses.filter(
    (status, index) => status === 'CANCELLED' && plan.exports[index]?.intervention === 'cancel',
  ).length;
  const report = {
    exports: plan.exports.length,
    succeeded,
    cancelled,
    lost: plan.exports.length - succeeded - cancelled,
    operationsStarted: operations.length,
    duplicates: operations.length - models.size,
    orphanedOperations: operations.filter(({ state }) => state === 'running').length,
    kills: plan.kills.length,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
  };
  say(`${elapsed(startedAt)}  ${succeeded} succeeded, ${cancelled} cancelled, ${report.lost} lost`);
  for (const [index, status] of statuses.entries()) {
    if (status !== 'COMPLETED' && status !== 'CANCELLED') say(`export-${index} ended ${status}`);
  }
  return report;
}

const elapsed = (since: number): string => `${((Date.now() - since) / 1_000).toFixed(1).padStart(6)} s`;

async function kill(stack: ChaosStack, plan: ChaosPlan, say: (line: string) => void, startedAt: number): Promise<void> {
  for (const { victim, afterMs } of plan.kills) {
    await sleep(afterMs);
    say(`${elapsed(startedAt)}  SIGKILL to the ${victim}`);
    await (victim === 'worker' ? stack.killWorker() : stack.killServer());
  }
}

/** Starts an export, does to it what is planned, and gives the status that it ended with. */
async function runExport(
  client: Client,
  { format, startAfterMs, intervention, interveneAfterMs }: PlannedExport,
  index: number,
  limit: { readonly giveUpAt: number },
): Promise<string> {
  await sleep(startAfterMs);
  const workflowId = `export-${index}`;
  const input: ExportModelInput = {
    name: modelName(index),
    outputConfig: { exportFormatId: format, artifactDestination: { outputUriPrefix: `gs://${BUCKET}/chaos` } },
    polling: { initialDelay: '500ms', maxDelay: '2s', heartbeatTimeout: '3s' },
  };
  const options = { args: [input], taskQueue: 'vertex-export', workflowId };
  await whileServerIsAway(
    // A start whose answer was lost must not become a second one.
    () => client.workflow.start(EXPORT_MODEL_WORKFLOW, { ...options, workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
  );
  await sleep(interveneAfterMs);
  await intervene(client, workflowId, intervention);

  for (;;) {
    const handle = client.workflow.getHandle(workflowId);
    const { status } = (await whileServerIsAway(() => handle.describe())) ?? { status: { name: 'LOST' } };
    if (status.name !== 'RUNNING') return status.name;
    if (Date.now() > limit.giveUpAt) return status.name;
    await sleep(RETRY_MS * 4);
  }
}

/** What people do in the Web UI or on the command line. */
async function intervene(
  client: Client,
  workflowId: string,
  intervention: PlannedExport['intervention'],
): Promise<void> {
  const { workflowService } = client;
  const activity = { namespace: 'default', execution: { workflowId }, type: 'awaitExport' };
  switch (intervention) {
    case 'none':
      return;
    case 'cancel':
      await whileServerIsAway(() => client.workflow.getHandle(workflowId).cancel());
      return;
    case 'reset':
      await whileServerIsAway(() => workflowService.resetActivity(activity));
      return;
    case 'pause':
      await whileServerIsAway(() => workflowService.pauseActivity(activity));
      await sleep(PAUSED_MS);
      await whileServerIsAway(() => workflowService.unpauseActivity(activity));
  }
}
