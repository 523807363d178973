import type { ExportModelInput } from './export-input';
import type { ExportModelsEntry } from './fleet-input';
import type { FleetExport, FleetTotals } from './fleet-result';
import type { FleetStage } from './fleet-status';

/** The last planned export. The exports after it are not planned yet. */
export interface PlannedLast {
  /** Resource name of the Model, without a version. */
  readonly model: string;
  readonly exportFormatId?: string;
}

/** The part of a fleet that is not planned yet. */
export type FleetSource =
  | { readonly exports: readonly ExportModelsEntry[] }
  | {
      readonly models: readonly string[];
      readonly formats?: readonly string[] | 'all';
      /** The last planned export, if only a part of the first Model's exports is planned. */
      readonly after?: PlannedLast;
    }
  | {
      readonly parent: string;
      readonly filter?: string;
      readonly formats?: readonly string[] | 'all';
      /** Token of the next page; missing for the first page. */
      readonly pageToken?: string;
      /** The last planned export of the page, if only a part of the page is planned. */
      readonly after?: PlannedLast;
    };

/** An export that is ready to start. */
export interface PlannedExport {
  readonly workflowId: string;
  readonly input: ExportModelInput;
}

/** Settings of a fleet, from its checked input. */
export interface FleetSettings {
  readonly maxConcurrent: number;
  readonly onFailure: 'continue' | 'stop';
  readonly resultsUriPrefix?: string;
  /** Folder name of the workflow id, below `resultsUriPrefix`. Missing in runs of earlier versions. */
  readonly folderName?: string;
  /** Indexes in `exports` or `models` that request the same export as an earlier one. */
  readonly duplicates: readonly number[];
}

/** A running export. */
export interface RunningExport {
  readonly workflowId: string;
  readonly model: string;
  readonly exportFormatId?: string;
  /** First run id of the export's workflow; missing if this run of the fleet did not start it. */
  readonly runId?: string;
  /** Set if an earlier run of the same fleet had started it. */
  readonly reused?: true;
}

/** Results that are being written to an object. */
export interface PendingResults {
  readonly uri: string;
  readonly exports: readonly FleetExport[];
}

/**
 * The state of a fleet. It is carried over when the fleet continues as new. All parts are bounded, so that the state
 * fits into one payload.
 */
export interface FleetState {
  settings: FleetSettings;
  /** Start of the first run, in ISO 8601 (UTC). */
  readonly startTime: string;
  stage: FleetStage;
  /** The part of the fleet that is not planned yet. */
  source?: FleetSource | undefined;
  /** Planned exports that are not started yet. */
  planned: PlannedExport[];
  running: RunningExport[];
  totals: Omit<FleetTotals, 'running'>;
  /** Results that are not in an object. */
  exports: FleetExport[];
  /** The first failed exports. */
  failures: FleetExport[];
  /** Results whose objects are not written yet, in order. Missing in runs of earlier versions. */
  pendingResults?: PendingResults[];
  /** URIs of the first result objects. */
  resultUris: string[];
  /** Number of all result objects; missing if `resultUris` has all of them. */
  resultCount?: number;
  /** Number of results that could not be written and that are not in `notes`. */
  unwritten?: number;
  /** Number of pages of Models that were read. */
  pages?: number;
  /** Keys of the exports planned last, 12 characters each. An export is not started again if its key is listed. */
  seen?: string;
  notes: string[];
  /** Why no further export is started. */
  stopped?: string;
}
