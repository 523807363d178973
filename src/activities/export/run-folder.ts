import type { Info } from '@temporalio/activity';
import type { RunOperation } from '../../contract/export-activities';
import { exportFolderName } from '../../contract/workflow-id';
import { ExportFailureType } from '../../contract/failures';
import { parseStorageUri, formerFolderName } from '../../contract/resource-names';
import { exportFailure } from '../failures/failure';
import { hasRunFolder } from './run-operation';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Caller = Pick<Info, 'workflowExecution'>;

/**
 * Whether a `gs://` URI is a folder that only runs of the calling workflow id write to: `…/<workflow id>/<run id>/`.
 * Any workflow can call the activities, which must cancel and delete only what the caller started.
 */
function isRunFolder(uri: string, { workflowExecution: { workflowId, runId } = NO_EXECUTION }: Caller): boolean {
  const segments = parseStorageUri(uri)?.path.split('/') ?? [];
  const [end, run = '', name] = segments.reverse();
  if (end !== '') return false;
  // A reset changes the id of the run, but not its folder.
  if (name === exportFolderName(workflowId) && UUID.test(run)) return true;
  return name === formerFolderName(workflowId) && run === runId;
}

const NO_EXECUTION = { workflowId: '', runId: '' };

/** @throws ApplicationFailure of the type InvalidInput if the folder belongs to another workflow */
export function requireRunFolder(uri: string, caller: Caller): void {
  if (isRunFolder(uri, caller)) return;
  throw exportFailure(`${uri} is not a folder of the workflow ${caller.workflowExecution?.workflowId ?? ''}`, {
    type: ExportFailureType.InvalidInput,
    action:
      'Only the workflow that exports to a folder can use it. Nothing was started, written, cancelled or deleted.',
  });
}

/** Checks the folder of an export that does not share it. Throws as {@link requireRunFolder} does. */
export function requireUnsharedFolder(run: RunOperation, caller: Caller): void {
  if (hasRunFolder(run)) requireRunFolder(run.destinations.outputUriPrefix ?? '', caller);
}
