import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { FleetSettings, RunningExport } from '../../contract/fleet-state';
import type { InputProblem } from '../../contract/problems';
import { checkCarriedFleet } from '../../contract/fleet-carried';
import { checkExportModelsInput } from '../../contract/fleet-check';
import { EXPORT_MODEL_WORKFLOW } from '../../contract/names';
import { exportFolderName } from '../../contract/workflow-id';
import { problem } from '../../contract/problems';
import { inParallel } from '../../internal/in-parallel';
import { inputFailure } from '../failures/failure';

/**
 * Checks the raw input of a fleet, and the state that an earlier run carried over to this one. Starts nothing.
 *
 * @param carried state of a run that continues another one. It is not trusted more than the input, since whoever starts a
 * fleet can pass it, too.
 */
export async function checkExports(raw: unknown, carried?: unknown): Promise<FleetSettings> {
  const { client, info } = Context.current();
  const fleet = info.workflowExecution?.workflowId ?? '';
  if (carried === undefined || carried === null) {
    const parsed = await checkExportModelsInput(raw);
    if ('problems' in parsed) throw inputFailure(parsed.problems);
    return { ...parsed.settings, folderName: exportFolderName(fleet) };
  }
  const parsed = await checkCarriedFleet(raw, carried, fleet);
  const problems = 'problems' in parsed ? parsed.problems : await foreignExports(client, fleet, parsed.running);
  if ('problems' in parsed || problems.length > 0) throw inputFailure(problems);
  return parsed.settings;
}

/** Finds exports that another workflow started. The fleet must not follow them: its cancel would cancel them, too. */
async function foreignExports(
  client: Client,
  fleet: string,
  running: readonly RunningExport[],
): Promise<InputProblem[]> {
  const problems: InputProblem[] = [];
  await inParallel(running.entries(), async ([index, { workflowId }]) => {
    const description = await describe(client, workflowId);
    const isOfFleet =
      description === undefined ||
      (description.type === EXPORT_MODEL_WORKFLOW && description.parentExecution?.workflowId === fleet);
    if (!isOfFleet) {
      problems.push(problem(`carried.running.${index}.workflowId`, 'is not an export that this fleet started'));
    }
  });
  return problems;
}

/** Describes a workflow; `undefined` if the server does not know it (any more), so that there is nothing to cancel. */
async function describe(client: Client, workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
