import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';

/** What is run: a worker, as far as its end is concerned. */
export type RunnableWorker = Pick<Worker, 'run' | 'getState' | 'getStatus'>;

/** A worker can't run, or can't continue; the message says why and what to do. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
}

export interface RunOptions {
  /** How long activities get to end after a shutdown began, in milliseconds. */
  readonly shutdownGraceMs: number;
  /** Whether somebody asked for the shutdown. */
  readonly isStopRequested: () => boolean;
  /** What went wrong last, from the worker's log. */
  readonly lastError: () => string | undefined;
}

/** How often the worker's state is read, in milliseconds. */
const WATCH_INTERVAL_MS = 200;
/** After the grace, the SDK gets this time to report how the activities ended, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 5_000;
/** A failed worker without activities gets this time to end by itself, in milliseconds. */
const IDLE_MARGIN_MS = 1_000;

/**
 * Runs a worker until it was asked to stop.
 *
 * After a fatal error, the SDK shuts the worker down and waits for a workflow task that never ends: `run()` neither
 * resolves nor rejects. So the worker's state is watched, too.
 *
 * @throws WorkerEndedError where the worker stopped by itself, or did not stop in time
 */
export async function runWorker(worker: RunnableWorker, options: RunOptions): Promise<void> {
  const watched = new AbortController();
  const running = worker.run().catch((error: unknown) => {
    throw new WorkerEndedError(
      stopped(options.lastError() ?? (error instanceof Error ? error.message : String(error))),
    );
  });
  try {
    await Promise.race([running, stuckShutdown(worker, options, watched.signal)]);
  } finally {
    watched.abort();
    // Where the watch was first, nobody waits for it any more.
    running.catch(() => undefined);
  }
  if (!options.isStopRequested()) throw new WorkerEndedError(stopped(options.lastError() ?? 'The SDK gave no reason.'));
}

/** Rejects when a shutdown has taken longer than it may. */
async function stuckShutdown(worker: RunnableWorker, options: RunOptions, signal: AbortSignal): Promise<never> {
  let shutdown: { readonly at: number; readonly isRequested: boolean } | undefined;
  for (;;) {
    await sleep(WATCH_INTERVAL_MS, undefined, { signal });
    const state = worker.getState();
    if (state === 'INITIALIZED' || state === 'RUNNING') continue;
    // A signal that comes later does not make a fatal error a stop in order.
    shutdown ??= { at: performance.now(), isRequested: options.isStopRequested() };
    const { at, isRequested } = shutdown;
    const activities = worker.getStatus().numInFlightActivities;
    const isIdle = !isRequested && activities === 0;
    const allowedMs = isIdle ? IDLE_MARGIN_MS : options.shutdownGraceMs + SHUTDOWN_MARGIN_MS;
    if (performance.now() - at < allowedMs) continue;
    throw new WorkerEndedError(
      isRequested
        ? `The worker did not stop within ${allowedMs} ms. Activities that still run: ${activities}. Temporal retries them on another worker.`
        : stopped(options.lastError() ?? 'The SDK gave no reason.'),
    );
  }
}

function stopped(reason: string): string {
  return `The worker stopped after a fatal error: ${reason} Start it again; if it stops again, the log names the workflow to terminate.`;
}
