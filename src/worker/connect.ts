import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import { WorkerEndedError } from './run-worker';

/** Limit of the connection to Temporal, in milliseconds. */
const CONNECT_TIMEOUT_MS = 8_000;
/** The SDK's default address. */
const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * Connects to Temporal.
 *
 * @throws WorkerEndedError if the server refuses or does not answer
 */
export async function connectToTemporal(options: NativeConnectionOptions = {}): Promise<NativeConnection> {
  const connecting = NativeConnection.connect(options);
  // A rejection after the limit is not handled elsewhere.
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
 * Creates a worker with `make`, and maps its errors.
 *
 * @throws WorkerEndedError if the server does not have the namespace, or refuses the worker
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

/** The server's message, without the binary details that the SDK appends. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, said] = /\bmessage: "((?:[^"\\]|\\.)*)"/.exec(message) ?? [];
  return (said ?? message).replace(/\.\s*$/, '');
}
