import { z } from 'zod';
import type { ExportActivities } from '../contract/export-activities';
import { SELECT_HEARTBEAT_TIMEOUT_MS } from '../contract/duration';
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
import { defineActivity, defineUncheckedActivity } from './define-activity';
import { deletePartialArtifacts } from './export/delete-partial-artifacts';
import type { ExportDependencies, GoogleOptions } from './dependencies';
import { createDependencies } from './dependencies';
import { planExports } from './fleet/plan-exports';
import { selectExportFormat } from './export/select-export-format';
import { startExport } from './export/start-export';
import { writeResults } from './fleet/write-results';

export type { ExportDependencies, GoogleOptions } from './dependencies';

/**
 * Creates the activities of this package, for `Worker.create({activities})`. Several workers of one process share one
 * result, since the poller and the request budget belong to it.
 *
 * @param options where Google's services are and how to connect to them. Each has a default; the environment variables
 * of the emulators are read
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

/** Creates the activities with the given dependencies; tests replace services with it. */
export function exportActivities(deps: ExportDependencies): ExportActivities {
  return {
    selectExportFormat: defineActivity({
      schema: z.unknown(),
      heartbeatTimeoutMs: () => SELECT_HEARTBEAT_TIMEOUT_MS,
      run: (input, report) => selectExportFormat(deps, input, report),
    }),
    startExport: defineActivity({
      schema: startExportRequestSchema,
      heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
      run: (request, report) => startExport(deps, request, report),
    }),
    awaitExport: defineActivity({
      schema: awaitExportRequestSchema,
      heartbeatTimeoutMs: ({ polling }) => polling.heartbeatTimeout,
      run: (request, report) => awaitExport(deps, request, report),
    }),
    verifyExport: defineActivity({
      schema: verifyExportRequestSchema,
      heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
      purpose: 'artifacts',
      run: async (request, report) => {
        // It loads all inspectors, a quarter of the package's code, which a client does not need.
        const { verifyExport } = await import('./export/verify-export.js');
        return verifyExport(deps, request, report);
      },
    }),
    cancelExport: defineActivity({
      schema: cancelExportRequestSchema,
      heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
      run: (request, report) => cancelExport(deps, request, report),
    }),
    deletePartialArtifacts: defineActivity({
      schema: deletePartialArtifactsRequestSchema,
      heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
      purpose: 'deletion',
      run: (request, report) => deletePartialArtifacts(deps, request, report),
    }),
    checkExports: defineUncheckedActivity(checkExports),
    planExports: defineActivity({ schema: planExportsRequestSchema, run: (request) => planExports(deps, request) }),
    awaitExports: defineActivity({
      schema: awaitExportsRequestSchema,
      heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
      run: awaitExports,
    }),
    writeResults: defineActivity({
      schema: writeResultsRequestSchema,
      run: (request) => writeResults(deps, request),
    }),
  };
}
