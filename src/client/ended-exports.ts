import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails } from '../contract/failures';
import type { ExportModelResult } from '../contract/export-result';
import { EXPORT_MODEL_WORKFLOW } from '../contract/names';
import { ExportFailureType } from '../contract/failures';
import type { EndedWorkflow, EndedWorkflowsOptions, FollowedWorkflow } from './ended-workflows';
import { endedWorkflows } from './ended-workflows';
import { inParallel } from '../internal/in-parallel';

export interface ResultsOptions {
  /** Pause between two polls, in milliseconds. Default 5,000. */
  readonly everyMs?: number;
  /** Ends the waiting, not the exports; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** An export to wait for. */
export interface FollowedExport {
  readonly workflowId: string;
  /** Run to follow. Default: the one that is the latest at the time of asking. */
  readonly runId?: string | undefined;
}

/** An export that has ended, with what its `result()` resolves to or rejects with. */
export type EndedExport =
  | {
      readonly workflowId: string;
      /** The run that was followed, or the last one that continued it. */
      readonly runId: string;
      readonly result: ExportModelResult;
      readonly error?: never;
    }
  | {
      readonly workflowId: string;
      /** Left out where the server does not know the workflow. */
      readonly runId?: string;
      readonly result?: never;
      readonly error: Error;
    };

/** Results read at the same time. */
const READ_AT_ONCE = 10;

/** Gives exports as they end, those of one poll together. */
export async function* endedExports(
  client: Client,
  exports: Iterable<FollowedWorkflow>,
  options: EndedWorkflowsOptions,
): AsyncGenerator<EndedExport[], void, undefined> {
  for await (const ended of endedWorkflows(client, exports, options)) {
    const results: EndedExport[] = [];
    const read = async (one: EndedWorkflow): Promise<void> => {
      results.push(await endedExport(client, one));
    };
    await inParallel(ended, read, READ_AT_ONCE);
    yield results;
  }
}

/** It has ended: its result is available, and nothing waits. */
async function endedExport(client: Client, { workflowId, runId, foreignType }: EndedWorkflow): Promise<EndedExport> {
  if (foreignType !== undefined && runId !== undefined) {
    return { workflowId, runId, error: foreignWorkflow(workflowId, foreignType) };
  }
  try {
    const handle = client.workflow.getHandle<() => Promise<ExportModelResult>>(workflowId, runId);
    return { workflowId, runId: runId ?? '', result: await handle.result() };
  } catch (reason) {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    return { workflowId, ...(runId !== undefined && { runId }), error };
  }
}

/** The id belongs to something else, whose result says nothing about an export. */
function foreignWorkflow(workflowId: string, type: string): ApplicationFailure {
  const action = 'Use another workflow id, or start the fleet with another one: the ids of its exports begin with it.';
  const details: ExportFailureDetails = { type: ExportFailureType.FailedPrecondition, action };
  return ApplicationFailure.create({
    message: `The workflow ${workflowId} is a ${type}, not an ${EXPORT_MODEL_WORKFLOW}: nothing was exported — ${action}`,
    type: details.type,
    nonRetryable: true,
    details: [details],
  });
}
