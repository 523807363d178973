import { workflowInfo } from '@temporalio/workflow';
import type { ExportPlan, OwnOperation, StartedExport } from '../../contract/export-activities';
import type { ExportModelResult } from '../../contract/export-result';
import { formerFolderName } from '../../contract/resource-names';
import { endedAttempt } from './failures';
import { exportResult, partialFailureNotes, verificationNotes } from './result';
import type { ExportRun } from './run';
import { awaitExport, startExport, verifyExport } from './steps';

/** The result of an attempt, or the failure of an attempt whose operation has ended. */
export type AttemptOutcome = { readonly result: ExportModelResult } | { readonly error: unknown };

/**
 * Starts an operation, waits for its end, and verifies its output.
 *
 * @throws the failure of a step if the operation may still run
 */
export async function runAttempt(run: ExportRun, plan: ExportPlan): Promise<AttemptOutcome> {
  const runOperation = newRunOperation(run, plan);
  run.runOperation = runOperation;
  const started = await start(run, plan, runOperation);
  try {
    return { result: await awaitAndVerify(run, plan, runOperation, started) };
  } catch (error) {
    const attempt = endedAttempt(started.operation, error);
    if (attempt === undefined) throw error;
    run.progress.attempts.push(attempt);
    run.show({ unfinished: undefined });
    return { error };
  }
}

async function start(run: ExportRun, plan: ExportPlan, runOperation: OwnOperation): Promise<StartedExport> {
  const { progress, gate } = run;
  // The history of a reset run may have lost the start of an operation.
  let mayHaveStarted = isReset();
  const started = await gate.retryUntilResolved(() => {
    const deadline = run.deadline();
    run.show({
      stage: 'starting',
      exportAttempt: progress.attempts.length + 1,
      unfinished: {},
      deadline: new Date(deadline).toISOString(),
    });
    const step = startExport(plan, runOperation, deadline, mayHaveStarted);
    // The step may have started an operation before the failure that it is retried after.
    mayHaveStarted = true;
    return step;
  });
  const { operation, outputInfo } = started;
  run.show({ stage: 'exporting', operation, outputInfo, unfinished: { operation } });
  return started;
}

async function awaitAndVerify(
  run: ExportRun,
  plan: ExportPlan,
  runOperation: OwnOperation,
  started: StartedExport,
): Promise<ExportModelResult> {
  const { progress, gate } = run;
  const { operation } = started;
  const ended = await gate.retryUntilResolved(
    () => awaitExport(plan, runOperation, started, run.deadline()),
    // The wait for an ended operation is not repeated: the next attempt starts another operation.
    (error) => endedAttempt(operation, error) === undefined,
  );
  const warnings = partialFailureNotes(ended);
  run.show({ stage: 'verifying', outputInfo: ended.outputInfo, unfinished: undefined, warnings });
  const verified = await gate.retryUntilResolved(() =>
    verifyExport(plan, runOperation, started, ended, run.deadline()),
  );
  progress.attempts.push({ operation, outcome: 'succeeded' });
  run.show({ stage: 'completed', notes: verificationNotes(verified) });
  return exportResult(plan, progress, started, ended, verified);
}

function isReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}

/** Identifies the operations of the next attempt, by the run's folder if it has one. */
function newRunOperation({ progress }: ExportRun, plan: ExportPlan): OwnOperation {
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
