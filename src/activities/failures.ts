import type { ApplicationFailureCategory } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails, ExportFailureTypeName, InputProblem } from '../contract';
import { describeProblems, ExportFailureType } from '../contract';
import { GoogleApiError, googleCode, GoogleTransportError } from '../google/api-error';
import type { RequestPurpose } from './failure-table';
import { READ_RIGHTS, rowOf } from './failure-table';

const UNAVAILABLE = 'Nothing: the request is repeated until it is answered or the deadline passes.';

/** Makes one of the documented failures. */
export function exportFailure(
  message: string,
  details: ExportFailureDetails,
  options: {
    retry?: boolean;
    nextRetryDelayMs?: number | undefined;
    category?: ApplicationFailureCategory;
    cause?: Error;
  } = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${message} — ${details.action}`,
    type: details.type,
    nonRetryable: !(options.retry ?? false),
    details: [details],
    ...(options.nextRetryDelayMs === undefined ? {} : { nextRetryDelay: options.nextRetryDelayMs }),
    ...(options.category === undefined ? {} : { category: options.category }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/** Turns what a Google client threw into a documented failure; everything else comes back as it is. */
export function failureOf(error: unknown, purpose: RequestPurpose): unknown {
  if (error instanceof GoogleTransportError) {
    const details = { type: ExportFailureType.Unavailable, action: UNAVAILABLE, request: error.request };
    return exportFailure(error.message, details, { retry: true, cause: error });
  }
  if (!(error instanceof GoogleApiError)) return error;
  const row = rowOf(error.status, error.message, purpose);
  const details: ExportFailureDetails = {
    type: row?.type ?? ExportFailureType.Unavailable,
    action: (row?.action ?? UNAVAILABLE).replace('{rights}', READ_RIGHTS[purpose]),
    code: googleCode(error.status),
    status: error.status,
    httpStatus: error.httpStatus,
    request: error.request,
    ...(row?.exportAgain && { exportAgain: true }),
  };
  return exportFailure(`${error.request}: ${error.status}: ${error.message}`, details, {
    retry: row?.retry ?? true,
    nextRetryDelayMs: error.retryDelayMs,
    cause: error,
  });
}

/** Runs `call`; what Google's clients throw becomes a documented failure. */
export async function withFailures<T>(purpose: RequestPurpose, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error, purpose);
  }
}

/** So many findings stand in a failure: it is part of workflow history. */
const MAX_FINDINGS = 200;

/** The failure of a verification, with its findings, file by file. */
export function verificationFailure(where: string, found: readonly string[]): ApplicationFailure {
  const more = found.length - MAX_FINDINGS;
  const findings = [...found.slice(0, MAX_FINDINGS), ...(more > 0 ? [`and ${more} more findings`] : [])];
  return exportFailure(`What was exported to ${where} is not what was asked for: ${findings.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'A fresh export is started while attempts are left; where it lasts, look at the files named.',
    problems: findings,
    exportAgain: true,
  });
}

/** The failure of an input, with every problem. */
export function inputFailure(
  problems: readonly InputProblem[],
  type: ExportFailureTypeName = ExportFailureType.InvalidInput,
): ApplicationFailure {
  return exportFailure(describeProblems(problems), {
    type,
    action: 'Correct the input and start the export again; nothing was exported.',
    problems: problems.map(({ path, message }) => `${path}: ${message}`),
  });
}
