import type { ApplicationFailureCategory } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails, ExportFailureTypeName, LastFailure } from '../../contract/failures';
import type { InputProblem } from '../../contract/problems';
import { boundedLine, boundedMessage } from '../../contract/text';
import { describeProblems } from '../../contract/problems';
import { ExportFailureType } from '../../contract/failures';
import type { GoogleStatus } from '../../google/api-error';
import { GoogleApiError, googleCode, GoogleTransportError } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import { ListTooLongError, EndlessListError } from '../../google/pages';
import { InvalidResourceNameError } from '../../google/resource-url';
import { defined } from '../../internal/defined';
import { redact } from '../../internal/redact';
import { boundedFindings } from '../../verification/bounded';
import type { RequestPurpose } from './table';
import { actionOf, rowOf } from './table';
import { haveAttemptsFailedFor, PASSING_MS } from './persistence';

const UNAVAILABLE = 'Retrying; no action needed. The request is repeated until it is answered or the deadline passes.';

const SHORTER_LIST = 'Export to a separate folder, or delete objects that are not needed.';
const ENDLESS_LIST = 'List the Models in the input one by one, or ask Google why the list does not end.';

/**
 * Creates one of the documented failures. Its texts are bounded for workflow history, and credentials are removed from
 * them: they can contain text of services and files.
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
    ...defined({
      request: details.request === undefined ? undefined : boundedLine(redact(details.request)),
      problems: problems?.map((text) => boundedLine(redact(text))),
    }),
  };
  return ApplicationFailure.create({
    message: `${boundedMessage(redact(message))} — ${action}`,
    type: details.type,
    nonRetryable: !(options.retry ?? false),
    details: [bounded],
    ...defined({ nextRetryDelay: options.nextRetryDelayMs, category: options.category, cause: options.cause }),
  });
}

/** Values that replace those of the failure table. */
interface FailureChanges {
  readonly action?: string;
  readonly retry?: boolean;
  readonly nothingStarted?: boolean;
}

/** Maps an error of a Google client to a documented failure; returns any other error unchanged. */
export function failureOf(error: unknown, purpose: RequestPurpose, changes: FailureChanges = {}): unknown {
  if (error instanceof InvalidResourceNameError) return inputFailure([{ path: '', message: error.message }]);
  if (error instanceof CredentialsError && !error.isOutage) return credentialsFailure(error, purpose, changes);
  if (error instanceof GoogleTransportError) {
    // The same request returns the same list, so a retry does not help.
    const isTooLong = error instanceof ListTooLongError;
    // The exports of the Models that were listed continue; an endless list is not worth a day of retries.
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
    request: error.request,
    ...defined({
      reason: error.reason,
      fixableBy: row?.fixableBy,
      exportAgain: row?.exportAgain,
      nothingStarted: changes.nothingStarted ? true : undefined,
    }),
  };
  return exportFailure(`${error.request}: ${nameOf(error)}: ${error.message}`, details, {
    retry: changes.retry ?? (typeof retry === 'number' ? !haveAttemptsFailedFor(retry) : retry),
    nextRetryDelayMs: error.retryDelayMs,
    cause: error,
  });
}

/** The failure of a request that is still retried, for the report when the deadline passes. */
export function lastFailureOf(
  { message, status }: { readonly message: string; readonly status?: GoogleStatus },
  purpose: RequestPurpose,
): LastFailure {
  const row = status && rowOf({ status, message }, purpose);
  return {
    type: row?.type ?? ExportFailureType.Unavailable,
    message: boundedLine(message),
    action: row ? actionOf(row, {}, purpose, '') : 'Check that the service and the network to it are available.',
    ...defined({ status, code: status && googleCode(status) }),
  };
}

function nameOf({ status, reason }: GoogleApiError): string {
  return reason === undefined ? status : `${status} (${reason})`;
}

/** Requests about a started export, which must not be lost while a key is being replaced. */
const AFTER_START: ReadonlySet<RequestPurpose> = new Set<RequestPurpose>([
  'operation',
  'artifacts',
  'image',
  'deletion',
  'manifest',
  'results',
]);

/**
 * The failure without credentials: no request was sent. A person must fix it. For a started export it is final only after
 * minutes.
 */
function credentialsFailure(
  error: CredentialsError,
  purpose: RequestPurpose,
  { retry, nothingStarted }: FailureChanges,
): ApplicationFailure {
  const { action, request, problem } = error;
  const details: ExportFailureDetails = {
    type: ExportFailureType.CredentialsUnavailable,
    action,
    fixableBy: 'worker-operator',
    request,
    ...defined({ nothingStarted: nothingStarted ? true : undefined }),
  };
  return exportFailure(`${request}: ${problem}`, details, {
    retry: retry ?? (AFTER_START.has(purpose) && !haveAttemptsFailedFor(PASSING_MS)),
    cause: error,
  });
}

/** Runs `call`, and maps errors of Google clients to documented failures. */
export async function withFailures<T>(purpose: RequestPurpose, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error, purpose);
  }
}

/** Most findings in a failure, and their largest size in bytes: it is part of workflow history. */
const MAX_FINDINGS = 100;
const MAX_FINDINGS_BYTES = 32_000;

/** The failure of a verification, with a finding for each file. */
export function verificationFailure(where: string, found: readonly string[]): ApplicationFailure {
  const findings = boundedFindings(found, MAX_FINDINGS, MAX_FINDINGS_BYTES);
  return exportFailure(`The export to ${where} is not as requested: ${findings.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'A fresh export is started while attempts are left. If this lasts, check the named files.',
    problems: findings,
    exportAgain: true,
  });
}

/** The failure of an unexpected error. It is retried. */
export function internalFailure(error: unknown): ApplicationFailure {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return exportFailure(
    `Unexpected error: ${text}`,
    { type: ExportFailureType.Internal, action: 'Retrying. If this repeats, report it with this message.' },
    { retry: true },
  );
}

/** The failure of an invalid input, with every problem. */
export function inputFailure(
  problems: readonly InputProblem[],
  type: ExportFailureTypeName = ExportFailureType.InvalidInput,
): ApplicationFailure {
  return exportFailure(describeProblems(problems), {
    type,
    action: 'Correct the input, and start the export again. Nothing was exported.',
    problems: problems.map(({ path, message }) => `${path}: ${message}`),
  });
}
