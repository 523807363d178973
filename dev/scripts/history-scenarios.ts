import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportHandle, ExportModelInput, ExportModelsInput, ExportStage, FleetHandle } from '../../src';
import type { LocalStack } from '../../src/testing/services/local-stack';

const MODELS = 'projects/demo-project/locations/us-central1/models';
/** Model that the scenarios change the outcome of. */
export const FLOWERS = `${MODELS}/4401170000000000001`;
/** Models whose exports succeed. */
export const OTHERS = ['4401170000000000002', '4401170000000000003', '4401170000000000004'].map(
  (id) => `${MODELS}/${id}`,
);
/** Duration of an export, in milliseconds. */
export const DURATION_MS = 500;
/** Pause between two queries, in milliseconds. */
export const POLL_MS = 50;

/** An export whose history is captured. */
export interface ExportScenario {
  readonly name: string;
  readonly input: Partial<ExportModelInput>;
  /** Prepares the services before the start. */
  readonly before?: (stack: LocalStack) => void;
  /** Acts on the export while it runs. */
  readonly during?: (handle: ExportHandle) => Promise<void>;
}

const TRANSIENT = { error: { code: 14, message: 'backend went away' } };
const DENIED = { error: { code: 7, message: 'the service agent may not write' } };
/** Duration of an export that is parked twice, in milliseconds. */
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

/** A scenario for each path of the export workflow. */
export const EXPORT_SCENARIOS: readonly ExportScenario[] = [
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

/** A fleet whose history is captured. */
export interface FleetScenario {
  readonly name: string;
  readonly input: Partial<ExportModelsInput>;
  readonly before?: (stack: LocalStack) => void;
  readonly during?: (handle: FleetHandle) => Promise<void>;
}

/** A scenario for each path of the fleet workflow. */
export const FLEET_SCENARIOS: readonly FleetScenario[] = [
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
