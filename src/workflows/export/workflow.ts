import { CancellationScope, defineQuery, patched, setHandler } from '@temporalio/workflow';
import type { ExportModelInput } from '../../contract/export-input';
import type { ExportModelResult } from '../../contract/export-result';
import type { ExportStatus } from '../../contract/export-status';
import { ExportFailureType } from '../../contract/failures';
import { EXPORT_STATUS_QUERY } from '../../contract/names';
import type { FailedAttempt } from './attempt';
import { runAttempt } from './attempt';
import { ending } from './ending';
import { applicationFailureIn, isTransient } from './failures';
import { ExportRun } from './run';
import { isReset } from './run-operation';
import { selectExportFormat } from './steps';

/** Query for the state of an export. It is answered while the export runs and after it ends. */
export const exportStatusQuery = defineQuery<ExportStatus>(EXPORT_STATUS_QUERY);

/**
 * Exports one Model: selects the format, starts the export, waits for its end, and verifies the exported files.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/export
 *
 * @throws ApplicationFailure with a type of {@link ExportFailureType}; its first detail is {@link ExportFailureDetails}
 * @throws CancelledFailure after a cancel, when the operation has ended
 */
export async function exportModelWorkflow(input: ExportModelInput): Promise<ExportModelResult> {
  // An error outside of the try would fail the workflow task, which Temporal retries forever.
  const run = new ExportRun(input);
  setHandler(exportStatusQuery, () => run.progress.status(), { description: 'The state of the export.' });
  try {
    return await exportModel(input, run);
  } catch (error) {
    throw await ending(error, run);
  }
}

async function exportModel(input: ExportModelInput, run: ExportRun): Promise<ExportModelResult> {
  const { gate } = run;
  run.show({ stage: 'selecting' });
  const plan = await gate.retryUntilResolved(() => selectExportFormat(input, run.deadline()));
  run.accept(plan);

  let lastAttempt = plan.maxExportAttempts;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await runAttempt(run, plan);
    if ('result' in outcome) return outcome.result;
    if (CancellationScope.current().consideredCancelled) throw outcome.error;
    if (isCancelledByEarlierRun(outcome)) {
      lastAttempt += 1;
      continue;
    }
    if (attempt < lastAttempt && isTransient(outcome.error)) continue;
    await gate.waitForRetry(outcome.error);
    // The cause of the failures is fixed, so that they no longer count.
    lastAttempt = attempt + plan.maxExportAttempts;
  }
}

/** Patch id. Runs with it export again if the operation that they adopted after a reset was cancelled. */
const EXPORT_AGAIN_AFTER_RESET = 'export-again-after-reset';

/**
 * Whether the operation was cancelled for a reason that a reset has undone: the run before was cancelled, or this run
 * kept an older operation, whose files are not valid. That is not a failed attempt.
 */
function isCancelledByEarlierRun({ error, adoption }: FailedAttempt): boolean {
  const isCancelled = applicationFailureIn(error)?.type === ExportFailureType.OperationCancelled;
  return isCancelled && adoption === 'adopted' && isReset() && patched(EXPORT_AGAIN_AFTER_RESET);
}
