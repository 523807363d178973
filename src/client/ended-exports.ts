import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails } from '../contract/failures';
import type { ExportModelResult } from '../contract/export-result';
import { EXPORT_MODEL_WORKFLOW } from '../contract/names';
import { ExportFailureType } from '../contract/failures';
import type { EndedWorkflow, EndedWorkflowsOptions, FollowedWorkflow } from './ended-workflows';
import { endedWorkflows } from './ended-workflows';
import { defined } from '../internal/defined';
import { inParallel } from '../internal/in-parallel';

/** How the client waits for the results of exports. */
export interface ResultsOptions {
  /** Pause between two polls, in milliseconds. Default 5,000. */
  readonly everyMs?: number;
  /** Ends the wait, not the exports; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** An export to wait for. */
export interface FollowedExport {
  readonly workflowId: string;
  /** Run to follow. Default: the latest one at the time of the call. */
  readonly runId?: string | undefined;
}

/** An export that has ended, with its result or its error. */
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
      /** Absent if the server does not know the workflow. */
      readonly runId?: string;
      readonly result?: never;
      readonly error: Error;
    };

/** Most results that are read concurrently. */
const READ_AT_ONCE = 10;

/** Yields exports as they end, those of one poll together. */
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

/** Reads the result of an export that has ended. */
async function endedExport(client: Client, { workflowId, runId, foreignType }: EndedWorkflow): Promise<EndedExport> {
  if (foreignType !== undefined && runId !== undefined) {
    return { workflowId, runId, error: foreignWorkflow(workflowId, foreignType) };
  }
  try {
    const handle = client.workflow.getHandle<() => Promise<ExportModelResult>>(workflowId, runId);
    return { workflowId, runId: runId ?? '', result: await handle.result() };
  } catch (reason) {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    return { workflowId, ...defined({ runId }), error };
  }
}

/** The failure for an id of a workflow that is not an export. */
function foreignWorkflow(workflowId: string, type: string): ApplicationFailure {
  const action = "Use another workflow id. The ids of a fleet's exports begin with the id of the fleet.";
  const details: ExportFailureDetails = { type: ExportFailureType.FailedPrecondition, action };
  return ApplicationFailure.create({
    message: `The workflow ${workflowId} is a ${type}, not an ${EXPORT_MODEL_WORKFLOW}. Nothing was exported — ${action}`,
    type: details.type,
    nonRetryable: true,
    details: [details],
  });
}
