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
export type { ExportModelInput } from '../contract/export-input';
export type { ExportModelResult } from '../contract/export-result';
export type { BlockedReason, ExportStage, ExportStatus } from '../contract/export-status';
export { abortExportUpdate, retryExportUpdate } from './export/human-gate';
export { exportModelWorkflow, exportStatusQuery } from './export/workflow';
export { exportModelsWorkflow, fleetStatusQuery } from './fleet/workflow';
