import { childWorkflowId } from '../../../src/contract/workflow-id';
import type { ExportModelInput } from '../../../src/contract/export-input';

// Complete examples: each has every field that its schema has.

/** Workflow id of every caller: the activity environment's own. */
export const CALLER = 'test';
/** The folder that the caller's export writes to. */
export const FOLDER = `gs://exports/${CALLER}/00000000-0000-4000-8000-000000000000/`;
export const PARENT = 'projects/p-1/locations/us-central1';
export const MODEL = `${PARENT}/models/1@1`;
export const OPERATION = `${PARENT}/models/1/operations/7`;
const IMAGE = 'us-central1-docker.pkg.dev/p-1/models/image:v1';

const POLLING = { initialDelay: '10ms', multiplier: 2, maxDelay: '100ms', heartbeatTimeout: '60s' };

const OPTIONS = {
  formatPreference: ['tflite', 'core-ml'],
  perRunFolder: true,
  verification: { level: 'listing' },
  manifest: { write: true },
  polling: POLLING,
  longExports: { parkAfter: '1h', checkEvery: '10m' },
  deadline: '24h',
  onBlocked: 'fail',
  deletePartialArtifacts: true,
  maxExportAttempts: 3,
};

/** Of `exportModelWorkflow`. */
export const EXPORT_INPUT = {
  name: MODEL,
  outputConfig: {
    exportFormatId: 'tflite',
    artifactDestination: { outputUriPrefix: 'gs://exports/a' },
    imageDestination: { outputUri: IMAGE },
  },
  ...OPTIONS,
};

const artifacts = { exportFormatId: 'tflite', artifactDestination: { outputUriPrefix: 'gs://exports/a' } };
const SHARED = {
  maxConcurrent: 50,
  onFailure: 'continue',
  priority: { priorityKey: 3, fairnessKey: 'team', fairnessWeight: 1 },
  resultsUriPrefix: 'gs://exports/results',
};
const { exportFormatId, ...withoutFormat } = artifacts;

/** Of `exportModelsWorkflow`, in its three forms. */
export const FLEET_INPUTS = {
  exports: { ...SHARED, exports: [EXPORT_INPUT], defaults: { ...OPTIONS, outputConfig: artifacts } },
  models: {
    ...SHARED,
    models: [MODEL],
    formats: [exportFormatId],
    defaults: { ...OPTIONS, outputConfig: withoutFormat },
  },
  parent: {
    ...SHARED,
    parent: PARENT,
    filter: 'labels.team="vision"',
    formats: 'all',
    defaults: { ...OPTIONS, outputConfig: withoutFormat },
  },
};

const FLEET_EXPORT = {
  model: MODEL,
  exportFormatId: 'tflite',
  workflowId: 'test-export',
  outcome: 'failed',
  outputInfo: { artifactOutputUri: `${FOLDER}model/`, imageOutputUri: IMAGE },
  failure: { type: 'ExportError.ModelNotFound', message: 'not found' },
  reused: true,
};

const SOURCES = {
  exports: { exports: [EXPORT_INPUT] },
  models: { models: [MODEL], formats: ['tflite'] },
  parent: { parent: PARENT, filter: 'labels.team="vision"', formats: 'all', pageToken: 'next' },
};

/** What a fleet carries over when it continues as new. */
const RUN_ID = '0e6c1b0a-7b1f-4a0e-9d3e-5b1c2d3e4f50';

export function carriedState(source: keyof typeof SOURCES, fleet = CALLER) {
  return {
    settings: {
      maxConcurrent: 50,
      onFailure: 'continue',
      resultsUriPrefix: 'gs://exports/results/',
      folderName: 'test',
      duplicates: [1],
    },
    startTime: '2026-01-01T00:00:00.000Z',
    stage: 'exporting',
    source:
      source === 'exports'
        ? SOURCES.exports
        : { ...SOURCES[source], after: { model: MODEL, exportFormatId: 'tflite' } },
    planned: [{ workflowId: childWorkflowId(fleet, EXPORT_INPUT as ExportModelInput), input: EXPORT_INPUT }],
    running: [{ workflowId: 'running-export', model: MODEL, exportFormatId: 'tflite', runId: RUN_ID, reused: true }],
    totals: { planned: 2, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0 },
    exports: [FLEET_EXPORT],
    failures: [FLEET_EXPORT],
    pendingResults: [{ uri: 'gs://exports/results/test/run/results-00002.jsonl', exports: [FLEET_EXPORT] }],
    resultUris: ['gs://exports/results/test/run/results-00001.jsonl'],
    resultCount: 1,
    unwritten: 0,
    pages: 1,
    seen: 'abc',
    notes: ['a note'],
    stopped: 'a reason',
  };
}

/** The input of a run that continues another one: the lists are in the state. */
export const CONTINUED_INPUT = { ...SHARED, defaults: { ...OPTIONS, outputConfig: artifacts } };

const TIMEOUT = { heartbeatTimeoutMs: 60_000 };
const RUN_OPERATION = {
  model: MODEL,
  destinations: { outputUriPrefix: FOLDER, imageUri: IMAGE },
  perRunFolder: true,
  notBefore: '2026-01-01T00:00:00.000Z',
  exclude: [`${PARENT}/models/1/operations/6`],
};
const ONLY_ARTIFACTS = { outputUriPrefix: FOLDER };
const OUTPUT = { artifactOutputUri: `${FOLDER}model-1/` };
const VERIFY = {
  level: 'content',
  model: MODEL,
  operation: OPERATION,
  exportFormatId: 'custom-trained',
  source: { artifactUri: 'gs://uploads/model/', createTime: '2026-01-01T00:00:00Z', servingImageUri: IMAGE },
  writeManifest: true,
  ...TIMEOUT,
};

/** Arguments of every activity, by its name; several where one example can't have every field. */
export const ACTIVITY_ARGUMENTS = {
  selectExportFormat: [[EXPORT_INPUT]],
  startExport: [
    [
      {
        ...RUN_OPERATION,
        exportFormatId: 'tflite',
        mayHaveStarted: false,
        notAfter: '2100-01-01T00:00:00.000Z',
        ...TIMEOUT,
      },
    ],
  ],
  awaitExport: [
    [
      {
        operation: OPERATION,
        polling: { initialDelay: 0, multiplier: 2, maxDelay: 100, heartbeatTimeout: 60_000 },
        outputInfo: { ...OUTPUT, imageOutputUri: IMAGE },
        destinations: { ...ONLY_ARTIFACTS, imageUri: IMAGE },
        exportFormatId: 'tflite',
        twinOf: RUN_OPERATION,
        parking: { at: 8e12, checkEvery: 600_000 },
      },
    ],
  ],
  verifyExport: [
    [{ ...VERIFY, destinations: ONLY_ARTIFACTS, outputInfo: OUTPUT }],
    [{ ...VERIFY, destinations: { imageUri: IMAGE }, outputInfo: { imageOutputUri: IMAGE }, writeManifest: false }],
  ],
  cancelExport: [[{ operation: OPERATION, own: RUN_OPERATION, ...TIMEOUT }], [{ own: RUN_OPERATION, ...TIMEOUT }]],
  deletePartialArtifacts: [[{ folder: FOLDER, ...TIMEOUT }]],
  checkExports: [
    ...Object.values(FLEET_INPUTS).map((input) => [input]),
    [CONTINUED_INPUT, carriedState('exports')],
    [CONTINUED_INPUT, carriedState('models')],
    [CONTINUED_INPUT, carriedState('parent')],
  ],
  planExports: Object.values(SOURCES).map((source) => [
    {
      source,
      defaults: 'formats' in source ? { ...OPTIONS, outputConfig: withoutFormat } : FLEET_INPUTS.exports.defaults,
      fleet: CALLER,
      childIds: 'bounded',
    },
  ]),
  awaitExports: [[{ workflowIds: ['running-export'], runIds: [RUN_ID], ...TIMEOUT }]],
  writeResults: [[{ uri: `${FOLDER}results-00001.jsonl`, exports: [FLEET_EXPORT] }]],
};
