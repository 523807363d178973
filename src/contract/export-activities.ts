import type { FleetActivities } from './fleet-activities';
import type { NormalizedExportInput, VerificationLevel } from './export-input';
import type { InspectedFile } from '../verification/inspected';
import type { Adoption, OutputInfo, PartialFailure, Reads, VerifiedFiles, VerifiedImage } from './export-result';

/** A checked input with a resolved version and format: everything that the later steps need. */
export interface ExportPlan {
  /** Resource name of the version: `projects/P/locations/L/models/M@versionId`. */
  readonly model: string;
  readonly modelDisplayName: string;
  readonly exportFormatId: string;
  readonly destinations: ExportDestinations;
  /** Time of the service when the Model was read, in ISO 8601. No operation of this run is older. */
  readonly notBefore: string;
  readonly perRunFolder: boolean;
  /** Folder name of the workflow id; missing without `perRunFolder`, and in plans of earlier versions. */
  readonly folderName?: string;
  readonly verification: NormalizedExportInput['verification'];
  readonly polling: NormalizedExportInput['polling'];
  /** Time from the start of the workflow to the deadline, in milliseconds. */
  readonly deadlineMs: number;
  readonly maxExportAttempts: number;
  readonly longExports?: NonNullable<NormalizedExportInput['longExports']>;
  readonly onBlocked: NormalizedExportInput['onBlocked'];
  readonly deletePartialArtifacts: boolean;
  readonly source: ExportSource;
  readonly manifest: NormalizedExportInput['manifest'];
}

/** Where a Model comes from. Exports are compared with it. */
export interface ExportSource {
  /** Directory that the Model was uploaded from. */
  readonly artifactUri?: string;
  /** Create time of the version. Objects at `artifactUri` that are newer were not uploaded with it. */
  readonly createTime?: string;
  /** Image of the Model's serving container. */
  readonly servingImageUri?: string;
}

/** Where an export writes to. */
export interface ExportDestinations {
  /** Directory in Cloud Storage; ends with `/`. */
  readonly outputUriPrefix?: string;
  /** URI of the image. */
  readonly imageUri?: string;
}

/** Identifies the operations of a run. */
export interface RunOperation {
  readonly model: string;
  readonly destinations: ExportDestinations;
  /** Whether `destinations.outputUriPrefix` is a folder that only this run writes to. */
  readonly perRunFolder: boolean;
  /** As in {@link ExportPlan}. */
  readonly notBefore: string;
  /** Operations of earlier attempts of the run. */
  readonly exclude: readonly string[];
}

/** Request of the activity `startExport`. */
export interface StartExportRequest extends RunOperation {
  /** Whether an earlier step of the workflow may have started the operation. Default `false`. */
  readonly mayHaveStarted?: boolean;
  /** No operation is started after this time, in ISO 8601. Missing in runs of earlier versions. */
  readonly notAfter?: string;
  readonly exportFormatId: string;
  readonly heartbeatTimeoutMs: number;
}

/** An operation that a run started or adopted. */
export interface StartedExport {
  readonly operation: string;
  readonly adoption: Adoption;
  readonly outputInfo: OutputInfo;
  /** Set if a race may have started a second operation. The run checks for it when this one has ended. */
  readonly mayHaveTwin?: true;
}

/** Request of the activity `awaitExport`. */
export interface AwaitExportRequest {
  readonly operation: string;
  readonly polling: ExportPlan['polling'];
  /** Where the operation writes its output. The activity reports how much it has written. */
  readonly outputInfo?: OutputInfo;
  /** What the output is compared with. Missing in runs of earlier versions. */
  readonly destinations?: ExportDestinations;
  /** The worker learns how long exports of each format take. */
  readonly exportFormatId?: string;
  /** Set if a race may have started a second operation: identifies the run's operations. */
  readonly twinOf?: RunOperation;
  /** When the export is parked. Default: never. */
  readonly parking?: Parking;
}

/** When the activity `awaitExport` frees its slot in the worker while the operation runs. */
export interface Parking {
  /** Time in milliseconds since 1970. After it, an attempt ends once it finds that the operation is running. */
  readonly at: number;
  /** Time until the next attempt, in milliseconds. */
  readonly checkEvery: number;
}

/** An operation that has succeeded. */
export interface AwaitedExport {
  readonly outputInfo: OutputInfo;
  readonly createTime?: string;
  readonly updateTime?: string;
  /** Partial failures that the operation reports, at most 20. */
  readonly partialFailures?: readonly PartialFailure[];
  /** Number of other partial failures. */
  readonly morePartialFailures?: number;
  /** Polls of the operation by the last attempt of the activity. */
  readonly polls: number;
}

/** Request of the activity `verifyExport`. */
export interface VerifyExportRequest {
  readonly level: VerificationLevel;
  readonly model: string;
  readonly operation: string;
  readonly exportFormatId: string;
  readonly outputInfo: OutputInfo;
  readonly destinations: ExportDestinations;
  readonly source: ExportSource;
  /** Whether a manifest of all files is written into the export's directory. */
  readonly writeManifest: boolean;
  readonly heartbeatTimeoutMs: number;
}

/** Output that was verified. */
export interface VerifiedExport {
  readonly files?: VerifiedFiles;
  readonly image?: VerifiedImage;
  readonly notes: readonly string[];
  readonly reads?: Reads;
  readonly inspected?: readonly InspectedFile[];
}

/** Request of the activity `cancelExport`. */
export interface CancelExportRequest {
  /** Resource name of the operation. If it is missing, the activity lists operations to find those of the run. */
  readonly operation?: string;
  /** Identifies the run's operations. */
  readonly own: RunOperation;
  readonly heartbeatTimeoutMs: number;
}

/** An operation that has ended after a cancel. */
export interface CancelledOperation {
  readonly operation: string;
  /** How the operation ended. It can end before the cancel reaches it. */
  readonly outcome: 'cancelled' | 'succeeded' | 'failed';
  readonly outputInfo: OutputInfo;
}

/** Request of the activity `deletePartialArtifacts`. */
export interface DeletePartialArtifactsRequest {
  /** The run's folder: `gs://…/<workflowId>/<runId>/`. */
  readonly folder: string;
  readonly heartbeatTimeoutMs: number;
}

/** Result of the activity `deletePartialArtifacts`. */
export interface DeletedArtifacts {
  /** Number of objects that all attempts deleted. */
  readonly count: number;
  /** Objects that could not be deleted; missing if there are none. */
  readonly kept?: KeptArtifacts;
}

/** Objects that could not be deleted. */
export interface KeptArtifacts {
  /** Number of objects. */
  readonly count: number;
  /** Why the first object could not be deleted, and what to do; at most 600 characters. */
  readonly reason: string;
}

/** The activities of this package. `createExportActivities` creates them. */
export interface ExportActivities extends FleetActivities {
  /** Checks the raw input, resolves the version, selects the format, and checks the destinations. Starts no operation. */
  readonly selectExportFormat: (input: unknown) => Promise<ExportPlan>;
  /** Adopts the operation that the run has already started, or calls `models.export`. */
  readonly startExport: (request: StartExportRequest) => Promise<StartedExport>;
  /** Waits for the operation's end. It never cancels the operation. */
  readonly awaitExport: (request: AwaitExportRequest) => Promise<AwaitedExport>;
  /** Verifies the exported files and image. */
  readonly verifyExport: (request: VerifyExportRequest) => Promise<VerifiedExport>;
  /** Cancels the run's operations and waits for their end. */
  readonly cancelExport: (request: CancelExportRequest) => Promise<CancelledOperation[]>;
  /** Deletes all objects in the run's folder. */
  readonly deletePartialArtifacts: (request: DeletePartialArtifactsRequest) => Promise<DeletedArtifacts>;
}
