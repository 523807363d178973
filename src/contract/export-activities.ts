import type { FleetActivities } from './fleet-activities';
import type { NormalizedExportInput, VerificationLevel } from './export-input';
import type { InspectedFile } from '../verification/inspected';
import type { Adoption, OutputInfo, PartialFailure, Reads, VerifiedFiles, VerifiedImage } from './export-result';

/** A checked input whose version and format are settled: everything that the later steps need. */
export interface ExportPlan {
  /** `projects/P/locations/L/models/M@versionId`. */
  readonly model: string;
  readonly modelDisplayName: string;
  readonly exportFormatId: string;
  readonly destinations: ExportDestinations;
  /** The service's own clock when the Model was read: no operation of this run is older. */
  readonly notBefore: string;
  readonly perRunFolder: boolean;
  /** Name of the folder of the workflow id, where `perRunFolder` is set. Left out by plans of earlier versions. */
  readonly folderName?: string;
  readonly verification: NormalizedExportInput['verification'];
  readonly polling: NormalizedExportInput['polling'];
  /** Milliseconds from the workflow's start. */
  readonly deadlineMs: number;
  readonly maxExportAttempts: number;
  readonly longExports?: NonNullable<NormalizedExportInput['longExports']>;
  readonly onBlocked: NormalizedExportInput['onBlocked'];
  readonly deletePartialArtifacts: boolean;
  readonly source: ExportSource;
  readonly manifest: NormalizedExportInput['manifest'];
}

/** What an export can be compared with. */
export interface ExportSource {
  /** Where the Model was uploaded from. */
  readonly artifactUri?: string;
  /** When the version was made; what is newer at `artifactUri` is not what was uploaded. */
  readonly createTime?: string;
  /** The image that the Model is served by. */
  readonly servingImageUri?: string;
}

export interface ExportDestinations {
  /** Ends with `/`. */
  readonly outputUriPrefix?: string;
  readonly imageUri?: string;
}

/** Tells a run's own operation from all others. */
export interface OwnOperation {
  readonly model: string;
  readonly destinations: ExportDestinations;
  /** Whether `destinations.outputUriPrefix` is a folder that only this run writes to. */
  readonly perRunFolder: boolean;
  readonly notBefore: string;
  /** Operations of earlier export attempts of the run. */
  readonly exclude: readonly string[];
}

export interface StartExportRequest extends OwnOperation {
  /** Whether an earlier step of the workflow may have started the operation. Default `false`. */
  readonly mayHaveStarted?: boolean;
  /** From this time on nothing is started, ISO 8601. Left out by runs that began before it was checked. */
  readonly notAfter?: string;
  readonly exportFormatId: string;
  readonly heartbeatTimeoutMs: number;
}

export interface StartedExport {
  readonly operation: string;
  readonly adoption: Adoption;
  readonly outputInfo: OutputInfo;
  /** Whether a race may have started a second operation, which is to be looked for when this one has ended. */
  readonly mayHaveTwin?: true;
}

export interface AwaitExportRequest {
  readonly operation: string;
  readonly polling: ExportPlan['polling'];
  /** For what people see of the waiting: what was written so far. */
  readonly outputInfo?: OutputInfo;
  /** What the output is compared with. Left out by runs that began before it was compared. */
  readonly destinations?: ExportDestinations;
  /** What is learned of one export helps with the next of its format. */
  readonly exportFormatId?: string;
  /** Where a race may have started a second operation of the run: what tells it from others. */
  readonly twinOf?: OwnOperation;
  /** When the activity gives its slot back. Default: never. */
  readonly parking?: Parking;
}

export interface Parking {
  /** From this time on, milliseconds since 1970, an attempt ends when it has seen the operation running. */
  readonly at: number;
  /** Milliseconds from there to the next attempt. */
  readonly checkEvery: number;
}

export interface AwaitedExport {
  readonly outputInfo: OutputInfo;
  readonly createTime?: string;
  readonly updateTime?: string;
  /** What the operation reports as failed in part, at most 20. */
  readonly partialFailures?: readonly PartialFailure[];
  /** How many more there are. */
  readonly morePartialFailures?: number;
  /** Looks at the operation by the attempt that saw the end. */
  readonly polls: number;
}

export interface VerifyExportRequest {
  readonly level: VerificationLevel;
  readonly model: string;
  readonly operation: string;
  readonly exportFormatId: string;
  readonly outputInfo: OutputInfo;
  readonly destinations: ExportDestinations;
  readonly source: ExportSource;
  /** Whether a manifest of all files is written beside the export. */
  readonly writeManifest: boolean;
  readonly heartbeatTimeoutMs: number;
}

export interface VerifiedExport {
  readonly files?: VerifiedFiles;
  readonly image?: VerifiedImage;
  readonly notes: readonly string[];
  readonly reads?: Reads;
  readonly inspected?: readonly InspectedFile[];
}

export interface CancelExportRequest {
  /** Where it is not known, the run's own operations are looked up. */
  readonly operation?: string;
  readonly own: OwnOperation;
  readonly heartbeatTimeoutMs: number;
}

export interface CancelledOperation {
  readonly operation: string;
  /** How it ended: a cancel can lose the race. */
  readonly outcome: 'cancelled' | 'succeeded' | 'failed';
  readonly outputInfo: OutputInfo;
}

export interface DeletePartialArtifactsRequest {
  /** The run's own folder: `gs://…/<workflowId>/<runId>/`. */
  readonly folder: string;
  readonly heartbeatTimeoutMs: number;
}

export interface DeletedArtifacts {
  /** Objects that were deleted, by all attempts together. */
  readonly count: number;
  /** Objects that are still there, and why; left out where there are none. */
  readonly kept?: KeptArtifacts;
}

export interface KeptArtifacts {
  readonly count: number;
  /** Why the first of them could not be deleted, with what to do; at most 600 characters. */
  readonly reason: string;
}

/** The activities of this package, as `createExportActivities` makes them. */
export interface ExportActivities extends FleetActivities {
  /** Checks the raw input, pins the version, chooses the format, checks the destinations. Starts nothing. */
  readonly selectExportFormat: (input: unknown) => Promise<ExportPlan>;
  /** Adopts the run's own operation where there is one, and calls `models.export` otherwise. */
  readonly startExport: (request: StartExportRequest) => Promise<StartedExport>;
  /** Waits for the operation's end. Never cancels it. */
  readonly awaitExport: (request: AwaitExportRequest) => Promise<AwaitedExport>;
  /** Looks at what arrived. */
  readonly verifyExport: (request: VerifyExportRequest) => Promise<VerifiedExport>;
  /** Cancels the run's operations and waits for their end. */
  readonly cancelExport: (request: CancelExportRequest) => Promise<CancelledOperation[]>;
  /** Removes everything in the run's own folder. */
  readonly deletePartialArtifacts: (request: DeletePartialArtifactsRequest) => Promise<DeletedArtifacts>;
}
