import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  rootCause,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { ExportFailureType } from './failures';
import type { FleetExport } from './fleet-result';
import type { ExportModelResult } from './export-result';
import { cut } from '../internal/text';

/** Longest message of a failure in a fleet's lists, in characters. A fleet carries over hundreds of them. */
const MAX_MESSAGE = 500;

type Outcome = Pick<FleetExport, 'outcome' | 'outputInfo' | 'failure'>;

/** The outcome of an export that has succeeded. */
export function succeeded({
  model,
  exportFormatId,
  outputInfo,
}: ExportModelResult): Pick<FleetExport, 'model' | 'outcome' | 'outputInfo'> & { exportFormatId: string } {
  return { model, exportFormatId, outcome: 'succeeded', outputInfo };
}

/** Longest type of a failure, in characters. Other code can fail a workflow with any type. */
const MAX_TYPE = 200;

/** The outcome of an export whose workflow did not succeed, from the error that its result rejects with. */
export function notSucceeded(error: unknown): Outcome {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // A timeout of an activity concerns the fleet: the export's workflow may still run.
  const outside = error instanceof ActivityFailure ? undefined : endedFromOutside(cause);
  const { message, type } = outside ?? {
    message: rootCause(cause) ?? String(cause),
    type: cause instanceof ApplicationFailure ? cause.type : undefined,
  };
  return {
    outcome: cause instanceof CancelledFailure ? 'cancelled' : 'failed',
    failure: { message: cut(message, MAX_MESSAGE), ...(type && { type: cut(type, MAX_TYPE) }) },
  };
}

/** The failure of a workflow that the server ended. Such a workflow could not cancel its operation. */
function endedFromOutside(cause: unknown): { message: string; type: string } | undefined {
  const mayRun =
    'Its operation may still be running in Vertex AI: check the operations of the Model, and cancel it if it is not ' +
    'wanted. Starting the fleet again exports the Model again.';
  if (cause instanceof TerminatedFailure) {
    return {
      message: `The workflow of the export was terminated (${cut(cause.message, 100)}). ${mayRun}`,
      type: ExportFailureType.Terminated,
    };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      message: `The workflow of the export reached a timeout of Temporal (${cause.timeoutType}). ${mayRun}`,
      type: ExportFailureType.DeadlineExceeded,
    };
  }
  return undefined;
}
