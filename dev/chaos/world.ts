import type { EmulatorOperation } from '../../emulator';
import type { ExportAttempt, ExportModelResult, ExportModelsResult } from '../../src';
import type { FleetIntervention, Intervention } from './plan';

/** An export with its interventions. */
export interface Started {
  readonly workflowId: string;
  readonly interventions: ObservedExport['interventions'][number][];
}

/** How a workflow of an export ended. Times are ISO 8601. */
export type ExportEnd =
  | { readonly status: 'COMPLETED'; readonly closeTime: string; readonly result: ExportModelResult }
  | {
      readonly status: 'FAILED' | 'CANCELLED';
      readonly closeTime: string;
      /** Type of the failure, where it has one. */
      readonly type?: string;
      /** The contents of the failure and of the status. */
      readonly report: string;
      /** The operation that the status names. */
      readonly operation?: string;
      readonly attempts: readonly ExportAttempt[];
    }
  | { readonly status: 'TERMINATED'; readonly closeTime: string; readonly attempts: readonly ExportAttempt[] }
  /** It did not end in time, was never started, or ended in an unexpected way. */
  | { readonly status: string; readonly closeTime?: never };

/** One export, as Temporal and as the service know it. */
export interface ObservedExport {
  readonly workflowId: string;
  /** Name of the Model, without a version: no other export has it. */
  readonly model: string;
  readonly exportFormatId: string;
  /** What was done to it. */
  readonly interventions: readonly (Intervention | FleetIntervention)[];
  readonly end: ExportEnd;
  /** Every operation of its Model, oldest first. */
  readonly operations: readonly EmulatorOperation[];
}

export type FleetEnd =
  | { readonly status: 'COMPLETED'; readonly result: ExportModelsResult }
  | { readonly status: string; readonly result?: never };

export interface ObservedFleet {
  readonly workflowId: string;
  readonly isCancelled: boolean;
  readonly end: FleetEnd;
  /** Workflow IDs of the exports that it should have started. For a cancelled fleet: those that it started. */
  readonly children: readonly string[];
}

/** An object of the bucket. */
export interface StoredObject {
  readonly bytes: number;
  readonly crc32c: string;
  readonly generation: string;
}

/** A request to Vertex AI. */
export interface ObservedRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly route: string;
}

/** A worker process with all its requests to its one project and region, in any order. */
export interface ObservedProcess {
  readonly name: string;
  readonly requests: readonly ObservedRequest[];
}

/** The state after a run has ended. */
export interface World {
  readonly exports: readonly ObservedExport[];
  readonly fleets: readonly ObservedFleet[];
  /** By their `gs://` URI. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly processes: readonly ObservedProcess[];
  /** The limits of each process per minute. */
  readonly limits: { readonly requests: number; readonly submissions: number };
}
