import type { ExportAttempt, OutputInfo } from './result';

/** Where an export stands. */
export type ExportStage =
  'selecting' | 'starting' | 'exporting' | 'verifying' | 'cancelling' | 'completed' | 'failed' | 'cancelled';

/** Answer of the `exportStatus` query. */
export interface ExportStatus {
  readonly stage: ExportStage;
  /** The pinned version, once it is known. */
  readonly model?: string;
  readonly exportFormatId?: string;
  /** Name of the running or last operation. */
  readonly operation?: string;
  readonly outputInfo?: OutputInfo;
  /** Number of the export attempt, from 1. */
  readonly exportAttempt: number;
  /** Export attempts that are over, each with its reason. */
  readonly attempts: readonly ExportAttempt[];
  /** When the operation will be cancelled, ISO 8601; known once the input is checked. */
  readonly deadline?: string;
  /** Message of the failure, in the stages `failed` and `cancelled`. */
  readonly failure?: string;
}

/** Name of the query that answers with an {@link ExportStatus}. */
export const EXPORT_STATUS_QUERY = 'exportStatus';

/** Registered name of the workflow. */
export const EXPORT_MODEL_WORKFLOW = 'exportModelWorkflow';
