import { workflowInfo } from '@temporalio/workflow';
import type { ExportPlan, RunOperation } from '../../contract/export-activities';
import { formerFolderName } from '../../contract/resource-names';
import type { ExportRun } from './run';

/** Whether the run continues the history of another run, which may have started an operation after that point. */
export function isReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}

/** Identifies the operations of the next attempt, by the run's folder if it has one. */
export function newRunOperation({ progress }: Pick<ExportRun, 'progress'>, plan: ExportPlan): RunOperation {
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

/**
 * Folder of the run below the prefix: `<folder name of the workflow id>/<run id>`. A reset run keeps the run id of the
 * original run, so that it finds its operation again.
 *
 * @param folderName name that an activity made; undefined for runs that began before activities made it
 */
function runFolder(folderName: string | undefined): string {
  const { workflowId, runId, originalExecutionRunId } = workflowInfo();
  return folderName === undefined
    ? `${formerFolderName(workflowId)}/${runId}`
    : `${folderName}/${originalExecutionRunId}`;
}
