import type { ExportModelInput } from '../../src';

/** One export of the demo. */
export interface DemoExport {
  /** Name of the export in the output. */
  readonly label: string;
  readonly input: ExportModelInput;
}

const MODELS = 'projects/demo-project/locations/us-central1/models';
export const BUCKET = 'exports';

/** After this time without a heartbeat, Temporal hands an export to another worker. The default is a minute. */
export const HEARTBEAT_TIMEOUT = '5s';

const polling = { initialDelay: '1s', maxDelay: '2s', heartbeatTimeout: HEARTBEAT_TIMEOUT };
const artifactDestination = { outputUriPrefix: `gs://${BUCKET}/demo` };

const flowers = ['tflite', 'edgetpu-tflite', 'tf-saved-model', 'core-ml', 'tf-js'].map(
  (exportFormatId): DemoExport => ({
    label: `flowers as ${exportFormatId}`,
    input: { name: `${MODELS}/4401170000000000001`, outputConfig: { exportFormatId, artifactDestination }, polling },
  }),
);

/**
 * Exports of all formats of an image model, a tabular model, a container image, a list of preferred formats, and a model
 * that can't be exported.
 */
export const DEMO_EXPORTS: readonly DemoExport[] = [
  ...flowers,
  {
    label: 'iris, version alias "default"',
    input: { name: `${MODELS}/4401170000000000002@default`, outputConfig: { artifactDestination }, polling },
  },
  {
    label: 'churn with its serving image',
    input: {
      name: `${MODELS}/4401170000000000003`,
      outputConfig: {
        exportFormatId: 'custom-trained',
        artifactDestination,
        imageDestination: { outputUri: 'us-central1-docker.pkg.dev/demo-project/models/churn:demo' },
      },
      polling,
    },
  },
  {
    label: 'assistant, first supported format of a list',
    input: {
      name: `${MODELS}/4401170000000000004`,
      formatPreference: ['tf-saved-model', 'custom-trained'],
      outputConfig: { artifactDestination },
      polling,
    },
  },
  {
    label: 'video-labels, which has no format',
    input: { name: `${MODELS}/4401170000000000005`, outputConfig: { artifactDestination }, polling },
  },
];
