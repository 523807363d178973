export type * from './activities';
export type * from './fleet-activities';
export { duration } from './duration-field';
export type { DurationInput } from './duration';
export { childWorkflowId, digestOf, exportFolderName, exportWorkflowId, formerChildWorkflowId } from './workflow-id';
export { ExportFailureType } from './failures';
export type { ExportFailureDetails, ExportFailureTypeName, FixableBy, LastFailure } from './failures';
export { exportModelInputSchema, parseExportModelInput } from './input';
export { partialFailureLines } from './partial-failures';
export { describeProblems, firstIssue, InvalidExportInputError, problem, problemsOf } from './problems';
export type { InputProblem } from './problems';
export type {
  ExportModelInput,
  LongExportsOptions,
  NormalizedExportInput,
  OutputConfig,
  PollingOptions,
  VerificationLevel,
} from './input';
export type { InspectedFile, InspectedTensor } from './inspected';
export { exportManifest, exportManifestSchema } from './manifest';
export type { ExportManifest } from './manifest';
export {
  mayBeSameProject,
  modelName,
  normalizeModelName,
  parseImageReference,
  parseImageUri,
  parseModelName,
  parseOperationName,
  parseStorageUri,
} from './resource-names';
export type { ImageReference, StorageUri } from './resource-names';
export { boundedLine, boundedLines, boundedMessage, cut, summaryText } from './text';
export * from './export-requests';
export { checkCarriedFleet, parseCarriedFleet } from './fleet-carried';
export { checkExportModelsInput, parseExportModelsInput } from './fleet-check';
export * from './fleet-requests';
export type { RunningExport } from './fleet-state';
export { jsonBytes } from './fleet-limits';
export { formatId } from './fields';
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
  RETRY_EXPORT_UPDATE,
  SELECT_HEARTBEAT_TIMEOUT_MS,
} from './status';
export type { BlockedReason, ExportStage, ExportStatus } from './status';
