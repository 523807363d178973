import type { ExportFailureTypeName } from './failures';
import type { ExportAttempt, OutputInfo } from './export-result';

/** Where an export stands. */
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

/** What a person has to mend before an export can go on. */
export interface BlockedReason {
  readonly type: ExportFailureTypeName;
  readonly message: string;
  /** The grant or change that mends it. */
  readonly action: string;
  /** ISO 8601. */
  readonly since: string;
}

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
  /** In the stage `blocked`: why, and what to do before `retryExport`. */
  readonly blocked?: BlockedReason;
  /** Message of the failure, in the stages `failed` and `cancelled`. */
  readonly failure?: string;
}

/** Name of the query that answers with an {@link ExportStatus}. */
export const EXPORT_STATUS_QUERY = 'exportStatus';

/** Name of the update that lets a blocked export go on. */
export const RETRY_EXPORT_UPDATE = 'retryExport';

/** Name of the update that ends a blocked export with its failure. */
export const ABORT_EXPORT_UPDATE = 'abortExport';

/** Until the input is checked, its own `heartbeatTimeout` is not known: a worker that is silent for so long is replaced. */
export const SELECT_HEARTBEAT_TIMEOUT_MS = 60_000;

/** Registered name of the workflow. */
export const EXPORT_MODEL_WORKFLOW = 'exportModelWorkflow';
