import { workflowInfo } from '@temporalio/workflow';
import type { ExportPlan, OwnOperation } from '../../contract/export-activities';
import type { ExportProgress } from './progress';
import { runFolder } from './run-folder';

/** Whether the run continues the history of another one: an operation may have been started after that point. */
export function isReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}

/** The run's own place: its folder below the prefix, so that a crashed run finds its operation with certainty. */
export function ownOperation(plan: ExportPlan, progress: ExportProgress): OwnOperation {
  const { model, destinations, perRunFolder, notBefore, folderName } = plan;
  const { outputUriPrefix } = destinations;
  const folder =
    outputUriPrefix !== undefined && perRunFolder
      ? { outputUriPrefix: `${outputUriPrefix}${runFolder(folderName)}/` }
      : {};
  return {
    model,
    destinations: { ...destinations, ...folder },
    perRunFolder,
    notBefore,
    exclude: progress.attempts.map(({ operation }) => operation),
  };
}
