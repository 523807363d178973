import type { ApplicationFailure } from '@temporalio/common';
import type { OutputInfo } from '../../contract/export-result';
import { ExportFailureType } from '../../contract/failures';
import { parseImageUri, parseStorageUri } from '../../contract/resource-names';
import { partialFailureLines } from '../../contract/partial-failures';
import type { GoogleStatus } from '../../google/api-error';
import { googleStatus } from '../../google/api-error';
import { withMessage } from '../../google/error-reason';
import type { ExportOperation } from '../../google/vertex';
import { defined } from '../../internal/defined';
import { actionOf, rowOf } from './table';
import { exportFailure } from './failure';

/** Codes of a failed operation after which a fresh export may succeed. */
const TRANSIENT: ReadonlySet<GoogleStatus> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** The grant that lets Vertex AI write: it does so as a service agent of the project, not as the worker's account. */
function serviceAgentGrant(operation: string, message: string, outputInfo: OutputInfo): string {
  const project = /^projects\/([^/]+)\//.exec(operation)?.[1] ?? 'PROJECT_NUMBER';
  const named = /[\w.-]+@[\w.-]+\.gserviceaccount\.com/.exec(message)?.[0];
  const member = `serviceAccount:${named ?? `service-${project}@gcp-sa-aiplatform.iam.gserviceaccount.com`}`;
  const bucket = parseStorageUri(outputInfo.artifactOutputUri ?? '')?.bucket;
  const image = parseImageUri(outputInfo.imageOutputUri ?? '');
  const grants: string[] = [];
  if (bucket !== undefined) {
    grants.push(
      `\`gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${member} --role=roles/storage.objectAdmin\``,
    );
  }
  if (image !== undefined) {
    grants.push(`roles/artifactregistry.writer on ${image.host}/${image.repository} for ${member}`);
  }
  return grants.join(' and ');
}

/** Most partial failures in a message; the details contain all of them. */
const SHOWN_PARTIAL_FAILURES = 3;

/**
 * The failure of an operation that ended with an error. Its `exportAgain` states whether a fresh export may succeed.
 *
 * @param hasSurvivor whether the operation was cancelled in favor of another operation of the same run
 */
export function operationFailure(
  operation: string,
  error: { code: number; message: string },
  { outputInfo, genericMetadata }: ExportOperation['metadata'],
  { hasSurvivor = false } = {},
): ApplicationFailure {
  const status = googleStatus(error.code);
  const exportAgain = hasSurvivor || TRANSIENT.has(status);
  const cancelled = status === 'CANCELLED' && !hasSurvivor;
  const row = rowOf({ status, message: error.message }, 'export');
  const type = cancelled ? ExportFailureType.OperationCancelled : (row?.type ?? ExportFailureType.OperationFailed);
  const isGrant = type === ExportFailureType.PermissionDenied && row?.fixableBy !== 'organization-administrator';
  const rowAction = row && actionOf(row, withMessage(error.message, {}), 'export', `export ${operation}`);
  const { partialFailures = [], morePartialFailures = 0 } = genericMetadata;
  return exportFailure(
    [
      `The export operation ${operation} ended with ${status}: ${error.message}`,
      ...partialFailureLines(partialFailures, morePartialFailures, SHOWN_PARTIAL_FAILURES),
    ].join('; '),
    {
      // If further attempts do not help, a person can raise the quota.
      type: exportAgain && status !== 'RESOURCE_EXHAUSTED' ? ExportFailureType.OperationFailed : type,
      action: cancelled
        ? 'Another client, or the run before a reset, cancelled the operation. Find out why, and start the export again.'
        : exportAgain
          ? hasSurvivor
            ? 'Another operation of this export is running. It is adopted while attempts are left.'
            : 'The error may pass. A fresh export is started while attempts are left.'
          : isGrant
            ? `Grant Vertex AI's service agent the right to write: ${serviceAgentGrant(operation, error.message, outputInfo)}.`
            : (rowAction ?? "Fix the problem named in Google's message, and start the export again."),
      code: error.code,
      status,
      operation,
      ...defined({
        fixableBy: exportAgain || cancelled ? undefined : row?.fixableBy,
        partialFailures: partialFailures.length > 0 ? partialFailures : undefined,
      }),
      exportAgain,
    },
  );
}

/** The failure of an operation that succeeded, but wrote to another place than the requested one. */
export function misplacedOutputFailure(operation: string, problems: readonly string[]): ApplicationFailure {
  return exportFailure(`The export operation ${operation} wrote to another place: ${problems.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action: 'A fresh export is started while attempts are left. If this lasts, ask Google why the destination differs.',
    operation,
    problems,
    exportAgain: true,
  });
}
