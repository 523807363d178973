import type { FleetExport, FleetTotals } from './fleet-result';

/** The step that a fleet is at. `stopping` starts no further export; `completed`, `failed` and `cancelled` are final. */
export type FleetStage = 'checking' | 'exporting' | 'stopping' | 'cancelling' | 'completed' | 'failed' | 'cancelled';

/** The state of a fleet: the answer of the `fleetStatus` query. */
export interface FleetStatus {
  /** The current step. */
  readonly stage: FleetStage;
  /** Numbers of exports by outcome. */
  readonly totals: FleetTotals;
  /** The first failed exports, at most 100 and 50 KB of them. */
  readonly failures: readonly FleetExport[];
  /** Workflow ids of running exports, at most 100. */
  readonly running: readonly string[];
  /** URIs of the first result objects, at most 50. */
  readonly resultUris: readonly string[];
  /** Why no further export is started, or why the fleet failed. */
  readonly stopped?: string;
}
