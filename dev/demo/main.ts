import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { LocalStack } from '../../src/testing/services/local-stack';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { startWorkerProcess } from '../worker-process';
import type { ExportHandle } from '../../src';
import { ExportFailureType, VertexExportClient } from '../../src';
import type { DemoExport } from './exports';
import { BUCKET, DEMO_EXPORTS } from './exports';
import type { DemoOutcome } from './report';
import { renderTable, summarize } from './report';

const HELP = `Usage: npm run demo [-- options]

Starts a Temporal server and an emulator of Vertex AI with its object store and container registry. Runs ${DEMO_EXPORTS.length} exports, kills
the worker while they run, and prints the results.

Options:
  --keep   Keep all services running until Ctrl-C, to explore the Temporal Web UI.
  --json   Print the results as one line of JSON.
  --help   Print this help.
`;

/** The worker is killed when this number of operations is running. */
const RUNNING_AT_KILL = 6;
const PROGRESS_EVERY_MS = 250;

const startedAt = Date.now();
const seconds = (): number => Math.round((Date.now() - startedAt) / 100) / 10;

function say(text: string): void {
  process.stdout.write(`${seconds().toFixed(1).padStart(6)} s  ${text}\n`);
}

/** Prints each change of an export's stage until it has ended. */
async function follow(label: string, handle: ExportHandle, isOver: () => boolean): Promise<void> {
  let shown = '';
  while (!isOver()) {
    // Queries fail while there is no worker.
    const stage = await handle.status().then(
      (status) => status.stage,
      () => shown,
    );
    if (stage !== shown) say(`${label}: ${stage}`);
    shown = stage;
    await sleep(PROGRESS_EVERY_MS);
  }
}

async function outcomeOf({ label }: DemoExport, handle: ExportHandle, webUi: string): Promise<DemoOutcome> {
  const state = { over: false };
  const following = follow(label, handle, () => state.over);
  const link = `${webUi}/namespaces/default/workflows/${encodeURIComponent(handle.workflowId)}`;
  try {
    const result = await handle.result();
    say(`${label}: verified ${result.files?.count ?? 0} files${result.image ? ' and an image' : ''}`);
    return { label, link, end: { result } };
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw error;
    say(`${label}: rejected. ${refusal}`);
    return { label, link, end: { refusal } };
  } finally {
    state.over = true;
    await following;
  }
}

/** The message of an export that is rejected because its Model can't be exported; undefined for other failures. */
function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const { cause } = error;
  const isRefusal = cause !== undefined && 'type' in cause && cause.type === ExportFailureType.NotExportable;
  return isRefusal ? cause.message : undefined;
}

function runningOperations(stack: LocalStack): number {
  return stack.vertex.operations().filter(({ state }) => state === 'running').length;
}

async function isRunningEnough(stack: LocalStack): Promise<void> {
  while (runningOperations(stack) < RUNNING_AT_KILL) {
    await sleep(PROGRESS_EVERY_MS / 5);
  }
}

async function demo(stack: LocalStack): Promise<DemoOutcome[]> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  const client = new VertexExportClient(new Client({ connection }));
  let worker = await startWorkerProcess(stack.environment);
  say(`worker started: process ${worker.pid}`);
  try {
    const outcomes = Promise.all(
      DEMO_EXPORTS.map(async (demoExport) => {
        const handle = await client.start(demoExport.input);
        return outcomeOf(demoExport, handle, stack.temporal.url);
      }),
    );
    // Failures are thrown below, when the outcomes are awaited.
    outcomes.catch(() => undefined);
    await Promise.race([isRunningEnough(stack), outcomes]);
    await worker.kill();
    say(`worker KILLED with SIGKILL while ${runningOperations(stack)} exports were running`);
    worker = await startWorkerProcess(stack.environment);
    say(`another worker started: process ${worker.pid}`);
    return await outcomes;
  } finally {
    await worker.stop();
    await connection.close();
  }
}

async function main(): Promise<void> {
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { keep: flag, json: flag, help: flag } });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  say('starting a Temporal server and a Vertex AI emulator with its object store and container registry');
  const stack = await startLocalStack({ buckets: [BUCKET] });
  try {
    say(`Temporal Web UI: ${stack.temporal.url}`);
    const outcomes = await demo(stack);
    const operationsStarted = stack.vertex.operations().length;
    const results = outcomes.flatMap(({ end }) => ('result' in end ? [end.result] : []));
    const done = results.length;
    const adopted = results.filter(({ adoption }) => adoption === 'adopted').length;
    process.stdout.write(`\n${renderTable(outcomes)}\n\n`);
    say(`${done} exports succeeded and were verified, with ${operationsStarted} operations: one per export`);
    if (adopted > 0)
      say(
        `${adopted} operations were started before the kill, whose answers were lost, and were adopted by the new worker`,
      );
    if (operationsStarted !== done) throw new Error(`${operationsStarted} operations for ${done} exports`);
    if (values.json)
      process.stdout.write(`${summarize(outcomes, { operationsStarted, workerKills: 1, seconds: seconds() })}\n`);
    if (values.keep) await keep(stack);
  } finally {
    await stack.stop();
  }
}

/** Runs a worker, which answers queries of the Web UI, until the demo is interrupted. */
async function keep(stack: LocalStack): Promise<void> {
  const worker = await startWorkerProcess(stack.environment);
  say(`all services run until Ctrl-C; Temporal Web UI: ${stack.temporal.url}`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await worker.stop();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
