import type { ExportFailureTypeName } from './failures';
import type { ExportAttempt, OutputInfo } from './export-result';

/**
 * The step that an export is at. `blocked` waits for a person's decision; `completed`, `failed` and `cancelled` are
 * final.
 */
export type ExportStage =
  | 'selecting'
  | 'starting'
  | 'exporting'
  | 'verifying'
  | 'blocked'
  | 'cancelling'
  | 'completed'
  | 'failed'
  | 'cancelled';

/** Why an export is blocked, and how to fix it. */
export interface BlockedReason {
  /** Type of the failure. */
  readonly type: ExportFailureTypeName;
  /** Message of the failure. */
  readonly message: string;
  /** What to do before the update `retryExport`: a grant or a change. */
  readonly action: string;
  /** When the export became blocked, in ISO 8601 (UTC). */
  readonly since: string;
}

/** The state of an export: the answer of the `exportStatus` query. */
export interface ExportStatus {
  /** The current step. */
  readonly stage: ExportStage;
  /** Resource name of the exported version; missing until the input is checked. */
  readonly model?: string;
  /** Id of the export format; missing until the input is checked. */
  readonly exportFormatId?: string;
  /** Resource name of the running or last operation. */
  readonly operation?: string;
  /** Where the operation writes its output. */
  readonly outputInfo?: OutputInfo;
  /** Number of the current attempt, from 1. */
  readonly exportAttempt: number;
  /** Attempts that have ended. */
  readonly attempts: readonly ExportAttempt[];
  /** When the operation will be cancelled, in ISO 8601 (UTC); missing until the input is checked. */
  readonly deadline?: string;
  /** Why the export is blocked; missing in all other stages. */
  readonly blocked?: BlockedReason;
  /** Message of the failure; missing unless the stage is `failed` or `cancelled`. */
  readonly failure?: string;
}
