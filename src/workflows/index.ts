/**
 * Entry for workflow code: re-export `exportModelWorkflow` by name from your workflows file, or start it as a child.
 * Nothing here reaches outside the workflow sandbox.
 */
export { ExportFailureType } from '../contract/failures';
export type { ExportFailureDetails, ExportFailureTypeName } from '../contract/failures';
export type { ExportModelInput } from '../contract/input';
export type { ExportModelResult } from '../contract/result';
export type { BlockedReason, ExportStage, ExportStatus } from '../contract/status';
export { abortExportUpdate, retryExportUpdate } from './blocked';
export { exportModelWorkflow, exportStatusQuery } from './export-model';
