import { ChildWorkflowFailure, executeChild, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportModelResult } from 'temporal-vertex-export/workflow';
import { ExportFailureType, exportModelWorkflow } from 'temporal-vertex-export/workflow';
import type { PipelineActivities } from './pipeline-activities';

// The worker registers what this file exports.
export { exportModelWorkflow };

export interface PipelineInput {
  readonly dataset: string;
  /** `gs://` prefix that models are exported to. */
  readonly outputUriPrefix: string;
  /** Default: the Model's first format. */
  readonly exportFormatId?: string;
}

export interface PipelineResult {
  readonly model: string;
  readonly endpoint: string;
  readonly files: number;
}

const { train, deploy, reportNotExportable } = proxyActivities<PipelineActivities>({ startToCloseTimeout: '1 hour' });

/**
 * Trains, exports, deploys. The export is a child workflow: it has a separate history in the Web UI, and is cancelled
 * with its parent, which then waits until Google's operation has ended.
 */
export async function pipelineWorkflow({
  dataset,
  outputUriPrefix,
  exportFormatId,
}: PipelineInput): Promise<PipelineResult> {
  const name = await train(dataset);
  const exported = await exportModel(name, outputUriPrefix, exportFormatId);
  const endpoint = await deploy(exported);
  return { model: exported.model, endpoint, files: exported.files?.count ?? 0 };
}

async function exportModel(
  name: string,
  outputUriPrefix: string,
  exportFormatId: string | undefined,
): Promise<ExportModelResult> {
  try {
    return await executeChild(exportModelWorkflow, {
      workflowId: `${workflowInfo().workflowId}-export`,
      // 'ABANDON', the other way, would leave Google's operation running without a use.
      parentClosePolicy: 'REQUEST_CANCEL',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      args: [
        {
          name,
          outputConfig: {
            artifactDestination: { outputUriPrefix },
            ...(exportFormatId !== undefined && { exportFormatId }),
          },
        },
      ],
    });
  } catch (error) {
    // Each failure has a type to decide by.
    if (exportFailureType(error) === ExportFailureType.NotExportable) await reportNotExportable(name);
    throw error;
  }
}

function exportFailureType(error: unknown): string | undefined {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}
