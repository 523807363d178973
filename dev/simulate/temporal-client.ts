import type { Client } from '@temporalio/client';
import type { Closed } from './run-end';

/** The part of the server that its client uses. */
export interface AskedServer {
  readonly time: { after(ms: number, callback: () => void): () => void };
  readonly runs: readonly {
    readonly workflowId: string;
    readonly runId: string;
    readonly closed: Closed | undefined;
  }[];
  latency(): number;
}

/** The calling process. While it is frozen, it reads no answer. */
interface AskingProcess {
  deliver(callback: () => void): void;
}

const STATUS_NAMES = {
  completed: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  terminated: 'TERMINATED',
} as const;

/** The part of Temporal's client that activities use: it returns the status of a run. */
export function simulatedClient(server: AskedServer, process: AskingProcess): Client {
  /** Without a run id, the newest run of the workflow id. */
  const describe = (workflowId: string, runId: string | undefined): Promise<unknown> =>
    new Promise((resolve) => {
      server.time.after(server.latency(), () => {
        const closed = server.runs.findLast(
          (run) => run.workflowId === workflowId && (runId ?? run.runId) === run.runId,
        )?.closed;
        const name = closed === undefined ? 'RUNNING' : STATUS_NAMES[closed.kind];
        server.time.after(server.latency(), () => {
          process.deliver(() => {
            resolve({ status: { name } });
          });
        });
      });
    });
  const client = {
    withAbortSignal: (_signal: AbortSignal, use: () => unknown) => use(),
    workflow: { getHandle: (workflowId: string, runId?: string) => ({ describe: () => describe(workflowId, runId) }) },
  };
  return client as unknown as Client;
}
