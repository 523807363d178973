import {
  CancellationScope,
  defineQuery,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { DEFAULT_DEADLINE_MS, MAX_DURATION_MS, milliseconds, SHORTEST_DEADLINE_MS } from '../../contract/duration';
import type { ExportModelInput } from '../../contract/export-input';
import type { Adoption, ExportModelResult } from '../../contract/export-result';
import type { ExportStatus } from '../../contract/export-status';
import { ExportFailureType } from '../../contract/failures';
import { EXPORT_STATUS_QUERY } from '../../contract/export-status';
import { Blocking } from './human-gate';
import { ending } from './ending';
import type { ExportRun } from './attempt';
import { runAttempt } from './attempt';
import { applicationFailureIn, isTransient } from './failures';
import { isReset } from './own-operation';
import { ExportProgress } from './progress';
import { select } from './steps';

/** The state of an export; answered while it runs and afterwards. */
export const exportStatusQuery = defineQuery<ExportStatus>(EXPORT_STATUS_QUERY);

/**
 * Exports one Model: selects the format, starts the export, waits for its end, verifies what arrived.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/export
 *
 * @throws ApplicationFailure with a type of {@link ExportFailureType}; its first detail is {@link ExportFailureDetails}
 * @throws CancelledFailure after a cancel, when the operation has ended
 */
export async function exportModelWorkflow(input: ExportModelInput): Promise<ExportModelResult> {
  const progress = new ExportProgress();
  const show = (change: Partial<ExportProgress>): void => {
    Object.assign(progress, change);
    setCurrentDetails(progress.details());
  };
  setHandler(exportStatusQuery, () => progress.status(), { description: 'The state of the export.' });
  const blocking = new Blocking(() => waitsForPeople(input), progress, show);
  const deadline = (): number =>
    workflowInfo().startTime.getTime() + (run.plan?.deadlineMs ?? requestedDeadline(input)) + blocking.blockedMs;
  const run: ExportRun = { input, progress, show, blocking, deadline };
  // Nothing of the input is read before: an error out there would fail the workflow task, again and again.
  try {
    show({ stage: 'selecting' });
    return await exportModel(input, run);
  } catch (error) {
    throw await ending(error, run);
  }
}

async function exportModel(input: ExportModelInput, run: ExportRun): Promise<ExportModelResult> {
  const { blocking, show, deadline } = run;
  const plan = await blocking.mended(() => select(input, deadline()));
  run.plan = plan;
  const { model, modelDisplayName, exportFormatId } = plan;
  completeMemo({ model, exportFormatId });
  show({ model, modelDisplayName, exportFormatId });

  // Attempts since the start, or since a person fixed what they failed for.
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await runAttempt(run, plan);
    if ('result' in outcome) return outcome.result;
    const { error } = outcome;
    if (CancellationScope.current().consideredCancelled) throw error;
    if (isCancelledByEarlierRun(outcome)) {
      attempts -= 1;
      continue;
    }
    if (isTransient(error) && attempts < plan.maxExportAttempts) continue;
    if (!(await blocking.isMended(error))) throw error;
    attempts = 0;
  }
}

/** Marks runs after a reset that export again when the operation that they took over was cancelled. */
const EXPORT_AGAIN_AFTER_RESET = 'export-again-after-reset';

/**
 * Whether an operation was cancelled for reasons that a reset has undone: the run that started it was cancelled, or this
 * run has kept an older one, which did not arrive whole. That is not a failed attempt.
 */
function isCancelledByEarlierRun({ error, adoption }: { error: unknown; adoption: Adoption }): boolean {
  const isCancelled = applicationFailureIn(error)?.type === ExportFailureType.OperationCancelled;
  return isCancelled && adoption === 'adopted' && isReset() && patched(EXPORT_AGAIN_AFTER_RESET);
}

/** An upsert is a write to the server's list of workflows: it is left out where the start has said all of this. */
function completeMemo(wanted: Readonly<Record<'model' | 'exportFormatId', string>>): void {
  const { memo = {} } = workflowInfo();
  if (Object.keys(wanted).some((field) => memo[field] === undefined)) upsertMemo(wanted);
}

/** A field of an input that is not checked yet: it can be anything. */
function fieldOf(input: unknown, field: keyof ExportModelInput): unknown {
  return typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>)[field] : undefined;
}

function waitsForPeople(input: unknown): boolean {
  return fieldOf(input, 'onBlocked') === 'wait';
}

/** Until the input is checked, in milliseconds: what it asks for, or the default where that is out of range. */
function requestedDeadline(input: unknown): number {
  const ms = milliseconds(fieldOf(input, 'deadline')) ?? DEFAULT_DEADLINE_MS;
  return ms < SHORTEST_DEADLINE_MS || ms > MAX_DURATION_MS ? DEFAULT_DEADLINE_MS : ms;
}
