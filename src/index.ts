/**
 * Entry for workers and clients. Workflow code imports from `temporal-vertex-export/workflow` instead.
 *
 * @module
 */
export { createExportActivities } from './activities';
export type { GoogleOptions } from './activities';
export type { ServiceHosts } from './activities/google-dependencies';
export { VertexExportClient } from './client';
export type { ExportClientOptions, ExportHandle, StartExportOptions } from './client';
export type { FleetHandle, StartFleetOptions } from './fleet-client';
export type { EndedExport, FollowedExport, ResultsOptions } from './ended-exports';
export {
  ABORT_EXPORT_UPDATE,
  EXPORT_MODEL_WORKFLOW,
  EXPORT_MODELS_WORKFLOW,
  EXPORT_STATUS_QUERY,
  ExportFailureType,
  InvalidExportInputError,
  exportManifestSchema,
  exportModelInputSchema,
  exportModelResultSchema,
  exportModelsInputSchema,
  exportModelsResultSchema,
  exportWorkflowId,
  FLEET_STATUS_QUERY,
  parseExportModelInput,
  parseExportModelsInput,
  RETRY_EXPORT_UPDATE,
} from './contract';
export type {
  Adoption,
  BlockedReason,
  DurationInput,
  ExportActivities,
  ExportAttempt,
  ExportDefaults,
  ExportedFile,
  ExportFailureDetails,
  ExportFailureTypeName,
  ExportManifest,
  ExportModelInput,
  ExportModelResult,
  ExportModelsEntry,
  ExportModelsInput,
  ExportModelsResult,
  ExportPriority,
  ExportStage,
  ExportStatus,
  FleetExport,
  FleetStage,
  FleetStatus,
  FleetTotals,
  InputProblem,
  InspectedFile,
  InspectedTensor,
  LastFailure,
  LongExportsOptions,
  OutputConfig,
  OutputInfo,
  PollingOptions,
  Reads,
  VerificationLevel,
  VerifiedFiles,
  VerifiedImage,
} from './contract';
export { ManifestError, verifyManifest } from './manifest-check';
export type { ManifestCheck, ManifestCheckOptions, ManifestCheckProgress } from './manifest-check';
export type { Credentials } from './google/credentials';
export { redactingLogger } from './telemetry/logs';
