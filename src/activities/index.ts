import type { ExportActivities } from '../contract/export-activities';
import {
  awaitExportRequestSchema,
  cancelExportRequestSchema,
  deletePartialArtifactsRequestSchema,
  startExportRequestSchema,
  verifyExportRequestSchema,
} from '../contract/export-requests';
import {
  awaitExportsRequestSchema,
  planExportsRequestSchema,
  writeResultsRequestSchema,
} from '../contract/fleet-requests';
import { awaitExport } from './export/await-export';
import { awaitExports } from './fleet/await-ended-exports';
import { cancelExport } from './export/cancel-export';
import { checkExports } from './fleet/check-exports';
import { defineActivity, documented } from './define-activity';
import { deletePartialArtifacts } from './export/delete-partial-artifacts';
import type { ExportDependencies, GoogleOptions } from './dependencies';
import { createDependencies } from './dependencies';
import { planExports } from './fleet/plan-exports';
import { selectExportFormat } from './export/select-export-format';
import { startExport } from './export/start-export';
import { writeResults } from './fleet/write-results';

export type { ExportDependencies, GoogleOptions } from './dependencies';

/**
 * The activities of this package, for `Worker.create({activities})`. Several workers of one process share one result:
 * the watcher and the budget of requests belong to it.
 *
 * @param options where Google's services are and how to speak to them; every one has a default, and the emulator's
 * environment variables are read
 *
 * @example
 * const worker = await Worker.create({
 *   workflowsPath: require.resolve('./workflows'),
 *   activities: createExportActivities(),
 *   taskQueue: 'vertex-export',
 * });
 */
export function createExportActivities(options: GoogleOptions = {}): ExportActivities {
  return exportActivities(createDependencies(options));
}

/** The activities over given dependencies: what tests use to stand in for a service. */
export function exportActivities(deps: ExportDependencies): ExportActivities {
  return {
    selectExportFormat: documented((input) => selectExportFormat(deps, input)),
    startExport: defineActivity(startExportRequestSchema, (request) => startExport(deps, request)),
    awaitExport: defineActivity(awaitExportRequestSchema, (request) => awaitExport(deps, request)),
    verifyExport: defineActivity(verifyExportRequestSchema, async (request) => {
      // It brings all inspectors, a quarter of what there is to load; a client needs none of them.
      const { verifyExport } = await import('./export/verify-export.js');
      return verifyExport(deps, request);
    }),
    cancelExport: defineActivity(cancelExportRequestSchema, (request) => cancelExport(deps, request)),
    deletePartialArtifacts: defineActivity(deletePartialArtifactsRequestSchema, (request) =>
      deletePartialArtifacts(deps, request),
    ),
    checkExports: documented(checkExports),
    planExports: defineActivity(planExportsRequestSchema, (request) => planExports(deps, request)),
    awaitExports: defineActivity(awaitExportsRequestSchema, awaitExports),
    writeResults: defineActivity(writeResultsRequestSchema, (request) => writeResults(deps, request)),
  };
}
