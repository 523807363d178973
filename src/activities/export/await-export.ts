import { Context } from '@temporalio/activity';
import type {
  AwaitedExport,
  AwaitExportRequest,
  ExportDestinations,
  OwnOperation,
} from '../../contract/export-activities';
import type { OutputInfo } from '../../contract/export-result';
import { GoogleApiError } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import type { Strategy } from '../../telemetry/metrics';
import type { EndedOperation, WatchOptions, WatchProgress } from '../../polling/operation-poller';
import { pause } from '../../internal/pause';
import { OperationStillRunning } from '../../polling/polled-operation';
import type { ExportDependencies } from '../dependencies';
import { failureOf, lastFailureOf } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { misplacedOutputFailure, operationFailure } from '../failures/operation-failure';
import { parkedFailure, parkedPause } from './parking';
import { cancelOthers, listOperations } from './own-operations';
import { outputProblems } from './requested-output';
import { inWords } from '../time-in-words';
import { WrittenSoFar } from './bytes-written';

const STRATEGIES: Readonly<Record<Strategy, string>> = {
  wait: 'long polls',
  get: 'single requests',
  list: 'a list of many operations',
};

/** Pause between two searches for a second operation, in milliseconds. */
const TWIN_SEARCH_MS = 60_000;

/**
 * Waits for the operation's end. It never cancels it: a pause, a reset, a shutdown and a lost worker look like a
 * cancel from here, and must leave it running.
 *
 * @throws ApplicationFailure of the type StillRunning where the export gives its slot back; the next attempt goes on
 */
export async function awaitExport(deps: ExportDependencies, request: AwaitExportRequest): Promise<AwaitedExport> {
  const { cancellationSignal: signal, info } = Context.current();
  const { polling, operation: name, outputInfo, exportFormatId, parking } = request;
  const startedAt = Date.now();
  let progress: WatchProgress | undefined;
  const isRequested = outputProblems(outputInfo ?? {}, request.destinations ?? {}).length === 0;
  const written = new WrittenSoFar(deps.storage, isRequested ? outputInfo?.artifactOutputUri : undefined, signal);
  // The operation is not new, and may have ended meanwhile; a reset sets the counter back.
  const resumed = info.attempt > 1 || info.heartbeatDetails !== undefined;

  const watch = (how: Pick<WatchOptions, 'resumed' | 'parkAt'>): Promise<EndedOperation> =>
    withPollFailures(() =>
      deps.watch.untilDone(name, {
        initialDelayMs: polling.initialDelay,
        multiplier: polling.multiplier,
        maxDelayMs: polling.maxDelay,
        formatId: exportFormatId,
        signal,
        ...how,
        onPoll: (latest) => {
          progress = latest;
        },
      }),
    );
  let beats = 0;
  const details = (): unknown => {
    beats += 1;
    return {
      operation: name,
      waited: inWords(Date.now() - startedAt),
      ...(progress && reported(progress)),
      // Not with the first beat: most of what is short is over before the second.
      ...(beats > 1 && withWritten(written)),
    };
  };

  const { operation, polls } = await withHeartbeats(polling.heartbeatTimeout, details, async () => {
    const stopSearch = searchForTwins(deps, request, signal);
    try {
      return await watch({ resumed, parkAt: parking?.at });
    } catch (error) {
      if (!(error instanceof OperationStillRunning) || !parking) throw error;
      const pauseMs = parkedPause(parking.checkEvery, info, Date.now());
      if (pauseMs !== undefined) throw parkedFailure(name, pauseMs);
      // So near to the deadline there is no other attempt.
      return await watch({ resumed: true });
    } finally {
      stopSearch();
    }
  });
  if (request.twinOf !== undefined) await cancelTwins(deps, request.twinOf, name, signal);
  if (operation.error) throw operationFailure(name, operation.error, operation.metadata);
  requireRequestedOutput(name, operation.metadata.outputInfo, request.destinations);
  return { outputInfo: operation.metadata.outputInfo, ...operation.metadata.genericMetadata, polls };
}

/** What people see of the polling; the failure of the last poll, so that a deadline can say why there was no end. */
function reported({ lastFailure, strategy, ...progress }: WatchProgress): Readonly<Record<string, unknown>> {
  return {
    ...progress,
    strategy: STRATEGIES[strategy],
    ...(lastFailure && { lastFailure: lastFailureOf(lastFailure, 'operation') }),
  };
}

/** Polls have failed for minutes before their error is thrown: what a person has to fix is final then. */
async function withPollFailures<T>(poll: () => Promise<T>): Promise<T> {
  try {
    return await poll();
  } catch (error) {
    const isOfCredentials =
      (error instanceof CredentialsError && !error.isOutage) ||
      (error instanceof GoogleApiError && error.status === 'UNAUTHENTICATED');
    throw failureOf(error, 'operation', isOfCredentials ? { retry: false } : {});
  }
}

/**
 * Looks for a second operation every minute while the first is waited for: a process that stood still can send its
 * request late, and what it started may have ended before the first. Returns what stops it.
 */
function searchForTwins(
  deps: ExportDependencies,
  { twinOf, operation }: AwaitExportRequest,
  cancellation: AbortSignal,
): () => void {
  const stop = new AbortController();
  const signal = AbortSignal.any([cancellation, stop.signal]);
  const search = async (own: OwnOperation): Promise<void> => {
    for (;;) {
      // A list that is refused now is read again a minute later.
      await cancelTwins(deps, own, operation, signal).catch(() => undefined);
      await pause(TWIN_SEARCH_MS, signal);
    }
  };
  if (twinOf !== undefined) search(twinOf).catch(() => undefined);
  return () => {
    stop.abort();
  };
}

/** A race may have started a second operation, which was not listed at the start. */
async function cancelTwins(
  deps: ExportDependencies,
  own: OwnOperation,
  operation: string,
  signal: AbortSignal,
): Promise<void> {
  const listed = await listOperations(deps.vertex, own, signal);
  if (!(listed instanceof GoogleApiError)) await cancelOthers(deps, listed.own, operation, signal);
}

/** Output that lies elsewhere is not this export's, whatever its level of verification: it is not looked into. */
function requireRequestedOutput(
  operation: string,
  outputInfo: OutputInfo,
  destinations: ExportDestinations | undefined,
): void {
  const problems = destinations === undefined ? [] : outputProblems(outputInfo, destinations);
  if (problems.length > 0) throw misplacedOutputFailure(operation, problems);
}

function withWritten(written: WrittenSoFar): { written?: ReturnType<WrittenSoFar['look']> } {
  const seen = written.look();
  return seen ? { written: seen } : {};
}
