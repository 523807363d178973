/**
 * Entry for workers and clients. Workflow code imports from `temporal-vertex-export/workflow` instead.
 *
 * @module
 */
export { createExportActivities } from './activities';
export type { GoogleOptions } from './activities';
export type { ServiceHosts } from './activities/google-dependencies';
export { VertexExportClient, exportWorkflowId } from './client';
export type { ExportClientOptions, ExportHandle, StartExportOptions } from './client';
export {
  ABORT_EXPORT_UPDATE,
  EXPORT_MODEL_WORKFLOW,
  EXPORT_STATUS_QUERY,
  ExportFailureType,
  InvalidExportInputError,
  exportModelInputSchema,
  exportModelResultSchema,
  parseExportModelInput,
  RETRY_EXPORT_UPDATE,
} from './contract';
export type {
  Adoption,
  BlockedReason,
  DurationInput,
  ExportActivities,
  ExportAttempt,
  ExportedFile,
  ExportFailureDetails,
  ExportFailureTypeName,
  ExportModelInput,
  ExportModelResult,
  ExportStage,
  ExportStatus,
  InputProblem,
  InspectedFile,
  LongExportsOptions,
  OutputConfig,
  OutputInfo,
  PollingOptions,
  VerificationLevel,
  VerifiedFiles,
  VerifiedImage,
} from './contract';
export type { Credentials } from './google/credentials';
