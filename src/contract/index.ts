export type * from './activities';
export type * from './fleet-activities';
export { duration } from './duration';
export type { DurationInput } from './duration';
export { digestOf, exportWorkflowId } from './export-workflow-id';
export { ExportFailureType } from './failures';
export type { ExportFailureDetails, ExportFailureTypeName } from './failures';
export { firstIssue } from './first-issue';
export { describeProblems, exportModelInputSchema, InvalidExportInputError, parseExportModelInput } from './input';
export type {
  ExportModelInput,
  InputProblem,
  LongExportsOptions,
  NormalizedExportInput,
  OutputConfig,
  PollingOptions,
  VerificationLevel,
} from './input';
export type { InspectedFile, InspectedTensor } from './inspected';
export { exportManifest, exportManifestSchema } from './manifest';
export type { ExportManifest } from './manifest';
export { parseImageReference, parseImageUri, parseModelName, parseStorageUri } from './resource-names';
export type { ImageReference, StorageUri } from './resource-names';
export { parseExportModelsInput } from './fleet-check';
export { exportModelsInputSchema, exportOf } from './fleet-input';
export type { ExportDefaults, ExportModelsEntry, ExportModelsInput, ExportPriority } from './fleet-input';
export { notSucceeded, succeeded } from './fleet-outcome';
export { exportModelsResultSchema } from './fleet-result';
export type { ExportModelsResult, FleetExport, FleetTotals } from './fleet-result';
export { EXPORT_MODELS_WORKFLOW, FLEET_STATUS_QUERY } from './fleet-status';
export type { FleetStage, FleetStatus } from './fleet-status';
export { exportModelResultSchema } from './result';
export type {
  Adoption,
  ExportAttempt,
  ExportedFile,
  ExportModelResult,
  OutputInfo,
  Reads,
  VerifiedFiles,
  VerifiedImage,
} from './result';
export {
  ABORT_EXPORT_UPDATE,
  EXPORT_MODEL_WORKFLOW,
  EXPORT_STATUS_QUERY,
  MAX_SUMMARY,
  RETRY_EXPORT_UPDATE,
  SELECT_HEARTBEAT_TIMEOUT_MS,
} from './status';
export type { BlockedReason, ExportStage, ExportStatus } from './status';
