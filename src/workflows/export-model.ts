import { defineQuery, setCurrentDetails, setHandler, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { AwaitedExport, ExportPlan, OwnOperation, StartedExport, VerifiedExport } from '../contract/activities';
import type { ExportModelInput } from '../contract/input';
import type { ExportModelResult } from '../contract/result';
import type { ExportStatus } from '../contract/status';
import { EXPORT_STATUS_QUERY } from '../contract/status';
import { Blocking } from './blocked';
import { ending } from './ending';
import { endedAttempt, isTransient } from './export-failures';
import { ExportProgress } from './export-status';
import { describeInspected } from './inspected-text';
import { runFolder } from './run-folder';
import { select, start, verify, wait } from './steps';

/** Where an export stands; answered while it runs and afterwards. */
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
  setHandler(exportStatusQuery, () => progress.status(), { description: 'Where the export stands.' });
  let own: OwnOperation | undefined;
  let plan: ExportPlan | undefined;
  // Nothing of the input is read before: an error out there would fail the workflow task, again and again.
  try {
    const blocking = new Blocking(waitsForPeople(input), progress, show);
    show({ stage: 'selecting' });
    plan = await blocking.mended(() => select(input));
    const chosen = plan;
    const { model, modelDisplayName, exportFormatId } = chosen;
    const deadline = (): number => workflowInfo().startTime.getTime() + chosen.deadlineMs + blocking.blockedMs;
    completeMemo({ model, exportFormatId });
    show({ model, modelDisplayName, exportFormatId });

    // Attempts since the start, or since a person mended what they failed for.
    for (let attempts = 1; ; attempts += 1) {
      own = ownOperation(chosen, progress);
      const ours = own;
      const started = await blocking.mended(() => {
        show({ stage: 'starting', exportAttempt: progress.attempts.length + 1, unfinished: {}, ...until(deadline()) });
        return start(chosen, ours, deadline());
      });
      const { operation } = started;
      show({ stage: 'exporting', operation, outputInfo: started.outputInfo, unfinished: { operation } });
      try {
        const ended = await blocking.mended(
          () => wait(chosen, ours, started, deadline()),
          // An operation that has ended is not waited for again.
          (error) => endedAttempt(operation, error) === undefined,
        );
        show({ stage: 'verifying', outputInfo: ended.outputInfo, unfinished: undefined });
        const verified = await blocking.mended(() => verify(chosen, ours, started, ended));
        progress.attempts.push({ operation, outcome: 'succeeded' });
        show({ stage: 'completed', notes: verificationNotes(verified) });
        return resultOf(chosen, progress, started, ended, verified);
      } catch (error) {
        const attempt = endedAttempt(operation, error);
        if (attempt === undefined) throw error;
        progress.attempts.push(attempt);
        show({ unfinished: undefined });
        if (isTransient(error) && attempts < chosen.maxExportAttempts) continue;
        if (!(await blocking.isMended(error))) throw error;
        attempts = 0;
      }
    }
  } catch (error) {
    throw await ending(error, plan, own, progress, show);
  }
}

/** An upsert is a write to the server's list of workflows: it is spared where the start has said all of this. */
function completeMemo(wanted: Readonly<Record<'model' | 'exportFormatId', string>>): void {
  const { memo = {} } = workflowInfo();
  if (Object.keys(wanted).some((field) => memo[field] === undefined)) upsertMemo(wanted);
}

/** The input is not checked yet: it can be anything. */
function waitsForPeople(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'onBlocked' in input && input.onBlocked === 'wait';
}

function until(deadline: number): Pick<ExportProgress, 'deadline'> {
  return { deadline: new Date(deadline).toISOString() };
}

function resultOf(
  plan: ExportPlan,
  progress: ExportProgress,
  started: StartedExport,
  ended: AwaitedExport,
  verified: VerifiedExport,
): ExportModelResult {
  const { startTime } = workflowInfo();
  const now = Date.now();
  return {
    model: plan.model,
    modelDisplayName: plan.modelDisplayName,
    exportFormatId: plan.exportFormatId,
    operation: started.operation,
    adoption: started.adoption,
    outputInfo: ended.outputInfo,
    ...(verified.files && { files: verified.files }),
    ...(verified.image && { image: verified.image }),
    verification: {
      level: plan.verification.level,
      notes: [...verified.notes],
      ...(verified.reads && { reads: verified.reads }),
      ...(verified.inspected && { inspected: [...verified.inspected] }),
    },
    attempts: [...progress.attempts],
    timings: {
      startTime: startTime.toISOString(),
      ...(ended.createTime === undefined ? {} : { operationCreateTime: ended.createTime }),
      ...(ended.updateTime === undefined ? {} : { operationUpdateTime: ended.updateTime }),
      endTime: new Date(now).toISOString(),
      totalMs: now - startTime.getTime(),
    },
  };
}

/** The run's own place: its folder below the prefix, so that a crashed run finds its operation with certainty. */
function ownOperation(plan: ExportPlan, progress: ExportProgress): OwnOperation {
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

/** More than a few would push the rest out of the Web UI's box. */
const SHOWN_FILES = 3;

function verificationNotes({ files, image, inspected, notes }: VerifiedExport): string[] {
  return [
    ...(files
      ? [`${files.count} files, ${files.bytes} bytes, manifest sha256 \`${files.manifestSha256.slice(0, 12)}\``]
      : []),
    ...(image ? [`\`${image.pinnedUri}\``] : []),
    ...(inspected ?? []).slice(0, SHOWN_FILES).map(describeInspected),
    ...notes,
  ];
}
