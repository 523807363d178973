/**
 * Entry point for workers and clients. Workflow code imports from `temporal-vertex-export/workflow`.
 *
 * @module
 */
export { createExportActivities } from './activities';
export type { GoogleOptions } from './activities';
export type { GoogleServiceOptions, ServiceHosts } from './google/services';
export { VertexExportClient } from './client/client';
export type { ExportClientOptions, ExportHandle, StartExportOptions } from './client/client';
export type { FleetHandle, StartFleetOptions } from './client/fleet-handle';
export type { EndedExport, FollowedExport, ResultsOptions } from './client/ended-exports';
export {
  ABORT_EXPORT_UPDATE,
  EXPORT_MODEL_WORKFLOW,
  EXPORT_MODELS_WORKFLOW,
  EXPORT_STATUS_QUERY,
  FLEET_STATUS_QUERY,
  RETRY_EXPORT_UPDATE,
} from './contract/names';
export { ExportFailureType } from './contract/failures';
export { InvalidExportInputError } from './contract/problems';
export { exportManifestSchema } from './manifest/statement';
export { exportModelInputSchema, parseExportModelInput } from './contract/export-input';
export { exportModelResultSchema } from './contract/export-result';
export { exportModelsInputSchema } from './contract/fleet-input';
export { exportModelsResultSchema } from './contract/fleet-result';
export { exportWorkflowId } from './contract/workflow-id';
export { parseExportModelsInput } from './contract/fleet-check';
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
} from './contract/export-result';
export type { BlockedReason, ExportStage, ExportStatus } from './contract/export-status';
export type { DurationInput } from './contract/duration';
export type { ExportActivities } from './contract/export-activities';
export type { ExportDefaults, ExportModelsEntry, ExportModelsInput, ExportPriority } from './contract/fleet-input';
export type { ExportFailureDetails, ExportFailureTypeName, FixableBy, LastFailure } from './contract/failures';
export type { ExportManifest, ManifestPredicate, ManifestSubject } from './manifest/statement';
export type {
  ExportModelInput,
  LongExportsOptions,
  NormalizedExportInput,
  OutputConfig,
  PollingOptions,
  VerificationLevel,
} from './contract/export-input';
export type {
  ExportModelsResult,
  FleetExport,
  FleetExportFailure,
  FleetTimings,
  FleetTotals,
  ResultObjects,
} from './contract/fleet-result';
export type { FleetStage, FleetStatus } from './contract/fleet-status';
export type { InputProblem } from './contract/problems';
export type { InspectedFile, InspectedTensor } from './verification/inspected';
export { ManifestError, verifyManifest } from './manifest/check';
export type { ManifestCheck, ManifestCheckOptions, ManifestCheckProgress } from './manifest/check';
export type { Credentials } from './google/credentials';
export { redactingLogger } from './telemetry/logs';
