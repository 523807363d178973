import type { ApplicationFailure } from '@temporalio/workflow';
import { isCancellation } from '@temporalio/workflow';
import type { CancelledOperation, ExportPlan, OwnOperation } from '../contract/activities';
import type { ExportFailureDetails } from '../contract/failures';
import { ExportFailureType } from '../contract/failures';
import { applicationFailureIn, documentedFailure, failureOf, isDeadline } from './export-failures';
import type { ExportProgress } from './export-status';
import { cancel, deletePartial } from './steps';

/** Settles what is left to do when an export does not succeed, and gives the failure to end with. */
export async function ending(
  error: unknown,
  plan: ExportPlan | undefined,
  own: OwnOperation | undefined,
  progress: ExportProgress,
  show: (change: Partial<ExportProgress>) => void,
): Promise<unknown> {
  const cancelled = isCancellation(error);
  const late = isDeadline(error);
  let outcome = '';
  if (plan && own && progress.unfinished && (cancelled || late)) {
    show({ stage: 'cancelling' });
    outcome = await cancelOperations(plan, own, progress.unfinished.operation);
  }
  const failure = late ? deadlineFailure(plan, progress, outcome) : applicationFailureIn(error);
  const stage = cancelled ? 'cancelled' : 'failed';
  const reason = [cancelled ? 'cancelled' : (failure?.message ?? String(error)), cancelled ? outcome : ''];
  show({ stage, failure: reason.filter(Boolean).join('; ') });
  // The activity's failure is the cause that people look for: it would be one level deeper otherwise.
  return failure ?? documentedFailure(error);
}

async function cancelOperations(plan: ExportPlan, own: OwnOperation, operation: string | undefined): Promise<string> {
  try {
    const ended = await cancel(plan, own, operation);
    const outcome = ended.map(describeCancelled).join('; ') || 'no operation had been started';
    const { outputUriPrefix } = own.destinations;
    // What arrived after all is not partial.
    const arrived = ended.some((cancelled) => cancelled.outcome === 'succeeded');
    if (!plan.deletePartialArtifacts || arrived || outputUriPrefix === undefined) return outcome;
    await deletePartial(plan, outputUriPrefix);
    return `${outcome}; what it left in ${outputUriPrefix} was deleted`;
  } catch (error) {
    return `not all was cancelled and cleaned up, and the operation may go on: ${applicationFailureIn(error)?.message ?? String(error)}`;
  }
}

function describeCancelled({ operation, outcome, outputInfo }: CancelledOperation): string {
  const { artifactOutputUri, imageOutputUri } = outputInfo;
  const where = [artifactOutputUri, imageOutputUri].filter(Boolean).join(' and ');
  return outcome === 'succeeded'
    ? `${operation} had succeeded before the cancel reached it: ${where}`
    : `${operation} ended ${outcome}`;
}

function deadlineFailure(plan: ExportPlan | undefined, progress: ExportProgress, outcome: string): ApplicationFailure {
  const what = plan ? `${plan.model} to ${plan.exportFormatId}` : 'the model';
  const message = `The export of ${what} did not end before its deadline${progress.deadline ? ` ${progress.deadline}` : ''}`;
  const details: ExportFailureDetails = {
    type: ExportFailureType.DeadlineExceeded,
    action: 'Give a later deadline, or find out why the service takes so long.',
    ...(progress.operation === undefined ? {} : { operation: progress.operation }),
  };
  return failureOf([message, outcome].filter(Boolean).join(' — '), details);
}
