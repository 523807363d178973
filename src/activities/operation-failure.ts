import type { ApplicationFailure } from '@temporalio/common';
import type { OutputInfo } from '../contract';
import { ExportFailureType, parseImageUri, parseStorageUri } from '../contract';
import type { GoogleStatus } from '../google/api-error';
import { googleStatus } from '../google/api-error';
import { rowOf } from './failure-table';
import { exportFailure } from './failures';

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

/** The grant that lets Vertex AI itself write: it does so as an agent of the project, not as the worker's account. */
function serviceAgentGrant(operation: string, message: string, outputInfo: OutputInfo): string {
  const project = /^projects\/([^/]+)\//.exec(operation)?.[1] ?? 'PROJECT_NUMBER';
  const named = /[\w.-]+@[\w.-]+\.gserviceaccount\.com/.exec(message)?.[0];
  const member = `serviceAccount:${named ?? `service-${project}@gcp-sa-aiplatform.iam.gserviceaccount.com`}`;
  const bucket = parseStorageUri(outputInfo.artifactOutputUri ?? '')?.bucket;
  const image = parseImageUri(outputInfo.imageOutputUri ?? '');
  return [
    ...(bucket === undefined
      ? []
      : [
          `\`gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${member} --role=roles/storage.objectAdmin\``,
        ]),
    ...(image === undefined
      ? []
      : [`roles/artifactregistry.writer on ${image.host}/${image.repository} for ${member}`]),
  ].join(' and ');
}

/** The failure of an operation that ended with an error; `exportAgain` tells whether a fresh export may succeed. */
export function operationFailure(
  operation: string,
  error: { code: number; message: string },
  outputInfo: OutputInfo,
): ApplicationFailure {
  const status = googleStatus(error.code);
  const exportAgain = TRANSIENT.has(status);
  const cancelled = status === 'CANCELLED';
  const row = rowOf(status, error.message, 'export');
  const type = cancelled ? ExportFailureType.OperationCancelled : (row?.type ?? ExportFailureType.OperationFailed);
  return exportFailure(`The export operation ${operation} ended with ${status}: ${error.message}`, {
    // Quota is something that a person can mend, when attempts did not help.
    type: exportAgain && status !== 'RESOURCE_EXHAUSTED' ? ExportFailureType.OperationFailed : type,
    action: cancelled
      ? 'Somebody else cancelled the operation: ask them, and start the export again.'
      : exportAgain
        ? 'The error may pass: a fresh export is started while attempts are left.'
        : type === ExportFailureType.PermissionDenied
          ? `Grant Vertex AI's service agent the right to write: ${serviceAgentGrant(operation, error.message, outputInfo)}.`
          : (row?.action ?? "Mend what Google's message names, and start the export again."),
    code: error.code,
    status,
    operation,
    exportAgain,
  });
}

/** The failure of an operation that succeeded, but wrote to another place than it was asked to. */
export function misplacedOutputFailure(operation: string, problems: readonly string[]): ApplicationFailure {
  return exportFailure(`The export operation ${operation} wrote to another place: ${problems.join('; ')}`, {
    type: ExportFailureType.VerificationFailed,
    action:
      'A fresh export is started while attempts are left; where it lasts, ask Google why the destination differs.',
    operation,
    problems,
    exportAgain: true,
  });
}
