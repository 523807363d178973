export type * from './activities';
export { duration } from './duration';
export type { DurationInput } from './duration';
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
