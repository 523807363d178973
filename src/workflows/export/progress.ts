import { defined } from '../../internal/defined';
import type { ExportAttempt, OutputInfo } from '../../contract/export-result';
import type { BlockedReason, ExportStage, ExportStatus } from '../../contract/export-status';
import { cut } from '../../internal/text';

/** Longest reason in the Web UI, in characters. The status and the result have the whole reason. */
const MAX_REASON = 160;

/** The state of an export that the query and the Web UI show. The steps of the workflow change it. */
export class ExportProgress {
  stage: ExportStage = 'selecting';
  model?: string;
  modelDisplayName?: string;
  exportFormatId?: string;
  operation?: string;
  outputInfo?: OutputInfo;
  deadline?: string;
  failure?: string;
  blocked?: BlockedReason | undefined;
  /** What a cancel must end: an operation, or a start whose answer is not known. */
  unfinished?: { readonly operation?: string } | undefined;
  exportAttempt = 1;
  readonly attempts: ExportAttempt[] = [];
  /** Partial failures that the operation reports. */
  warnings: readonly string[] = [];
  /** Lines about the verification. */
  notes: readonly string[] = [];

  /** The answer of the query. */
  status(): ExportStatus {
    const { stage, model, exportFormatId, operation, outputInfo, exportAttempt, attempts, deadline } = this;
    const { blocked, failure } = this;
    return {
      stage,
      exportAttempt,
      attempts: [...attempts],
      ...defined({ model, exportFormatId, operation, outputInfo, deadline, blocked, failure }),
    };
  }

  /** Markdown for the Temporal Web UI. Its box has room for about five lines. */
  details(): string {
    const earlier = this.attempts.filter(({ outcome }) => outcome !== 'succeeded');
    const lines: [string, string | undefined][] = [
      ['Stage', this.exportAttempt > 1 ? `${this.stage}, export attempt ${this.exportAttempt}` : this.stage],
      ['Blocked', this.blocked && `since ${this.blocked.since}: ${this.blocked.message}`],
      ['Continue', this.blocked && 'fix the cause and send the update `retryExport`, or send `abortExport`'],
      ['Model', this.model && `${this.modelDisplayName ?? ''} \`${this.model}\``.trim()],
      ['Format', this.exportFormatId && `\`${this.exportFormatId}\``],
      ['Artifacts', this.outputInfo?.artifactOutputUri && `\`${this.outputInfo.artifactOutputUri}\``],
      ['Image', this.outputInfo?.imageOutputUri && `\`${this.outputInfo.imageOutputUri}\``],
      ...this.warnings.map((warning): [string, string] => ['Warning', warning]),
      ...this.notes.map((note): [string, string] => ['Verified', note]),
      ['Operation', this.operation && `\`${this.operation}\``],
      ['Failure', this.failure],
      ['Deadline', this.deadline],
      ...earlier.map(({ operation, reason = '' }): [string, string] => [
        'Earlier',
        `\`${operation.split('/').at(-1) ?? ''}\`: ${cut(reason, MAX_REASON)}`,
      ]),
    ];
    return lines.flatMap(([label, value]) => (value ? [`- **${label}:** ${value}`] : [])).join('\n');
  }
}
