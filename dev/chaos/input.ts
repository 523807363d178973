import type { ExportModelInput, ExportModelsInput } from '../../src';
import type { PlannedExport, PlannedFleet, PlannedSingle } from './plan';
import { BUCKET, fleetModel, singleModel } from './stack';

/** Everything is exported below this place. */
export const PREFIX = `gs://${BUCKET}/chaos`;

const OPTIONS = {
  polling: { initialDelay: '500ms', maxDelay: '2s', heartbeatTimeout: '3s' },
} satisfies Partial<ExportModelInput>;

function outputConfig({ format }: PlannedExport): ExportModelInput['outputConfig'] {
  return { exportFormatId: format, artifactDestination: { outputUriPrefix: PREFIX } };
}

export function singleInput(planned: PlannedSingle, index: number): ExportModelInput {
  const { deadlineMs, deletePartialArtifacts } = planned;
  return {
    name: singleModel(index),
    outputConfig: outputConfig(planned),
    deletePartialArtifacts,
    ...(deadlineMs !== undefined && { deadline: deadlineMs }),
    ...OPTIONS,
  };
}

export function childInput(planned: PlannedExport, fleet: number, index: number): ExportModelInput {
  const { deletePartialArtifacts } = planned;
  return { name: fleetModel(fleet, index), outputConfig: outputConfig(planned), deletePartialArtifacts, ...OPTIONS };
}

export function fleetInput({ exports, maxConcurrent }: PlannedFleet, fleet: number): ExportModelsInput {
  return { exports: exports.map((one, index) => childInput(one, fleet, index)), maxConcurrent };
}
