import type { ExportAttempt, OutputInfo } from '../../contract/export-result';
import type { BlockedReason, ExportStage, ExportStatus } from '../../contract/export-status';
import { cut } from '../../internal/text';

/** The whole reason is in the status and in the result. */
const MAX_REASON = 160;

/** The state that people see: what the query answers and the Web UI shows. One object, changed as the story goes on. */
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
  /** What a cancel would have to end: an operation, or a start whose answer is not known. */
  unfinished?: { readonly operation?: string } | undefined;
  exportAttempt = 1;
  readonly attempts: ExportAttempt[] = [];
  /** What the operation reports as failed in part. */
  warnings: readonly string[] = [];
  /** More lines for the Web UI, for example what was verified. */
  notes: readonly string[] = [];

  /** Answer of the query. */
  status(): ExportStatus {
    const { stage, model, exportFormatId, operation, outputInfo, exportAttempt, attempts, deadline } = this;
    const { blocked, failure } = this;
    return {
      stage,
      exportAttempt,
      attempts: [...attempts],
      ...(model === undefined ? {} : { model }),
      ...(exportFormatId === undefined ? {} : { exportFormatId }),
      ...(operation === undefined ? {} : { operation }),
      ...(outputInfo === undefined ? {} : { outputInfo }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(blocked === undefined ? {} : { blocked }),
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /** Markdown for the Web UI's box of about five lines: the stage first, then what it is about. */
  details(): string {
    const earlier = this.attempts.filter(({ outcome }) => outcome !== 'succeeded');
    const lines: [string, string | undefined][] = [
      ['Stage', this.exportAttempt > 1 ? `${this.stage}, export attempt ${this.exportAttempt}` : this.stage],
      ['Blocked', this.blocked && `since ${this.blocked.since}: ${this.blocked.message}`],
      ['Go on', this.blocked && 'send the update `retryExport` when it is mended, or `abortExport` to give up'],
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
