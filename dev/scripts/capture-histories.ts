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
import type { ExportHandle, ExportModelInput, ExportModelsInput, ExportStage, FleetHandle } from '../../src';
import { VertexExportClient } from '../../src';

/**
 * Runs an export or a fleet for each way that the workflows can go and keeps its history. The test that replays them
 * fails when a change would break exports that are running; run this again only when that is meant, or for new ones
 * alone, by a part of their names.
 */
const FOLDER = path.join(__dirname, '..', '..', 'test', 'replay', 'histories');
const ROOT = path.join(__dirname, '..', '..', path.sep);
const MODELS = 'projects/demo-project/locations/us-central1/models';
const FLOWERS = `${MODELS}/4401170000000000001`;
const POLL_MS = 50;

interface Story {
  readonly name: string;
  readonly input: Partial<ExportModelInput>;
  /** Sets the scene, before the start. */
  readonly before?: (stack: LocalStack) => void;
  /** What happens while it runs. */
  readonly during?: (handle: ExportHandle) => Promise<void>;
}

const TRANSIENT = { error: { code: 14, message: 'backend went away' } };
const DENIED = { error: { code: 7, message: 'the service agent may not write' } };
const DURATION_MS = 500;
/** Long enough to be parked twice. */
const LONG_DURATION_MS = 3_500;

async function untilStage(handle: ExportHandle, stage: ExportStage): Promise<void> {
  while ((await handle.status()).stage !== stage) await sleep(POLL_MS);
}

async function untilParked(handle: ExportHandle): Promise<void> {
  for (;;) {
    const { raw } = await handle.workflow.describe();
    if (raw.pendingActivities?.some(({ lastFailure }) => lastFailure)) return;
    await sleep(POLL_MS);
  }
}

async function cancelWhileExporting(handle: ExportHandle): Promise<void> {
  await untilStage(handle, 'exporting');
  await handle.cancel();
}

const STORIES: readonly Story[] = [
  { name: 'succeeded', input: {} },
  {
    name: 'succeeded-with-image',
    input: {
      name: `${MODELS}/4401170000000000003`,
      outputConfig: {
        artifactDestination: { outputUriPrefix: 'gs://exports/histories' },
        imageDestination: { outputUri: 'us-central1-docker.pkg.dev/demo-project/models/churn:history' },
      },
    },
  },
  { name: 'succeeded-unverified', input: { verification: { level: 'none' } } },
  {
    name: 'exported-again-after-failure',
    input: {},
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, [TRANSIENT, 'success'], DURATION_MS);
    },
  },
  {
    name: 'exported-again-after-verification',
    input: {},
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, ['without-files', 'success'], DURATION_MS);
    },
  },
  {
    name: 'adopted-after-lost-answer',
    input: {},
    before: ({ vertex }) => {
      vertex.addFault({ match: { path: ':export$' }, times: 1, when: 'after', fault: { reset: true } });
    },
  },
  {
    name: 'attempts-used-up',
    input: { maxExportAttempts: 2 },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, TRANSIENT, DURATION_MS);
    },
  },
  { name: 'refused', input: { name: `${MODELS}/4401170000000000005` } },
  {
    name: 'cancelled',
    input: {},
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', 600_000);
    },
    during: cancelWhileExporting,
  },
  {
    name: 'cancelled-and-cleaned-up',
    input: { deletePartialArtifacts: true },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', 600_000);
    },
    during: cancelWhileExporting,
  },
  {
    name: 'blocked-and-retried',
    input: { onBlocked: 'wait' },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, [DENIED, 'success'], DURATION_MS);
    },
    during: async (handle) => {
      await untilStage(handle, 'blocked');
      await handle.retry();
    },
  },
  {
    name: 'blocked-and-aborted',
    input: { onBlocked: 'wait' },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, DENIED, DURATION_MS);
    },
    during: async (handle) => {
      await untilStage(handle, 'blocked');
      await handle.abort();
    },
  },
  {
    name: 'parked',
    input: { longExports: { parkAfter: '1s', checkEvery: '1s' } },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', LONG_DURATION_MS);
    },
  },
  {
    name: 'parked-and-cancelled',
    input: { longExports: { parkAfter: '1s', checkEvery: '1h' } },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', 600_000);
    },
    during: async (handle) => {
      await untilParked(handle);
      await handle.cancel();
    },
  },
  {
    name: 'deadline-exceeded',
    input: { deadline: '2s' },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', 600_000);
    },
  },
];

const COMMON = {
  outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/histories' } },
  polling: { initialDelay: '50ms', maxDelay: '500ms', heartbeatTimeout: '5s' },
};

interface FleetStory {
  readonly name: string;
  readonly input: Partial<ExportModelsInput>;
  readonly before?: (stack: LocalStack) => void;
  readonly during?: (handle: FleetHandle) => Promise<void>;
}

const OTHERS = ['4401170000000000002', '4401170000000000003', '4401170000000000004'].map((id) => `${MODELS}/${id}`);

const FLEETS: readonly FleetStory[] = [
  { name: 'fleet-of-models', input: { models: [FLOWERS, ...OTHERS] } },
  { name: 'fleet-of-formats', input: { models: [FLOWERS, `${MODELS}/404`], formats: 'all' } },
  { name: 'fleet-of-location', input: { parent: MODELS.replace('/models', ''), formats: ['tflite'] } },
  { name: 'fleet-of-repeated-names', input: { models: [FLOWERS, `${FLOWERS}@1`, ...OTHERS], formats: 'all' } },
  {
    name: 'fleet-stopped',
    input: { models: [FLOWERS, ...OTHERS], maxConcurrent: 1, onFailure: 'stop' },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, DENIED, DURATION_MS);
    },
  },
  {
    name: 'fleet-cancelled',
    input: { models: [FLOWERS, ...OTHERS] },
    before: ({ vertex }) => {
      vertex.setOutcome(FLOWERS, 'success', 600_000);
    },
    during: async (handle) => {
      while ((await handle.status()).totals.succeeded < OTHERS.length) await sleep(POLL_MS);
      await handle.cancel();
    },
  },
];

/** The last run of a fleet: what it continues from is among what it was started with. */
async function captureFleet(stack: LocalStack, exports: VertexExportClient, story: FleetStory): Promise<void> {
  stack.vertex.clearFaults();
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS);
  story.before?.(stack);
  const { outputConfig, polling } = COMMON;
  const input: ExportModelsInput = { defaults: { outputConfig, polling }, ...story.input };
  const handle = await exports.startFleet(input, { workflowId: story.name });
  await story.during?.(handle);
  await handle.result().catch(() => undefined);
  await keep(story.name, handle);
}

/** Runs a fleet whose first run is terminated, and keeps the second, which finds exports done and running. */
async function captureAgain(stack: LocalStack, exports: VertexExportClient, name: string): Promise<void> {
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS * 10);
  const { outputConfig, polling } = COMMON;
  const input: ExportModelsInput = { defaults: { outputConfig, polling }, models: [FLOWERS, ...OTHERS] };
  const first = await exports.startFleet(input, { workflowId: name });
  while ((await first.status()).totals.succeeded === 0) await sleep(POLL_MS);
  await first.workflow.terminate();
  const handle = await exports.startFleet(input, { workflowId: name });
  await handle.result();
  await keep(name, handle);
}

/** Keeps the run that continues as new, with exports running, and the last one, which follows them. */
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
  await keep(name, { workflow: first });
  await keep(`${name}-last-run`, handle);
}

async function keep(
  name: string,
  { workflow }: { readonly workflow: Pick<WorkflowHandle, 'fetchHistory'> },
): Promise<void> {
  const history = historyToJSON(await workflow.fetchHistory());
  // Identities and sticky task queues name the machine, and stack traces its folders.
  const anonymous = history.replaceAll(new RegExp(`\\d+@${hostname()}`, 'g'), 'worker').replaceAll(ROOT, '');
  writeFileSync(path.join(FOLDER, `${name}.json`), `${anonymous}\n`);
  process.stdout.write(`${name}\n`);
}

async function capture(stack: LocalStack, exports: VertexExportClient, story: Story): Promise<void> {
  stack.vertex.clearFaults();
  stack.vertex.setOutcome(FLOWERS, 'success', DURATION_MS);
  story.before?.(stack);
  const input: ExportModelInput = { name: FLOWERS, ...COMMON, ...story.input };
  const handle = await exports.start(input, { workflowId: story.name });
  await story.during?.(handle);
  await handle.result().catch(() => undefined);
  await keep(story.name, handle);
}

// The second of each was captured after fleets followed runs, and planned and wrote beside their exports.
const AGAIN = ['fleet-started-again', 'fleet-joined-runs'];
const CONTINUED = ['fleet-continued', 'fleet-carried-runs'];

/** `npm run histories -- fleet` captures those with `fleet` in their names only. */
const asked = process.argv[2] ?? '';

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  // Long enough for every story but the one that continues as new.
  const temporal = { dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 65 } };
  const stack = await startLocalStack({ temporal });
  const worker = await startWorkerProcess({ ...stack.environment, VERTEX_EXPORT_SETTLE_DELAY: '200ms' });
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const client = new Client({ connection });
    const exports = new VertexExportClient(client);
    for (const story of STORIES) if (story.name.includes(asked)) await capture(stack, exports, story);
    for (const story of FLEETS) if (story.name.includes(asked)) await captureFleet(stack, exports, story);
    for (const name of AGAIN) if (name.includes(asked)) await captureAgain(stack, exports, name);
    for (const name of CONTINUED) if (name.includes(asked)) await captureContinued(stack, exports, client, name);
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
