import { Context } from '@temporalio/activity';
import type {
  AwaitedExport,
  AwaitExportRequest,
  ExportDestinations,
  RunOperation,
} from '../../contract/export-activities';
import type { OutputInfo } from '../../contract/export-result';
import { GoogleApiError, hasStatus } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import type { ExportOperation } from '../../google/vertex';
import { defined } from '../../internal/defined';
import { pause } from '../../internal/pause';
import type { EndedOperation, PollOptions, PollProgress, Strategy } from '../../polling/types';
import { OperationStillRunning } from '../../polling/types';
import type { ExportDependencies } from '../dependencies';
import { failureOf, lastFailureOf } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { misplacedOutputFailure, operationFailure } from '../failures/operation-failure';
import { parkedFailure, parkedPause } from './parking';
import { cancelOthers, isCancelled, listOperations, survivorOf } from './run-operations';
import { outputProblems } from './requested-output';
import { describeDuration } from '../describe-duration';
import { WrittenBytes } from './written-bytes';

const STRATEGIES: Readonly<Record<Strategy, string>> = {
  wait: 'long polls',
  get: 'single requests',
  list: 'a list of many operations',
};

/** Pause between two searches for a second operation, in milliseconds. */
const TWIN_SEARCH_MS = 60_000;

/**
 * Waits for the operation's end. It never cancels the operation: a pause, a reset, a shutdown and a lost worker look like
 * a cancel from here, and the operation must continue after each.
 *
 * @throws ApplicationFailure of the type StillRunning if the export parks; the next attempt continues the wait
 */
export async function awaitExport(
  deps: ExportDependencies,
  request: AwaitExportRequest,
  report: ReportDetails,
): Promise<AwaitedExport> {
  const { cancellationSignal: signal, info } = Context.current();
  const { polling, operation: name, outputInfo, exportFormatId, parking } = request;
  const startedAt = Date.now();
  let progress: PollProgress | undefined;
  const isRequested = outputProblems(outputInfo ?? {}, request.destinations ?? {}).length === 0;
  const written = new WrittenBytes(deps.storage, isRequested ? outputInfo?.artifactOutputUri : undefined, signal);
  // The operation may have ended before this attempt. A reset sets the counter of attempts back.
  const resumed = info.attempt > 1 || info.heartbeatDetails !== undefined;

  const poll = (how: Pick<PollOptions, 'resumed' | 'parkAt'>): Promise<EndedOperation> =>
    withPollFailures(() =>
      deps.poller.waitForEnd(name, {
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
  const pollOrPark = async (): Promise<EndedOperation> => {
    try {
      return await poll({ resumed, parkAt: parking?.at });
    } catch (error) {
      if (!(error instanceof OperationStillRunning) || !parking) throw error;
      const pauseMs = parkedPause(parking.checkEvery, info, Date.now());
      if (pauseMs !== undefined) throw parkedFailure(name, pauseMs);
      // This close to the deadline there is no other attempt.
      return await poll({ resumed: true });
    }
  };
  let beats = 0;
  report(() => {
    beats += 1;
    return {
      operation: name,
      waited: describeDuration(Date.now() - startedAt),
      ...(progress && progressDetails(progress)),
      // Not in the first heartbeat: most short exports end before the second.
      ...defined({ written: beats > 1 ? written.latestOrList() : undefined }),
    };
  });

  const stopSearch = searchForTwins(deps, request, signal);
  const { operation, polls } = await pollOrPark().finally(stopSearch);
  const { twinOf } = request;
  const hasSurvivor = twinOf !== undefined && (await cancelTwins(deps, twinOf, operation, signal));
  if (operation.error) throw operationFailure(name, operation.error, operation.metadata, { hasSurvivor });
  requireRequestedOutput(name, operation.metadata.outputInfo, request.destinations);
  return { outputInfo: operation.metadata.outputInfo, ...operation.metadata.genericMetadata, polls };
}

/** The progress in a heartbeat, with the failure of the last poll: it is the reason when the deadline passes. */
function progressDetails({ lastFailure, strategy, ...progress }: PollProgress): Readonly<Record<string, unknown>> {
  return {
    ...progress,
    strategy: STRATEGIES[strategy],
    ...defined({ lastFailure: lastFailure && lastFailureOf(lastFailure, 'operation') }),
  };
}

/** Makes errors of credentials final: polls have failed for minutes before they throw one, and a person must fix it. */
async function withPollFailures<T>(poll: () => Promise<T>): Promise<T> {
  try {
    return await poll();
  } catch (error) {
    const isOfCredentials =
      (error instanceof CredentialsError && !error.isOutage) || hasStatus(error, 'UNAUTHENTICATED');
    throw failureOf(error, 'operation', isOfCredentials ? { retry: false } : {});
  }
}

/**
 * Searches for a second operation every minute while the first one runs: a suspended process can send its request late,
 * and the second operation may end before the first.
 *
 * @returns a function that stops the search
 */
function searchForTwins(
  deps: ExportDependencies,
  { twinOf, operation }: AwaitExportRequest,
  cancellation: AbortSignal,
): () => void {
  const stop = new AbortController();
  const signal = AbortSignal.any([cancellation, stop.signal]);
  const search = async (run: RunOperation): Promise<void> => {
    for (;;) {
      // After a failure, the next search is a minute later.
      await cancelTwins(deps, run, { name: operation }, signal).catch(() => undefined);
      await pause(TWIN_SEARCH_MS, signal);
    }
  };
  if (twinOf !== undefined) search(twinOf).catch(() => undefined);
  return () => {
    stop.abort();
  };
}

/**
 * Cancels further operations of the run: a race may have started one that was not listed at the start. If the polled
 * operation was cancelled, the others are kept: an abandoned attempt may have cancelled it in favor of an older
 * one that the workflow does not know.
 *
 * @returns whether another operation is kept, which can be adopted
 */
async function cancelTwins(
  deps: ExportDependencies,
  run: RunOperation,
  polled: Pick<ExportOperation, 'name' | 'error'>,
  signal: AbortSignal,
): Promise<boolean> {
  const listed = await listOperations(deps.vertex, run, signal);
  if (listed instanceof GoogleApiError) return false;
  const others = listed.ofRun.filter(({ name }) => name !== polled.name);
  if (isCancelled(polled) && survivorOf(others) !== undefined) return true;
  await cancelOthers(deps, others, polled.name, signal);
  return false;
}

/** Refuses output at another place, at every level of verification: it does not belong to this export. */
function requireRequestedOutput(
  operation: string,
  outputInfo: OutputInfo,
  destinations: ExportDestinations | undefined,
): void {
  const problems = destinations === undefined ? [] : outputProblems(outputInfo, destinations);
  if (problems.length > 0) throw misplacedOutputFailure(operation, problems);
}
