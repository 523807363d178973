import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, patched } from '@temporalio/workflow';
import type { CancelledOperation, ExportPlan, OwnOperation } from '../../contract/export-activities';
import type { ExportFailureDetails } from '../../contract/failures';
import { ExportFailureType } from '../../contract/failures';
import type { ExportRun } from './attempt';
import { isReset, ownOperation } from './own-operation';
import {
  applicationFailureIn,
  detailsOf,
  documentedFailure,
  failureOf,
  hasNothingStarted,
  isDeadline,
  lastFailureIn,
} from './failures';
import { cancel, deletePartial, selectForCleanUp } from './steps';

/** Marks runs that cancel their operation whatever ended them; earlier ones did so after a cancel and at the deadline. */
const CANCEL_AT_EVERY_END = 'cancel-at-every-end';

/** Marks runs after a reset that look for an operation wherever they end: the run before may have come further. */
const CANCEL_AFTER_RESET = 'cancel-after-reset';

/**
 * Cancels what may still run when an export does not succeed, whatever the reason, and gives the failure to end with.
 */
export async function ending(error: unknown, run: ExportRun): Promise<unknown> {
  const { progress, show } = run;
  // The server can report a timeout of a dead worker in place of the cancellation: the scope knows better.
  const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
  const late = !cancelled && isDeadline(error, run.deadline());
  let cleanUp: CleanUp = { outcome: '', isComplete: true };
  const { plan, own } = run;
  if (plan && own && progress.unfinished && !hasNothingStarted(error)) {
    if (cancelled || late || patched(CANCEL_AT_EVERY_END)) {
      show({ stage: 'cancelling' });
      cleanUp = await cancelOperations(plan, own, progress.unfinished.operation);
    }
  } else if (isReset() && !hasNothingStarted(error) && patched(CANCEL_AFTER_RESET)) {
    show({ stage: 'cancelling' });
    cleanUp = await cancelEarlierOperations(run);
  }
  if (cancelled) {
    show({ stage: 'cancelled', failure: ['cancelled', cleanUp.outcome].filter(Boolean).join('; ') });
    return isCancellation(error) ? error : new CancelledFailure('The export was cancelled', [], asError(error));
  }
  const failure = late ? deadlineFailure(error, run, cleanUp) : withCleanUp(documentedFailure(error), cleanUp, run);
  show({ stage: 'failed', failure: failure instanceof Error ? failure.message : String(failure) });
  return failure;
}

/** What became of the operations of an export that did not succeed. */
interface CleanUp {
  /** In words; empty where there was nothing to do. */
  readonly outcome: string;
  /** Whether no operation of the export runs any more. */
  readonly isComplete: boolean;
}

/** After a reset to a point at which this run knows of no operation: the run that was reset may have started one. */
async function cancelEarlierOperations({ input, plan, progress }: ExportRun): Promise<CleanUp> {
  try {
    const known = plan ?? (await selectForCleanUp(input));
    return await cancelOperations(known, ownOperation(known, progress), undefined);
  } catch (error) {
    const reason = applicationFailureIn(error) ?? lastFailureIn(error);
    return {
      outcome: `an operation that was started before the reset may still run: ${reason?.message ?? String(error)}`,
      isComplete: false,
    };
  }
}

async function cancelOperations(plan: ExportPlan, own: OwnOperation, operation: string | undefined): Promise<CleanUp> {
  let outcome: string;
  try {
    const ended = await cancel(plan, own, operation);
    const isFirst = own.exclude.length === 0;
    outcome = ended.map(describeCancelled).join('; ') || `no ${isFirst ? '' : 'further '}operation had been started`;
    const { outputUriPrefix } = own.destinations;
    // What arrived after all is not partial.
    const arrived = ended.some((cancelled) => cancelled.outcome === 'succeeded');
    if (!plan.deletePartialArtifacts || arrived || outputUriPrefix === undefined) return { outcome, isComplete: true };
    return { outcome: `${outcome}; ${await deleteArtifacts(plan, outputUriPrefix)}`, isComplete: true };
  } catch (error) {
    const which = operation ?? `an operation of ${own.model} that writes to ${placeOf(own)}`;
    const reason = applicationFailureIn(error) ?? lastFailureIn(error);
    return {
      outcome: `${which} could not be cancelled and may still run: ${reason?.message ?? String(error)}`,
      isComplete: false,
    };
  }
}

async function deleteArtifacts(plan: ExportPlan, folder: string): Promise<string> {
  try {
    const { count, kept } = await deletePartial(plan, folder);
    if (kept) {
      return `objects left in ${folder}: ${kept.count}, deleted: ${count}; the reason: ${kept.reason}`;
    }
    return `nothing is left in ${folder}${count === 0 ? '' : `: ${count} objects were deleted`}`;
  } catch (error) {
    const reason = applicationFailureIn(error) ?? lastFailureIn(error);
    return `the objects in ${folder} could not all be deleted: ${reason?.message ?? String(error)}`;
  }
}

function placeOf({ destinations }: OwnOperation): string {
  return [destinations.outputUriPrefix, destinations.imageUri].filter(Boolean).join(' and ');
}

function describeCancelled({ operation, outcome, outputInfo }: CancelledOperation): string {
  const { artifactOutputUri, imageOutputUri } = outputInfo;
  const where = [artifactOutputUri, imageOutputUri].filter(Boolean).join(' and ');
  return outcome === 'succeeded'
    ? `${operation} had succeeded before the cancel reached it: ${where}`
    : `${operation} ended ${outcome}`;
}

/** The failure of the deadline: it says why the step that was running then had not ended. */
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
    action: last?.action ?? 'Give a later deadline, or find out why the service takes longer.',
    ...(progress.operation === undefined ? {} : { operation: progress.operation }),
    ...(last && { lastFailure: last }),
  };
  return failureOf(message.filter(Boolean).join(' — '), details, asError(applicationFailureIn(error) ?? error));
}

/** The same failure, which also says what may still run. */
function withCleanUp(failure: unknown, { outcome, isComplete }: CleanUp, { progress }: ExportRun): unknown {
  if (!(failure instanceof ApplicationFailure) || outcome === '') return failure;
  const { operation } = progress;
  const details = { ...detailsOf(failure), ...(!isComplete && operation !== undefined && { operation }) };
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
