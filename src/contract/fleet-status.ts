import type { FleetExport, FleetTotals } from './fleet-result';

/** Where a fleet stands. */
export type FleetStage = 'checking' | 'exporting' | 'stopping' | 'cancelling' | 'completed' | 'failed' | 'cancelled';

/** Answer of the `fleetStatus` query. */
export interface FleetStatus {
  readonly stage: FleetStage;
  readonly totals: FleetTotals;
  /** The first that failed, at most 100 and 50 KB. */
  readonly failures: readonly FleetExport[];
  /** Workflow ids of the exports that run, at most 100 of them. */
  readonly running: readonly string[];
  /** The first objects of results, at most 50. */
  readonly resultUris: readonly string[];
  /** Why nothing more is started, or why the fleet failed. */
  readonly stopped?: string;
}

/** Name of the query that answers with a {@link FleetStatus}. */
export const FLEET_STATUS_QUERY = 'fleetStatus';

/** Registered name of the workflow. */
export const EXPORT_MODELS_WORKFLOW = 'exportModelsWorkflow';

/** At most this many results are in the workflow's own result: it is part of workflow history. */
export const MAX_INLINE_RESULTS = 500;
