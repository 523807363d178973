import type { Client } from '@temporalio/client';
import type { ExportModelResult } from './contract';
import type { EndedWorkflowsOptions } from './ended-workflows';
import { endedWorkflows } from './ended-workflows';

export interface ResultsOptions {
  /** Pause between two looks, in milliseconds. Default 5,000. */
  readonly everyMs?: number;
  /** Ends the waiting, not the exports; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** An export that has ended, with what its `result()` resolves to or rejects with. */
export type EndedExport =
  | { readonly workflowId: string; readonly result: ExportModelResult; readonly error?: never }
  | { readonly workflowId: string; readonly result?: never; readonly error: Error };

/** Results read at the same time. */
const READ_AT_ONCE = 10;

/** Gives exports as they end, those of one look together. */
export async function* endedExports(
  client: Client,
  workflowIds: Iterable<string>,
  options: EndedWorkflowsOptions,
): AsyncGenerator<EndedExport[], void, undefined> {
  for await (const ended of endedWorkflows(client, workflowIds, options)) {
    for (let start = 0; start < ended.length; start += READ_AT_ONCE) {
      const few = ended.slice(start, start + READ_AT_ONCE);
      yield await Promise.all(few.map(({ workflowId, runId }) => endedExport(client, workflowId, runId)));
    }
  }
}

/** It has ended: its result is there, and nothing waits. */
async function endedExport(client: Client, workflowId: string, runId: string | undefined): Promise<EndedExport> {
  try {
    const handle = client.workflow.getHandle<() => Promise<ExportModelResult>>(workflowId, runId);
    return { workflowId, result: await handle.result() };
  } catch (error) {
    return { workflowId, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
