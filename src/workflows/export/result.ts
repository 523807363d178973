import { defined } from '../../internal/defined';
import type { AwaitedExport, ExportPlan, StartedExport, VerifiedExport } from '../../contract/export-activities';
import { partialFailureLines } from '../../contract/partial-failures';
import type { ExportModelResult } from '../../contract/export-result';
import type { ExportProgress } from './progress';
import { describeInspected } from './inspected-text';

/** The result of an export after its last attempt has succeeded. */
export function exportResult(
  plan: ExportPlan,
  progress: ExportProgress,
  started: StartedExport,
  ended: AwaitedExport,
  verified: VerifiedExport,
  startTime: Date,
): ExportModelResult {
  const now = Date.now();
  return {
    model: plan.model,
    modelDisplayName: plan.modelDisplayName,
    exportFormatId: plan.exportFormatId,
    operation: started.operation,
    adoption: started.adoption,
    outputInfo: ended.outputInfo,
    ...(ended.partialFailures && { partialFailures: [...ended.partialFailures] }),
    ...defined({ files: verified.files, image: verified.image }),
    verification: {
      level: plan.verification.level,
      notes: [...partialFailureNotes(ended), ...verified.notes],
      ...defined({ reads: verified.reads }),
      ...(verified.inspected && { inspected: [...verified.inspected] }),
    },
    attempts: [...progress.attempts],
    timings: {
      startTime: startTime.toISOString(),
      ...defined({ operationCreateTime: ended.createTime, operationUpdateTime: ended.updateTime }),
      endTime: new Date(now).toISOString(),
      totalMs: now - startTime.getTime(),
    },
  };
}

/** Files in the Web UI's box, which has room for about five lines. */
const SHOWN_FILES = 3;

/** Partial failures in the notes. `partialFailures` of the result has the others. */
const SHOWN_PARTIAL_FAILURES = 3;

/** Notes about the partial failures that the operation reports. */
export function partialFailureNotes({ partialFailures = [], morePartialFailures = 0 }: AwaitedExport): string[] {
  return partialFailureLines(partialFailures, morePartialFailures, SHOWN_PARTIAL_FAILURES);
}

/** Lines about a verification for the Web UI. */
export function verificationNotes({ files, image, inspected, notes }: VerifiedExport): string[] {
  return [
    ...(files
      ? [`${files.count} files, ${files.bytes} bytes, manifest sha256 \`${files.manifestSha256.slice(0, 12)}\``]
      : []),
    ...(image ? [`\`${image.pinnedUri}\``] : []),
    ...(inspected ?? []).slice(0, SHOWN_FILES).map(describeInspected),
    ...notes,
  ];
}
