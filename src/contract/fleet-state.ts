import type { FleetSettings, FleetSource, PlannedExport } from './fleet-activities';
import type { FleetExport, FleetTotals } from './fleet-result';
import type { FleetStage } from './fleet-status';

/** An export that runs. */
export interface RunningExport {
  readonly workflowId: string;
  readonly model: string;
  readonly exportFormatId?: string;
  /** First run of the export's workflow. Left out where another run of the fleet, or an earlier fleet, started it. */
  readonly runId?: string;
  /** An earlier run of the same fleet had started it before this one could. */
  readonly reused?: true;
}

/** Results on their way to an object. */
export interface PendingResults {
  readonly uri: string;
  readonly exports: readonly FleetExport[];
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
  /** Results whose objects are not written yet, in their order. Left out by runs of earlier versions. */
  pendingResults?: PendingResults[];
  /** The first objects of results. */
  resultUris: string[];
  /** Objects of results in all. Left out where all of them are in `resultUris`. */
  resultCount?: number;
  /** Results that could not be written, and that no note has room for. */
  unwritten?: number;
  /** Pages of Models that were read. */
  pages?: number;
  /** What tells the exports planned last apart: 12 characters each. An export that is planned again is not started. */
  seen?: string;
  notes: string[];
  stopped?: string;
}
