import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import { WorkerEndedError } from './run-worker';

/** A server that does not answer counts as absent, in milliseconds. */
const CONNECT_TIMEOUT_MS = 8_000;
/** Where the SDK connects without settings. */
const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * Connects to Temporal.
 *
 * @throws WorkerEndedError where the server refuses or does not answer
 */
export async function connectToTemporal(options: NativeConnectionOptions = {}): Promise<NativeConnection> {
  const connecting = NativeConnection.connect(options);
  // When it comes too late, nobody waits for it any more.
  connecting.catch(() => undefined);
  const timer = new AbortController();
  const late = sleep(CONNECT_TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1_000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    throw new WorkerEndedError(
      `Can't connect to Temporal at ${addressOf(options)}: ${reasonOf(error)}. Check TEMPORAL_ADDRESS and that the server runs.`,
    );
  } finally {
    timer.abort();
  }
}

/**
 * Makes a worker.
 *
 * @throws WorkerEndedError where the server does not have the namespace, or refuses the worker
 */
export async function startedOn<T>(
  { address, namespace }: { readonly address: string | undefined; readonly namespace: string },
  make: () => Promise<T>,
): Promise<T> {
  const at = address ?? DEFAULT_ADDRESS;
  try {
    return await make();
  } catch (error) {
    const reason = reasonOf(error);
    throw new WorkerEndedError(
      /namespace .*not found/i.test(reason)
        ? `The namespace ${namespace} does not exist on ${at}. Create it, or correct TEMPORAL_NAMESPACE.`
        : `The worker can't start on ${at}: ${reason}`,
    );
  }
}

function addressOf({ address = DEFAULT_ADDRESS }: NativeConnectionOptions): string {
  return address;
}

/** What the server said, without the binary details that the SDK prints behind it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, said] = /\bmessage: "((?:[^"\\]|\\.)*)"/.exec(message) ?? [];
  return (said ?? message).replace(/\.\s*$/, '');
}
