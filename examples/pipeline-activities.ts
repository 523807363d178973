import { ApplicationFailure } from '@temporalio/common';
import type { ExportModelResult } from 'temporal-vertex-export';

/** What the pipeline does besides exporting. */
export interface PipelineActivities {
  /** Returns the resource name of the trained Model. */
  train(dataset: string): Promise<string>;
  /** Returns the name of the endpoint. */
  deploy(exported: ExportModelResult): Promise<string>;
  reportNotExportable(model: string): Promise<void>;
}

const MODELS = 'projects/demo-project/locations/us-central1/models';
const TRAINED: Readonly<Record<string, string>> = {
  flowers: `${MODELS}/4401170000000000001`,
  videos: `${MODELS}/4401170000000000005`,
};

/** Simulated steps: the models exist already, and nothing is served. */
export const pipelineActivities: PipelineActivities = {
  train: (dataset) => {
    const model = TRAINED[dataset];
    if (model === undefined) {
      const known = Object.keys(TRAINED).join(', ');
      // Tried again it would fail again.
      throw ApplicationFailure.nonRetryable(`There is no model of ${dataset}; try ${known}`);
    }
    return Promise.resolve(model);
  },
  deploy: ({ modelDisplayName, exportFormatId }) => Promise.resolve(`endpoints/${modelDisplayName}-${exportFormatId}`),
  reportNotExportable: (model) => {
    process.stderr.write(`${model} can only be deployed by Vertex AI itself\n`);
    return Promise.resolve();
  },
};
