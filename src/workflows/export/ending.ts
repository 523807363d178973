import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, patched } from '@temporalio/workflow';
import type { CancelledOperation, ExportPlan, RunOperation } from '../../contract/export-activities';
import type { ExportFailureDetails } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import {
  applicationFailureIn,
  documentedFailure,
  failureDetails,
  failureOf,
  hasNothingStarted,
  isDeadline,
  lastFailureIn,
} from './failures';
import type { ExportRun } from './run';
import { isReset, newRunOperation } from './run-operation';
import { cancelExport, deletePartialArtifacts, selectForCleanUp } from './steps';

/** Patch id. Runs with it cancel their operation at every end; earlier runs do so after a cancel and at the deadline. */
const CANCEL_AT_EVERY_END = 'cancel-at-every-end';

/** Patch id. Runs with it look for operations at every end after a reset: the run before may have started one. */
const CANCEL_AFTER_RESET = 'cancel-after-reset';

/** Cancels the operations of an export that does not succeed. Returns the failure to end with. */
export async function ending(error: unknown, run: ExportRun): Promise<unknown> {
  const { progress } = run;
  // If the worker is dead, the server reports a timeout and not the cancellation. The scope has the cancellation.
  const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
  const late = !cancelled && isDeadline(error, run.deadline());
  let cleanUp: CleanUp = { outcome: '', isComplete: true };
  const { plan, runOperation } = run;
  if (plan && runOperation && progress.unfinished && !hasNothingStarted(error)) {
    if (cancelled || late || patched(CANCEL_AT_EVERY_END)) {
      run.show({ stage: 'cancelling' });
      cleanUp = await cancelOperations(plan, runOperation, progress.unfinished.operation);
    }
  } else if (isReset() && !hasNothingStarted(error) && patched(CANCEL_AFTER_RESET)) {
    run.show({ stage: 'cancelling' });
    cleanUp = await cancelEarlierOperations(run);
  }
  if (cancelled) {
    run.show({ stage: 'cancelled', failure: ['cancelled', cleanUp.outcome].filter(Boolean).join('; ') });
    return isCancellation(error) ? error : new CancelledFailure('The export was cancelled', [], asError(error));
  }
  const failure = late ? deadlineFailure(error, run, cleanUp) : withCleanUp(documentedFailure(error), cleanUp, run);
  run.show({ stage: 'failed', failure: failure instanceof Error ? failure.message : String(failure) });
  return failure;
}

/** Result of the clean-up after an export that did not succeed. */
interface CleanUp {
  /** Text for the failure's message; empty if there was nothing to do. */
  readonly outcome: string;
  /** Whether it is certain that no operation of the export is running. */
  readonly isComplete: boolean;
}

/** Cancels the operation of the run before a reset, if this run has no operation. */
async function cancelEarlierOperations(run: ExportRun): Promise<CleanUp> {
  try {
    const plan = run.plan ?? (await selectForCleanUp(run.input));
    return await cancelOperations(plan, newRunOperation(run, plan), undefined);
  } catch (error) {
    return {
      outcome: `an operation that was started before the reset may still run: ${reasonOf(error)}`,
      isComplete: false,
    };
  }
}

async function cancelOperations(
  plan: ExportPlan,
  runOperation: RunOperation,
  operation: string | undefined,
): Promise<CleanUp> {
  try {
    const ended = await cancelExport(plan, runOperation, operation);
    const isFirst = runOperation.exclude.length === 0;
    const outcome =
      ended.map(describeCancelled).join('; ') || `no ${isFirst ? '' : 'further '}operation had been started`;
    const { outputUriPrefix } = runOperation.destinations;
    // An operation that succeeded before the cancel left complete files.
    const arrived = ended.some((cancelled) => cancelled.outcome === 'succeeded');
    if (!plan.deletePartialArtifacts || arrived || outputUriPrefix === undefined) return { outcome, isComplete: true };
    return { outcome: `${outcome}; ${await deleteArtifacts(plan, outputUriPrefix)}`, isComplete: true };
  } catch (error) {
    const which = operation ?? `an operation of ${runOperation.model} that writes to ${destinationsOf(runOperation)}`;
    return {
      outcome: `${which} could not be cancelled and may still run: ${reasonOf(error)}`,
      isComplete: false,
    };
  }
}

async function deleteArtifacts(plan: ExportPlan, folder: string): Promise<string> {
  try {
    const { count, kept } = await deletePartialArtifacts(plan, folder);
    if (kept) {
      return `objects left in ${folder}: ${kept.count}, deleted: ${count}; the reason: ${kept.reason}`;
    }
    return `nothing is left in ${folder}${count === 0 ? '' : `: ${count} objects were deleted`}`;
  } catch (error) {
    return `the objects in ${folder} could not all be deleted: ${reasonOf(error)}`;
  }
}

/** Why a clean-up step failed: its failure or, if it timed out, the last failure before. */
function reasonOf(error: unknown): string {
  const reason = applicationFailureIn(error) ?? lastFailureIn(error);
  return reason?.message ?? String(error);
}

function destinationsOf({ destinations }: RunOperation): string {
  return [destinations.outputUriPrefix, destinations.imageUri].filter(Boolean).join(' and ');
}

function describeCancelled({ operation, outcome, outputInfo }: CancelledOperation): string {
  const { artifactOutputUri, imageOutputUri } = outputInfo;
  const where = [artifactOutputUri, imageOutputUri].filter(Boolean).join(' and ');
  return outcome === 'succeeded'
    ? `${operation} had succeeded before the cancel reached it: ${where}`
    : `${operation} ended ${outcome}`;
}

/** The failure of an export that reached its deadline. It includes the last failure of the step that was running. */
function deadlineFailure(error: unknown, { plan, progress }: ExportRun, { outcome }: CleanUp): ApplicationFailure {
  const what = plan ? `${plan.model} to ${plan.exportFormatId}` : 'the model';
  const deadline = progress.deadline ? ` ${progress.deadline}` : '';
  const last = lastFailureIn(error);
  const message = [
    `The export of ${what} did not end before its deadline${deadline}`,
    last && `the last failure was ${last.type}: ${last.message}`,
    outcome,
  ];
  const details: ExportFailureDetails = {
    type: ExportFailureType.DeadlineExceeded,
    action: last?.action ?? 'Set a later deadline, or find out why the service takes longer.',
    ...(progress.operation === undefined ? {} : { operation: progress.operation }),
    ...(last && { lastFailure: last }),
  };
  return failureOf(message.filter(Boolean).join(' — '), details, asError(applicationFailureIn(error) ?? error));
}

/** The failure with the result of the clean-up in its message. */
function withCleanUp(failure: unknown, { outcome, isComplete }: CleanUp, { progress }: ExportRun): unknown {
  if (!(failure instanceof ApplicationFailure) || outcome === '') return failure;
  const { operation } = progress;
  const details = { ...failureDetails(failure), ...(!isComplete && operation !== undefined && { operation }) };
  return ApplicationFailure.create({
    message: `${failure.message} — ${outcome}`,
    ...(failure.type && { type: failure.type }),
    nonRetryable: true,
    details: [details],
    cause: failure,
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
