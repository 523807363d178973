import { workflowInfo } from '@temporalio/workflow';

/** Object names have at most 1,024 bytes, and the service appends a directory and the file names. */
const MAX_WORKFLOW_ID = 200;

/** `<workflowId>/<runId>`, safe as a part of an object's name: the run id alone makes it unique. */
export function runFolder(runId = workflowInfo().runId): string {
  const { workflowId } = workflowInfo();
  return `${workflowId.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, MAX_WORKFLOW_ID)}/${runId}`;
}
