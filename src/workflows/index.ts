/**
 * Entry for workflow code: re-export `exportModelWorkflow`, and `exportModelsWorkflow` for fleets, by name from your
 * workflows file, or start them as children.
 * Nothing here reaches outside the workflow sandbox.
 */
export { ExportFailureType } from '../contract/failures';
export type { ExportFailureDetails, ExportFailureTypeName } from '../contract/failures';
export type { ExportModelsInput } from '../contract/fleet-input';
export type { ExportModelsResult, FleetExport, FleetTotals } from '../contract/fleet-result';
export type { FleetStage, FleetStatus } from '../contract/fleet-status';
export type { ExportModelInput } from '../contract/input';
export type { ExportModelResult } from '../contract/result';
export type { BlockedReason, ExportStage, ExportStatus } from '../contract/status';
export { abortExportUpdate, retryExportUpdate } from './blocked';
export { exportModelWorkflow, exportStatusQuery } from './export-model';
export { exportModelsWorkflow, fleetStatusQuery } from './export-models';
