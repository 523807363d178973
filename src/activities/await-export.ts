import { Context } from '@temporalio/activity';
import type { AwaitedExport, AwaitExportRequest } from '../contract';
import type { WatchProgress } from '../operations/operation-watch';
import type { ExportDependencies } from './dependencies';
import { withFailures } from './failures';
import { withHeartbeats } from './heartbeats';
import { operationFailure } from './operation-failure';

/**
 * Waits for the operation's end. It never cancels it: a pause, a reset, a shutdown and a lost worker look like a
 * cancel from here, and must leave it running.
 */
export async function awaitExport(deps: ExportDependencies, request: AwaitExportRequest): Promise<AwaitedExport> {
  const { cancellationSignal: signal, info } = Context.current();
  const { polling, operation: name } = request;
  const startedAt = Date.now();
  let progress: WatchProgress | undefined;
  // A later attempt has heartbeat details: the operation is not new, and may have ended meanwhile.
  const resumed = info.heartbeatDetails !== undefined;

  const { operation, polls } = await withHeartbeats(
    polling.heartbeatTimeout,
    () => ({ operation: name, waitedSeconds: Math.round((Date.now() - startedAt) / 1_000), ...progress }),
    () =>
      withFailures('operation', () =>
        deps.watch.untilDone(name, {
          initialDelayMs: resumed ? 0 : polling.initialDelay,
          multiplier: polling.multiplier,
          maxDelayMs: polling.maxDelay,
          signal,
          onPoll: (latest) => {
            progress = latest;
          },
        }),
      ),
  );
  if (operation.error) throw operationFailure(name, operation.error, operation.metadata.outputInfo);
  return { outputInfo: operation.metadata.outputInfo, ...operation.metadata.genericMetadata, polls };
}
