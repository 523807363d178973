import type { ExportDefaults, ExportModelsInput } from './fleet-input';
import type { FleetExport } from './fleet-result';
import type { FleetState, PlannedExport, FleetSettings, FleetSource } from './fleet-state';

/** Request of the activity `planExports`. */
export interface PlanExportsRequest {
  readonly source: FleetSource;
  readonly defaults?: ExportDefaults;
  /** Workflow id of the fleet. The workflow ids of its exports begin with it. */
  readonly fleet: string;
  /** How the workflow ids of exports are made. Missing in runs of earlier versions, whose ids have no length limit. */
  readonly childIds?: 'bounded';
  /** Maximum size of `planned`, in bytes of JSON. At least one export is planned. Default: no limit. */
  readonly maxBytes?: number;
}

/** Result of the activity `planExports`. */
export interface PlannedExports {
  readonly planned: readonly PlannedExport[];
  /** Models for which no export can be started. */
  readonly failed: readonly FleetExport[];
  /** Number of Models below the parent that support none of the requested formats. */
  readonly skipped: number;
  /** Token of the parent's next page; missing after the last page. */
  readonly nextPageToken?: string;
  /** The rest of the part, which exceeds `maxBytes`. It is planned next. */
  readonly rest?: FleetSource;
}

/** Request of the activity `awaitExports`. */
export interface AwaitExportsRequest {
  readonly workflowIds: readonly string[];
  /**
   * The run to follow for each of `workflowIds`; `null` means the latest run when the activity begins. Missing in runs
   * of earlier versions.
   */
  readonly runIds?: readonly (string | null)[];
  readonly heartbeatTimeoutMs: number;
}

/** How an export's workflow ended. */
export interface EndedFleetExport extends Pick<FleetExport, 'outcome' | 'outputInfo' | 'failure'> {
  readonly workflowId: string;
  /** Missing if the export's workflow did not report it. */
  readonly model?: string;
  readonly exportFormatId?: string;
}

/** Request of the activity `writeResults`. */
export interface WriteResultsRequest {
  /** URI of the object: `gs://bucket/path/file`. */
  readonly uri: string;
  readonly exports: readonly FleetExport[];
}

/** Activities of `exportModelsWorkflow`. `createExportActivities` creates them. */
export interface FleetActivities {
  /** Checks the raw input of a fleet and the state of an earlier run. Starts no export. */
  readonly checkExports: (input: ExportModelsInput, carried?: FleetState) => Promise<FleetSettings>;
  /** Selects formats and workflow ids for a part of a fleet, or for one page of `models.list`. */
  readonly planExports: (request: PlanExportsRequest) => Promise<PlannedExports>;
  /** Waits until at least one of the workflows has ended. Returns the ended ones. */
  readonly awaitExports: (request: AwaitExportsRequest) => Promise<EndedFleetExport[]>;
  /** Writes results as JSON lines. */
  readonly writeResults: (request: WriteResultsRequest) => Promise<void>;
}
