import { ApplicationFailure, CancelledFailure, rootCause } from '@temporalio/common';
import type { FleetExport } from './fleet-result';
import type { ExportModelResult } from './result';
import { cut } from './text';

/** Longest message of a failure in a fleet's lists, in characters: hundreds of them are carried over. */
const MAX_MESSAGE = 500;

type Outcome = Pick<FleetExport, 'outcome' | 'outputInfo' | 'failure'>;

/** What a fleet tells of an export that has succeeded. */
export function succeeded({
  model,
  exportFormatId,
  outputInfo,
}: ExportModelResult): Pick<FleetExport, 'model' | 'outcome' | 'outputInfo'> & { exportFormatId: string } {
  return { model, exportFormatId, outcome: 'succeeded', outputInfo };
}

/** What a fleet tells of an export whose workflow did not succeed, by the error that its result rejects with. */
export function notSucceeded(error: unknown): Outcome {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const message = cut(rootCause(cause) ?? String(cause), MAX_MESSAGE);
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return {
    outcome: cause instanceof CancelledFailure ? 'cancelled' : 'failed',
    failure: { message, ...(type && { type }) },
  };
}
