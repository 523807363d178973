import type { ApplicationFailureCategory } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails, ExportFailureTypeName, LastFailure } from '../../contract/failures';
import type { InputProblem } from '../../contract/problems';
import { boundedLine, boundedMessage } from '../../contract/text';
import { describeProblems, problem } from '../../contract/problems';
import { ExportFailureType } from '../../contract/failures';
import type { GoogleStatus } from '../../google/api-error';
import { GoogleApiError, googleCode, GoogleTransportError } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import { ListTooLongError, EndlessListError } from '../../google/pages';
import { InvalidResourceNameError } from '../../google/resource-url';
import { redact } from '../../internal/redact';
import { boundedFindings } from '../../verification/bounded';
import type { RequestPurpose } from './table';
import { actionOf, rowOf } from './table';
import { haveAttemptsFailedFor, isLasting, PASSING_MS } from './persistence';

const UNAVAILABLE = 'Retrying; no action needed. The request is repeated until it is answered or the deadline passes.';

const SHORTER_LIST = 'Export to a folder of its own, or remove what is not needed.';
const ENDLESS_LIST = 'Name the Models one by one, or ask Google why the list does not end.';

/**
 * Makes one of the documented failures. Its texts are short enough for workflow history and contain no credentials,
 * whatever a service or a file said.
 */
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
  const { problems } = details;
  const action = boundedLine(redact(details.action));
  const bounded: ExportFailureDetails = {
    ...details,
    action,
    ...(details.request === undefined ? {} : { request: boundedLine(redact(details.request)) }),
    ...(problems === undefined ? {} : { problems: problems.map((text) => boundedLine(redact(text))) }),
  };
  return ApplicationFailure.create({
    message: `${boundedMessage(redact(message))} — ${action}`,
    type: details.type,
    nonRetryable: !(options.retry ?? false),
    details: [bounded],
    ...(options.nextRetryDelayMs === undefined ? {} : { nextRetryDelay: options.nextRetryDelayMs }),
    ...(options.category === undefined ? {} : { category: options.category }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/** What a caller knows better than the table of failures. */
interface FailureChanges {
  readonly action?: string;
  readonly retry?: boolean;
  readonly nothingStarted?: boolean;
}

/** Turns what a Google client threw into a documented failure; everything else comes back as it is. */
export function failureOf(error: unknown, purpose: RequestPurpose, changes: FailureChanges = {}): unknown {
  if (error instanceof InvalidResourceNameError) return inputFailure([problem('', error.message)]);
  if (error instanceof CredentialsError && !error.isOutage) return credentialsFailure(error, purpose, changes);
  if (error instanceof GoogleTransportError) {
    // What is too long today is too long tomorrow.
    const isTooLong = error instanceof ListTooLongError;
    // A list of Models is read on for other exports meanwhile; it is not worth a day of retries.
    const isEndless = error instanceof EndlessListError && purpose === 'models';
    const retry = changes.retry ?? !(isTooLong || isEndless);
    const action = changes.action ?? (retry ? UNAVAILABLE : isTooLong ? SHORTER_LIST : ENDLESS_LIST);
    const details = { type: ExportFailureType.Unavailable, action, request: error.request };
    return exportFailure(error.message, details, { retry, cause: error });
  }
  if (!(error instanceof GoogleApiError)) return error;
  const row = rowOf(error, purpose);
  const retry = row?.retry ?? true;
  const details: ExportFailureDetails = {
    type: row?.type ?? ExportFailureType.Unavailable,
    action: changes.action ?? (row ? actionOf(row, error.info, purpose, error.request) : UNAVAILABLE),
    code: googleCode(error.status),
    status: error.status,
    httpStatus: error.httpStatus,
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(row?.fixableBy && { fixableBy: row.fixableBy }),
    request: error.request,
    ...(row?.exportAgain && { exportAgain: true }),
    ...(changes.nothingStarted && { nothingStarted: true }),
  };
  return exportFailure(`${error.request}: ${nameOf(error)}: ${error.message}`, details, {
    retry: changes.retry ?? (typeof retry === 'number' ? !hasLasted(retry, details.type) : retry),
    nextRetryDelayMs: error.retryDelayMs,
    cause: error,
  });
}

/** The failure of a request that is repeated, as a deadline reports it. */
export function lastFailureOf(
  { message, status }: { readonly message: string; readonly status?: GoogleStatus },
  purpose: RequestPurpose,
): LastFailure {
  const row = status && rowOf({ status, message }, purpose);
  return {
    type: row?.type ?? ExportFailureType.Unavailable,
    message: boundedLine(message),
    action: row ? actionOf(row, {}, purpose, '') : 'Check whether the service, and the network to it, are available.',
    ...(status && { status, code: googleCode(status) }),
  };
}

/** Without credentials every step fails, also one that has worked well for hours; other refusals are those of a new step. */
function hasLasted(ms: number, type: ExportFailureTypeName): boolean {
  return type === ExportFailureType.CredentialsUnavailable ? haveAttemptsFailedFor(ms) : isLasting(ms);
}

function nameOf({ status, reason }: GoogleApiError): string {
  return reason === undefined ? status : `${status} (${reason})`;
}

/** Requests about what runs or is written already: to give it up because a key is being replaced would be a loss. */
const AFTER_START: ReadonlySet<RequestPurpose> = new Set<RequestPurpose>([
  'operation',
  'artifacts',
  'image',
  'deletion',
  'manifest',
  'results',
]);

/**
 * Without credentials no request was sent. A person can fix this, and a retry can not; but what runs already is given
 * up only after minutes.
 */
function credentialsFailure(
  error: CredentialsError,
  purpose: RequestPurpose,
  { retry, nothingStarted }: FailureChanges,
): ApplicationFailure {
  const { action, request, problem: what } = error;
  const details: ExportFailureDetails = {
    type: ExportFailureType.CredentialsUnavailable,
    action,
    fixableBy: 'worker-operator',
    request,
    ...(nothingStarted && { nothingStarted: true }),
  };
  return exportFailure(`${request}: ${what}`, details, {
    retry: retry ?? (AFTER_START.has(purpose) && !haveAttemptsFailedFor(PASSING_MS)),
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

/** Findings that a failure lists, and their size in bytes: it is part of workflow history. */
const MAX_FINDINGS = 100;
const MAX_FINDINGS_BYTES = 32_000;

/** The failure of a verification, with its findings, file by file. */
export function verificationFailure(where: string, found: readonly string[]): ApplicationFailure {
  const findings = boundedFindings(found, MAX_FINDINGS, MAX_FINDINGS_BYTES);
  return exportFailure(`What was exported to ${where} is not what was asked for: ${findings.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'A fresh export is started while attempts are left. If this lasts, check the files that are named.',
    problems: findings,
    exportAgain: true,
  });
}

/** The failure of an error that nobody expected; it may pass. */
export function internalFailure(error: unknown): ApplicationFailure {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return exportFailure(
    `Unexpected error: ${what}`,
    { type: ExportFailureType.Internal, action: 'The step is retried. If this repeats, report it with this message.' },
    { retry: true },
  );
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
