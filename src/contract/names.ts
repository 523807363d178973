/** Registered name of the workflow that exports one Model. */
export const EXPORT_MODEL_WORKFLOW = 'exportModelWorkflow';

/** Registered name of the workflow that exports many Models. */
export const EXPORT_MODELS_WORKFLOW = 'exportModelsWorkflow';

/** Name of the query that returns the state of an export, an `ExportStatus`. */
export const EXPORT_STATUS_QUERY = 'exportStatus';

/** Name of the query that returns the state of a fleet, a `FleetStatus`. */
export const FLEET_STATUS_QUERY = 'fleetStatus';

/** Name of the update that retries a blocked export after its cause is fixed. */
export const RETRY_EXPORT_UPDATE = 'retryExport';

/** Name of the update that ends a blocked export with its failure. */
export const ABORT_EXPORT_UPDATE = 'abortExport';
