import { workflowInfo } from '@temporalio/workflow';
import { formerFolderName } from '../../contract/resource-names';

/**
 * Folder of a run, below a prefix: `<folder name of the workflow id>/<run id>`. The run id is the one of the run where
 * the history began: a reset keeps it, so that the run finds its operation again.
 *
 * @param folderName as an activity made it; runs that began before it did so named their folder by themselves
 */
export function runFolder(folderName: string | undefined): string {
  const { workflowId, runId, originalExecutionRunId } = workflowInfo();
  return folderName === undefined
    ? `${formerFolderName(workflowId)}/${runId}`
    : `${folderName}/${originalExecutionRunId}`;
}

/** Folder of a fleet: all runs of one that continues as new share it. */
export function fleetFolder(folderName: string | undefined): string {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return `${folderName ?? formerFolderName(workflowId)}/${firstExecutionRunId}`;
}
