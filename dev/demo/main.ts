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

Starts a Temporal server, an object store, a container registry and a local Vertex AI, exports ${DEMO_EXPORTS.length} times with them,
kills the worker in the middle, and shows how it ended.

  --keep   leave everything running for a look at the Web UI, until Ctrl-C
  --json   end with one line of JSON
  --help
`;

/** The worker is killed when so many operations run. */
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
    // Without a worker nobody answers; the next one will.
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
    say(`${label}: refused. ${refusal}`);
    return { label, link, end: { refusal } };
  } finally {
    state.over = true;
    await following;
  }
}

/** The clear reason, where nothing was started because the export is not possible; any other failure is the demo's. */
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
  say(`a worker runs as process ${worker.pid}`);
  try {
    const outcomes = Promise.all(
      DEMO_EXPORTS.map(async (demoExport) => {
        const handle = await client.start(demoExport.input);
        return outcomeOf(demoExport, handle, stack.temporal.url);
      }),
    );
    // A failure is thrown where the outcomes are awaited.
    outcomes.catch(() => undefined);
    await Promise.race([isRunningEnough(stack), outcomes]);
    await worker.kill();
    say(`KILLED the worker with SIGKILL while ${runningOperations(stack)} exports were running`);
    worker = await startWorkerProcess(stack.environment);
    say(`another worker runs as process ${worker.pid}`);
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
  say('starting a Temporal server, an object store, a container registry and a local Vertex AI');
  const stack = await startLocalStack({ buckets: [BUCKET] });
  try {
    say(`Temporal Web UI: ${stack.temporal.url}`);
    const outcomes = await demo(stack);
    const operationsStarted = stack.vertex.operations().length;
    const results = outcomes.flatMap(({ end }) => ('result' in end ? [end.result] : []));
    const done = results.length;
    const adopted = results.filter(({ adoption }) => adoption === 'adopted').length;
    process.stdout.write(`\n${renderTable(outcomes)}\n\n`);
    say(`${done} exports arrived and were verified; ${operationsStarted} operations were started for them, one each`);
    if (adopted > 0)
      say(`${adopted} of them had been started before the kill, their answers were lost, and they were found again`);
    if (operationsStarted !== done) throw new Error(`${operationsStarted} operations for ${done} exports`);
    if (values.json)
      process.stdout.write(`${summarize(outcomes, { operationsStarted, workerKills: 1, seconds: seconds() })}\n`);
    if (values.keep) await keep(stack);
  } finally {
    await stack.stop();
  }
}

/** A worker goes on answering the Web UI's questions. */
async function keep(stack: LocalStack): Promise<void> {
  const worker = await startWorkerProcess(stack.environment);
  say(`everything stays up until Ctrl-C; Web UI: ${stack.temporal.url}`);
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
