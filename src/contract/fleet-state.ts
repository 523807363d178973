import type { FleetSettings, FleetSource, PlannedExport } from './fleet-activities';
import type { FleetExport, FleetTotals } from './fleet-result';
import type { FleetStage } from './fleet-status';

/** An export that runs. */
export interface RunningExport {
  readonly workflowId: string;
  readonly model: string;
  readonly exportFormatId?: string;
}

/**
 * Everything that a fleet knows, and that it carries over when it continues as new. All parts are bounded, so that they
 * fit into one payload together with the list of what is left.
 */
export interface FleetState {
  settings: FleetSettings;
  /** Start of the first run, ISO 8601. */
  readonly startTime: string;
  stage: FleetStage;
  /** What is left to plan. */
  source?: FleetSource | undefined;
  /** Planned, and not started yet. */
  planned: PlannedExport[];
  running: RunningExport[];
  totals: Omit<FleetTotals, 'running'>;
  /** Results that are not in an object. */
  exports: FleetExport[];
  failures: FleetExport[];
  resultUris: string[];
  notes: string[];
  stopped?: string;
}
