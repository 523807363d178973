import { existsSync } from 'node:fs';
import path from 'node:path';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createExportActivities } from '../activities';
import type { WorkerConfig } from './config';

/** Created by the build, so that a worker starts without bundling. */
const PREBUILT_BUNDLE = path.join(__dirname, '..', '..', 'workflow-bundle.js');

/** The workflow code of this package: bundled by the build, or its sources. */
export function exportWorkflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  if (existsSync(PREBUILT_BUNDLE)) return { workflowBundle: { codePath: PREBUILT_BUNDLE } };
  return { workflowsPath: path.join(__dirname, '..', 'workflows') };
}

/**
 * Creates a worker with this package's workflows and activities only. In your own worker, use `createExportActivities`
 * instead, and re-export `exportModelWorkflow` from your workflows file.
 */
export function createExportWorker(
  connection: NativeConnection,
  namespace: string,
  config: WorkerConfig,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    ...exportWorkflows(),
    activities: createExportActivities(config.google),
    maxConcurrentActivityTaskExecutions: config.maxConcurrentExports,
    maxCachedWorkflows: config.maxCachedWorkflows,
    shutdownGraceTime: config.shutdownGraceMs,
  });
}
