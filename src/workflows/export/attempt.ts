import { workflowInfo } from '@temporalio/workflow';
import type { ExportPlan, RunOperation, StartedExport } from '../../contract/export-activities';
import type { Adoption, ExportModelResult } from '../../contract/export-result';
import { endedAttempt } from './failures';
import { exportResult, partialFailureNotes, verificationNotes } from './result';
import type { ExportRun } from './run';
import { isReset, newRunOperation } from './run-operation';
import { awaitExport, startExport, verifyExport } from './steps';

/** The failure of an attempt whose operation has ended. */
export interface FailedAttempt {
  readonly error: unknown;
  /** How the run got its operation. */
  readonly adoption: Adoption;
}

/** The result of an attempt, or its failure. */
export type AttemptOutcome = { readonly result: ExportModelResult } | FailedAttempt;

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
    return { error, adoption: started.adoption };
  }
}

async function start(run: ExportRun, plan: ExportPlan, runOperation: RunOperation): Promise<StartedExport> {
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
  runOperation: RunOperation,
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
  return exportResult(plan, progress, started, ended, verified, workflowInfo().startTime);
}
