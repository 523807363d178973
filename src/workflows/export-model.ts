import { defineQuery, setCurrentDetails, setHandler, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { AwaitedExport, ExportPlan, OwnOperation, StartedExport, VerifiedExport } from '../contract/activities';
import { ExportFailureType } from '../contract/failures';
import type { ExportModelInput } from '../contract/input';
import type { ExportModelResult } from '../contract/result';
import type { ExportStatus } from '../contract/status';
import { EXPORT_STATUS_QUERY } from '../contract/status';
import { ending, exportAgainAfter } from './ending';
import { ExportProgress } from './export-status';
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
  show({ stage: 'selecting' });

  let own: OwnOperation | undefined;
  let plan: ExportPlan | undefined;
  try {
    plan = await select(input);
    const { model, modelDisplayName, exportFormatId } = plan;
    const deadline = workflowInfo().startTime.getTime() + plan.deadlineMs;
    upsertMemo({ model, exportFormatId });
    show({ model, modelDisplayName, exportFormatId, deadline: new Date(deadline).toISOString() });

    for (;;) {
      own = ownOperation(plan, progress);
      show({ stage: 'starting', exportAttempt: progress.attempts.length + 1 });
      const started = await start(plan, own, deadline);
      show({ stage: 'exporting', operation: started.operation, outputInfo: started.outputInfo });
      try {
        const ended = await wait(plan, started, deadline);
        show({ stage: 'verifying', outputInfo: ended.outputInfo });
        const verified = await verify(plan, ended);
        progress.attempts.push({ operation: started.operation, outcome: 'succeeded' });
        show({ stage: 'completed', notes: verificationNotes(verified) });
        return resultOf(plan, progress, started, ended, verified);
      } catch (error) {
        const failure = exportAgainAfter(error);
        if (failure === undefined) throw error;
        const verifying = failure.type === ExportFailureType.VerificationFailed;
        const outcome = verifying ? 'verification-failed' : 'failed';
        progress.attempts.push({ operation: started.operation, outcome, reason: failure.message });
        if (progress.attempts.length >= plan.maxExportAttempts) throw error;
      }
    }
  } catch (error) {
    throw await ending(error, plan, own, progress, show);
  }
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
    verification: { level: plan.verification.level, notes: [...verified.notes] },
    ...(verified.files && { files: verified.files }),
    ...(verified.image && { image: verified.image }),
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
  const { model, destinations, perRunFolder, notBefore } = plan;
  const { outputUriPrefix } = destinations;
  const folder =
    outputUriPrefix !== undefined && perRunFolder ? { outputUriPrefix: `${outputUriPrefix}${runFolder()}/` } : {};
  return {
    model,
    destinations: { ...destinations, ...folder },
    perRunFolder,
    notBefore,
    exclude: progress.attempts.map(({ operation }) => operation),
  };
}

function verificationNotes({ files, image, notes }: VerifiedExport): string[] {
  return [
    ...(files
      ? [`${files.count} files, ${files.bytes} bytes, manifest sha256 \`${files.manifestSha256.slice(0, 12)}\``]
      : []),
    ...(image ? [`\`${image.pinnedUri}\``] : []),
    ...notes,
  ];
}
