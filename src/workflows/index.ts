/**
 * Entry point for workflow code. Re-export `exportModelWorkflow` and `exportModelsWorkflow` by name from your workflows
 * file, or start them as child workflows. All exports work inside the workflow sandbox.
 *
 * @module
 */
export { ExportFailureType } from '../contract/failures';
export type { ExportFailureDetails, ExportFailureTypeName, FixableBy, LastFailure } from '../contract/failures';
export type { ExportDefaults, ExportModelsEntry, ExportModelsInput, ExportPriority } from '../contract/fleet-input';
export type {
  ExportModelsResult,
  FleetExport,
  FleetExportFailure,
  FleetTimings,
  FleetTotals,
  ResultObjects,
} from '../contract/fleet-result';
export type { FleetStage, FleetStatus } from '../contract/fleet-status';
export type { DurationInput } from '../contract/duration';
export type {
  ExportModelInput,
  LongExportsOptions,
  OutputConfig,
  PollingOptions,
  VerificationLevel,
} from '../contract/export-input';
export type {
  Adoption,
  ExportAttempt,
  ExportedFile,
  ExportModelResult,
  ExportTimings,
  ExportVerification,
  OutputInfo,
  PartialFailure,
  Reads,
  VerifiedFiles,
  VerifiedImage,
} from '../contract/export-result';
export type { BlockedReason, ExportStage, ExportStatus } from '../contract/export-status';
export { abortExportUpdate, retryExportUpdate } from './export/human-gate';
export { exportModelWorkflow, exportStatusQuery } from './export/workflow';
export { exportModelsWorkflow, fleetStatusQuery } from './fleet/workflow';
