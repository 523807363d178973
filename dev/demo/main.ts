import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { LocalStack } from '../../src/testing/services/local-stack';
import { startLocalStack } from '../../src/testing/services/local-stack';
import type { TiedProcess } from '../../src/testing/services/tied-process';
import { startWorkerProcess } from '../worker-process';
import type { ExportHandle } from '../../src';
import { ExportFailureType, VertexExportClient } from '../../src';
import type { DemoExport } from './exports';
import { BUCKET, DEMO_EXPORTS, HEARTBEAT_TIMEOUT } from './exports';
import type { DemoOutcome } from './report';
import { renderTable, summarize, takenOver } from './report';
import { currentWorkerOf, workersOf } from './workers';

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

/** What the exports of one demo share. */
interface DemoState {
  readonly webUi: string;
  /** Ends everything that waits. */
  readonly ended: AbortSignal;
}

/** Prints each change of an export's stage, and when the second worker takes it over, until the export has ended. */
async function follow(label: string, handle: ExportHandle, state: DemoState, isOver: () => boolean): Promise<void> {
  let shown = '';
  let worker: number | undefined;
  while (!isOver() && !state.ended.aborted) {
    // Queries fail while there is no worker.
    const stage = await handle.status().then(
      (status) => status.stage,
      () => shown,
    );
    if (stage !== shown) say(`${label}: ${stage}`);
    shown = stage;
    const current = await currentWorkerOf(handle).catch(() => undefined);
    if (worker !== undefined && current !== undefined && worker !== current) {
      say(`${label}: worker ${current} has taken over from worker ${worker}`);
    }
    worker = current ?? worker;
    await sleep(PROGRESS_EVERY_MS);
  }
}

async function outcomeOf({ label }: DemoExport, handle: ExportHandle, state: DemoState): Promise<DemoOutcome> {
  const progress = { isOver: false };
  const following = follow(label, handle, state, () => progress.isOver);
  const link = `${state.webUi}/namespaces/default/workflows/${encodeURIComponent(handle.workflowId)}`;
  try {
    const result = await handle.result();
    say(`${label}: verified ${result.files?.count ?? 0} files${result.image ? ' and an image' : ''}`);
    return { label, link, workers: await workersOf(handle), end: { result } };
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw error;
    say(`${label}: rejected. ${refusal}`);
    return { label, link, workers: await workersOf(handle), end: { refusal } };
  } finally {
    progress.isOver = true;
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

async function isRunningEnough(stack: LocalStack, ended: AbortSignal): Promise<void> {
  while (runningOperations(stack) < RUNNING_AT_KILL && !ended.aborted) {
    await sleep(PROGRESS_EVERY_MS / 5);
  }
}

/** Waits for `work`. Rejects if the worker ends before: exports would wait forever. */
function whileRunning<T>(worker: TiedProcess, work: Promise<T>): Promise<T> {
  const end = worker.exited.then((code) => {
    throw new Error(`worker ${worker.pid} ended with exit code ${code}:\n${worker.tail()}`);
  });
  return Promise.race([work, end]);
}

async function demo(stack: LocalStack): Promise<DemoOutcome[]> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  const client = new VertexExportClient(new Client({ connection }));
  const ending = new AbortController();
  const state: DemoState = { webUi: stack.temporal.url, ended: ending.signal };
  let worker = await startWorkerProcess(stack.environment);
  say(`worker ${worker.pid} started (the number is its process id)`);
  try {
    const outcomes = Promise.all(
      DEMO_EXPORTS.map(async (demoExport) => outcomeOf(demoExport, await client.start(demoExport.input), state)),
    );
    // Failures are thrown below, when the outcomes are awaited.
    outcomes.catch(() => undefined);
    await whileRunning(worker, Promise.race([isRunningEnough(stack, state.ended), outcomes]));
    const first = worker.pid;
    await worker.kill();
    const running = runningOperations(stack);
    say(`worker ${first} KILLED with SIGKILL while ${running} exports were running`);
    worker = await startWorkerProcess(stack.environment);
    say(`worker ${worker.pid} started`);
    say(
      `waiting: Vertex AI continues the exports. Temporal does not know of the kill: worker ${worker.pid} gets an activity after ${HEARTBEAT_TIMEOUT} without a heartbeat, and a workflow task after 10s in the queue of worker ${first}`,
    );
    return await whileRunning(worker, outcomes);
  } finally {
    ending.abort();
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
    process.stdout.write(`\n${renderTable(outcomes)}\n\n`);
    sayResults(outcomes, operationsStarted);
    if (values.json)
      process.stdout.write(`${summarize(outcomes, { operationsStarted, workerKills: 1, seconds: seconds() })}\n`);
    if (values.keep) await keep(stack);
  } finally {
    await stack.stop();
  }
}

function sayResults(outcomes: readonly DemoOutcome[], operationsStarted: number): void {
  const results = outcomes.flatMap(({ end }) => ('result' in end ? [end.result] : []));
  const adopted = results.filter(({ adoption }) => adoption === 'adopted').length;
  say(`${results.length} exports succeeded and were verified, with ${operationsStarted} operations: one per export`);
  say(`${takenOver(outcomes).length} exports were taken over by the second worker after the kill`);
  if (adopted > 0)
    say(
      `${adopted} operations were started before the kill, whose answers were lost, and were adopted by the new worker`,
    );
  if (operationsStarted !== results.length)
    throw new Error(`${operationsStarted} operations for ${results.length} exports`);
}

/** Runs a worker, which answers queries of the Web UI, until the demo is interrupted. */
async function keep(stack: LocalStack): Promise<void> {
  const worker = await startWorkerProcess(stack.environment);
  const { temporal, vertex, store, registry, environment } = stack;
  const addresses = [
    ['Temporal Web UI', temporal.url],
    ['Temporal server', temporal.address],
    ['Vertex AI', vertex.url],
    ['object store', store.url],
    ['container registry', registry.url],
  ] as const;
  process.stdout.write('\nAll services run until Ctrl-C:\n');
  for (const [title, address] of addresses) process.stdout.write(`  ${title.padEnd(20)}${address}\n`);
  process.stdout.write('\nFor another shell:\n');
  for (const [name, value] of Object.entries(environment)) process.stdout.write(`  export ${name}=${value}\n`);
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  try {
    await whileRunning(worker, interrupted);
  } finally {
    await worker.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
