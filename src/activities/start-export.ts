import { Context } from '@temporalio/activity';
import type { Adoption, OwnOperation, StartedExport, StartExportRequest } from '../contract';
import { ExportFailureType } from '../contract';
import { GoogleApiError, GoogleTransportError } from '../google/api-error';
import type { ExportOperation, ExportRequestBody } from '../google/vertex';
import type { ExportDependencies } from './dependencies';
import { exportFailure, failureOf, withFailures } from './failures';
import { withHeartbeats } from './heartbeats';
import { isOwnOperation } from './own-operation';

/**
 * Starts the export, once: whatever happened before, the run's own operation is looked for first. Whether this is a
 * first attempt is never asked, since a reset sets the counter back.
 */
export async function startExport(deps: ExportDependencies, request: StartExportRequest): Promise<StartedExport> {
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'starting, or waiting for its turn within the quota', model: request.model }),
    async () => {
      // Before the look for an own operation: what is seen must not grow old in a queue.
      const submission = await deps.submission(request.model, Context.current().cancellationSignal);
      try {
        const granted = { ...deps, vertex: submission.vertex };
        const own = await findOwn(granted, request);
        if (own !== 'unavailable' && own !== undefined) return started(own, 'adopted');
        return started(await callExport(granted, request), own === 'unavailable' ? 'unavailable' : 'started');
      } finally {
        submission.release();
      }
    },
  );
}

function started(operation: ExportOperation, adoption: Adoption): StartedExport {
  return { operation: operation.name, adoption, outputInfo: operation.metadata.outputInfo };
}

async function findOwn(
  deps: ExportDependencies,
  request: StartExportRequest,
): Promise<ExportOperation | undefined | 'unavailable'> {
  const { cancellationSignal: signal, log } = Context.current();
  try {
    const operations = await allOperations(deps, request.model, signal);
    return operations.find((operation) => isOwnOperation(operation, request));
  } catch (error) {
    if (!isUnavailableListing(error)) throw failureOf(error, 'operation');
    log.warn('Operations can not be listed: a crash between start and record could export twice.', { error });
    return 'unavailable';
  }
}

/** Listing is optional for the service, and its right can be missing; neither may stop an export. */
function isUnavailableListing(error: unknown): boolean {
  return error instanceof GoogleApiError && ['UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(error.status);
}

async function callExport(deps: ExportDependencies, request: StartExportRequest): Promise<ExportOperation> {
  const { outputUriPrefix, imageUri } = request.destinations;
  const body: ExportRequestBody = {
    outputConfig: {
      exportFormatId: request.exportFormatId,
      ...(outputUriPrefix === undefined ? {} : { artifactDestination: { outputUriPrefix } }),
      ...(imageUri === undefined ? {} : { imageDestination: { outputUri: imageUri } }),
    },
  };
  try {
    return await deps.vertex.exportModel(request.model, body);
  } catch (error) {
    if (error instanceof GoogleTransportError || (error instanceof GoogleApiError && error.ambiguous)) {
      const details = {
        type: ExportFailureType.Unavailable,
        action: 'Nothing: the next try first looks whether the operation was started.',
        request: error.request,
      };
      const retryDelayMs = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
      throw exportFailure(error.message, details, {
        retry: true,
        nextRetryDelayMs: Math.max(deps.settleDelayMs, retryDelayMs),
        cause: error,
      });
    }
    throw failureOf(error, 'export');
  }
}

/** Every operation of a Model, page by page. */
async function allOperations(
  { vertex }: ExportDependencies,
  model: string,
  signal: AbortSignal,
): Promise<ExportOperation[]> {
  const operations: ExportOperation[] = [];
  let pageToken = '';
  do {
    const page = await vertex.listOperations(model, pageToken, signal);
    operations.push(...page.operations);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return operations;
}

/** The run's own operations, running and ended; none where they can't be listed. */
export async function listOwnOperations(
  deps: ExportDependencies,
  own: OwnOperation,
  signal: AbortSignal,
): Promise<ExportOperation[]> {
  try {
    const operations = await withFailures('operation', () => allOperations(deps, own.model, signal));
    return operations.filter((operation) => isOwnOperation(operation, own));
  } catch (error) {
    if (error instanceof Error && isUnavailableListing(error.cause)) return [];
    throw error;
  }
}
