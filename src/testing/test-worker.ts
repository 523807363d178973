import type { WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createExportActivities } from '../activities';
import type { GoogleOptions } from '../activities';
import { exportWorkflows } from '../worker/create-worker';
import type { Started } from './started';
import type { TestTemporal } from './test-temporal';

/** Worker of a test stack. All options of the SDK's worker are possible. */
export interface TestWorkerOptions extends Omit<WorkerOptions, 'connection' | 'namespace' | 'taskQueue'> {
  /** Your activities. Those of this package are added. */
  activities?: Record<string, (...args: never[]) => Promise<unknown>>;
  /**
   * File with your workflows and a re-export of this package's. Default: this package's workflows alone, which are
   * bundled already.
   */
  workflowsPath?: string;
  /** How the export activities connect to the local services. Default: at once, without a request budget. */
  google?: GoogleOptions;
}

/** Starts a worker in this process. It stops with the stack. Returns a promise that settles when the worker has ended. */
export async function startTestWorker(
  temporal: TestTemporal,
  taskQueue: string,
  google: GoogleOptions,
  options: TestWorkerOptions,
  started: Started,
): Promise<{ readonly ended: Promise<void> }> {
  const { activities, google: changes, ...others } = options;
  const hasWorkflows = others.workflowsPath !== undefined || others.workflowBundle !== undefined;
  const worker = await Worker.create({
    shutdownGraceTime: '1 second',
    ...(hasWorkflows ? {} : exportWorkflows()),
    ...others,
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    taskQueue,
    activities: { ...createExportActivities({ ...google, ...changes }), ...activities },
  });
  const running = worker.run();
  // Without a handler, an error of the worker would end the process before the stack reports it.
  running.catch(() => undefined);
  started.add(() => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    return running;
  });
  return { ended: running };
}
