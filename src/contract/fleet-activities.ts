import type { ExportDefaults, ExportModelsEntry, ExportModelsInput } from './fleet-input';
import type { FleetExport } from './fleet-result';
import type { FleetState } from './fleet-state';
import type { ExportModelInput } from './export-input';

/** What is left of a fleet to plan: a part of it is planned at a time. */
export type FleetSource =
  | { readonly exports: readonly ExportModelsEntry[] }
  | {
      readonly models: readonly string[];
      readonly formats?: readonly string[] | 'all';
      /** The export that was planned last, where a part was planned up to there. */
      readonly after?: PlannedLast;
    }
  | {
      readonly parent: string;
      readonly filter?: string;
      readonly formats?: readonly string[] | 'all';
      /** Where the next page begins; left out for the first one. */
      readonly pageToken?: string;
      readonly after?: PlannedLast;
    };

/** The last export of a part that was planned: what follows it is left. */
export interface PlannedLast {
  /** Resource name of the Model, without a version. */
  readonly model: string;
  readonly exportFormatId?: string;
}

export interface PlanExportsRequest {
  readonly source: FleetSource;
  readonly defaults?: ExportDefaults;
  /** Workflow id of the fleet: the exports' own begin with it. */
  readonly fleet: string;
  /** How the exports' workflow ids are made. Left out by runs that began before ids had a length limit. */
  readonly childIds?: 'bounded';
  /** The most bytes of JSON of `planned`; at least one export is planned. Default: no limit, for earlier versions. */
  readonly maxBytes?: number;
}

/** One export that is to be started. */
export interface PlannedExport {
  readonly workflowId: string;
  readonly input: ExportModelInput;
}

export interface PlannedExports {
  readonly planned: readonly PlannedExport[];
  /** Models that nothing can be started for. */
  readonly failed: readonly FleetExport[];
  /** Models below the parent that have no format that was asked for. */
  readonly skipped: number;
  /** Of a parent: there are more. */
  readonly nextPageToken?: string;
  /** What of the part did not fit into `maxBytes`; it is planned before what follows the part. */
  readonly rest?: FleetSource;
}

/** What a checked input of a fleet comes to. */
export interface FleetSettings {
  readonly maxConcurrent: number;
  readonly onFailure: 'continue' | 'stop';
  readonly resultsUriPrefix?: string;
  /** Folder below `resultsUriPrefix`, made of the workflow id. Left out by runs that began before it was checked. */
  readonly folderName?: string;
  /** Places in `exports` or `models` that ask for the same as one before. */
  readonly duplicates: readonly number[];
}

export interface AwaitExportsRequest {
  readonly workflowIds: readonly string[];
  /**
   * The runs to follow, at the same places as `workflowIds`; `null` is the run that is the latest when the activity
   * begins. Left out by workflows of earlier versions.
   */
  readonly runIds?: readonly (string | null)[];
  readonly heartbeatTimeoutMs: number;
}

/** How an export's workflow ended. */
export interface EndedFleetExport extends Pick<FleetExport, 'outcome' | 'outputInfo' | 'failure'> {
  readonly workflowId: string;
  /** Left out where the export did not say. */
  readonly model?: string;
  readonly exportFormatId?: string;
}

export interface WriteResultsRequest {
  /** `gs://bucket/path/file` */
  readonly uri: string;
  readonly exports: readonly FleetExport[];
}

/** Activities of `exportModelsWorkflow`, as `createExportActivities` makes them. */
export interface FleetActivities {
  /** Checks the raw input of a fleet as a whole, and what an earlier run carried over. Starts nothing. */
  readonly checkExports: (input: ExportModelsInput, carried?: FleetState) => Promise<FleetSettings>;
  /** Settles formats and workflow ids of a part of a fleet, or of one page of `models.list`. */
  readonly planExports: (request: PlanExportsRequest) => Promise<PlannedExports>;
  /** Waits until some of the workflows have ended, and gives those. */
  readonly awaitExports: (request: AwaitExportsRequest) => Promise<EndedFleetExport[]>;
  /** Writes results as JSON lines. */
  readonly writeResults: (request: WriteResultsRequest) => Promise<void>;
}
