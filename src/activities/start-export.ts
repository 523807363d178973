import { Context } from '@temporalio/activity';
import type { Adoption, StartedExport, StartExportRequest } from '../contract';
import { ExportFailureType } from '../contract';
import { GoogleApiError, GoogleTransportError } from '../google/api-error';
import type { ExportOperation, ExportRequestBody } from '../google/vertex';
import { redact } from '../internal/redact';
import type { ExportDependencies } from './dependencies';
import { exportFailure, failureOf } from './failures';
import { withHeartbeats } from './heartbeats';
import { isOwnOperation } from './own-operation';
import { isListingUnavailable, operationsOfModel } from './own-operations';
import { requireOwnFolder } from './run-folder';

/**
 * Starts the export, once: whatever happened before, the run's own operation is looked for first. Whether this is a
 * first attempt is never asked, since a reset sets the counter back.
 */
export async function startExport(deps: ExportDependencies, request: StartExportRequest): Promise<StartedExport> {
  requireOwnFolder(request, Context.current().info);
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'starting, or waiting for its turn within the quota', model: request.model }),
    async () => {
      // Before the look for an own operation: what is seen must not grow old in a queue.
      await deps.submissionTurn(request.model, Context.current().cancellationSignal);
      const own = await findOwn(deps, request);
      if (own !== 'unavailable' && own !== undefined) return started(own, 'adopted');
      return started(await callExport(deps, request), own === 'unavailable' ? 'unavailable' : 'started');
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
    const operations = await operationsOfModel(deps, request.model, signal);
    return operations.find((operation) => isOwnOperation(operation, request));
  } catch (error) {
    if (!isListingUnavailable(error)) throw failureOf(error, 'operation');
    log.warn('Operations can not be listed: a crash between start and record could export twice.', {
      reason: redact(error instanceof Error ? error.message : String(error)),
    });
    return 'unavailable';
  }
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
