import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';

/** The methods of a worker that are used to run it. */
export type RunnableWorker = Pick<Worker, 'run' | 'getState' | 'getStatus'>;

/** A worker can't start or continue; the message states why and what to do. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
}

export interface RunOptions {
  /** How long activities may take to end after a shutdown began, in milliseconds. */
  readonly shutdownGraceMs: number;
  /** Whether the shutdown was requested. */
  readonly isStopRequested: () => boolean;
  /** The last error in the worker's log. */
  readonly lastError: () => string | undefined;
}

/** Interval at which the worker's state is read, in milliseconds. */
const STATE_INTERVAL_MS = 200;
/** Time after the grace period in which the SDK reports how the activities ended, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 5_000;
/** Time in which a failed worker without activities must end, in milliseconds. */
const IDLE_MARGIN_MS = 1_000;

/**
 * Runs a worker until a stop is requested.
 *
 * After a fatal error, the SDK shuts the worker down and waits for a workflow task that never ends: `run()` neither
 * resolves nor rejects. So the worker's state is checked at an interval, too.
 *
 * @throws WorkerEndedError if the worker stopped without a request, or did not stop in time
 */
export async function runWorker(worker: RunnableWorker, options: RunOptions): Promise<void> {
  const ended = new AbortController();
  const running = worker.run().catch((error: unknown) => {
    throw new WorkerEndedError(
      stopped(options.lastError() ?? (error instanceof Error ? error.message : String(error))),
    );
  });
  try {
    await Promise.race([running, stuckShutdown(worker, options, ended.signal)]);
  } finally {
    ended.abort();
    // If the shutdown was stuck, a later rejection is not handled elsewhere.
    running.catch(() => undefined);
  }
  if (!options.isStopRequested()) throw new WorkerEndedError(stopped(options.lastError() ?? 'The SDK gave no reason.'));
}

/** Rejects if a shutdown takes too long. */
async function stuckShutdown(worker: RunnableWorker, options: RunOptions, signal: AbortSignal): Promise<never> {
  let shutdown: { readonly at: number; readonly isRequested: boolean } | undefined;
  for (;;) {
    await sleep(STATE_INTERVAL_MS, undefined, { signal });
    const state = worker.getState();
    if (state === 'INITIALIZED' || state === 'RUNNING') continue;
    // A later signal does not turn a fatal error into a requested stop.
    shutdown ??= { at: performance.now(), isRequested: options.isStopRequested() };
    const { at, isRequested } = shutdown;
    const activities = worker.getStatus().numInFlightActivities;
    const isIdle = !isRequested && activities === 0;
    const allowedMs = isIdle ? IDLE_MARGIN_MS : options.shutdownGraceMs + SHUTDOWN_MARGIN_MS;
    if (performance.now() - at < allowedMs) continue;
    throw new WorkerEndedError(
      isRequested
        ? `The worker did not stop within ${allowedMs} ms. Activities that are still running: ${activities}. Temporal retries them on another worker.`
        : stopped(options.lastError() ?? 'The SDK gave no reason.'),
    );
  }
}

function stopped(reason: string): string {
  const [, namespace] = /namespace (\S+) is not found/i.exec(reason) ?? [];
  if (namespace !== undefined) {
    return `The worker stopped: the namespace ${namespace} no longer exists. Create it, or correct TEMPORAL_NAMESPACE.`;
  }
  return `The worker stopped after a fatal error: ${reason} Start it again; if it stops again, the log names the workflow to terminate.`;
}
