import type { Info } from '@temporalio/activity';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { Adoption } from '../../contract/export-result';
import type { StartedExport, StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError, GoogleTransportError } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import type { ExportOperation, ExportRequestBody } from '../../google/vertex';
import { defined } from '../../internal/defined';
import { pause } from '../../internal/pause';
import { processTimers } from '../../polling/time/timers';
import type { ExportDependencies } from '../dependencies';
import { requireEmptyFolder, requireListing } from './earlier-start';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { hasRunFolder } from './run-operation';
import { cancelOthers, isCancelled, listOperations, survivorOf } from './run-operations';
import { requireUnsharedFolder } from './run-folder';
import { olderConflict, placeTaken, requireFreePlace } from './shared-place';

/** Oldest list of operations that an export is sent after, in milliseconds. */
const LIST_AGE_MS = 5_000;

/**
 * Starts the export once. It first searches for operations of the run, whatever happened before. If an earlier attempt may
 * have started one, the service gets time to list it, and nothing is started while operations can't be listed.
 */
export async function startExport(
  deps: ExportDependencies,
  request: StartExportRequest,
  report: ReportDetails,
): Promise<StartedExport> {
  const { info } = Context.current();
  requireUnsharedFolder(request, info);
  report(() => ({ step: 'starting, or waiting for quota', model: request.model }));
  const start = new Start(deps, request, request.mayHaveStarted === true || !isFirstAttempt(info));
  return (await start.afterEarlierStart()) ?? (await start.withinQuota());
}

/**
 * Whether no attempt was made before. The counter is not enough: a reset of the activity clears it, and the heartbeats,
 * while the attempt before may still run. Only the first attempt is scheduled at the same time as the activity.
 */
function isFirstAttempt(info: Info): boolean {
  const isOriginal = info.currentAttemptScheduledTimestampMs === info.scheduledTimestampMs;
  return info.attempt === 1 && info.heartbeatDetails === undefined && isOriginal;
}

/** The list of operations became too old while the request waited to be sent. */
class OldListError extends Error {
  override readonly name = 'OldListError';
}

/** One attempt to start an export. */
class Start {
  private readonly signal = Context.current().cancellationSignal;
  private readonly beganAt = processTimers.clock.now();
  private listedAt = -Infinity;
  /** Whether the run has operations that were cancelled: their files can be in the run's folder. */
  private hasCancelled = false;

  constructor(
    private readonly deps: ExportDependencies,
    private readonly request: StartExportRequest,
    /** Whether an operation of this run may exist already. */
    private readonly mayHaveStarted: boolean,
  ) {}

  /** Searches twice for an operation that an earlier attempt may have started; `undefined` if there is none. */
  async afterEarlierStart(): Promise<StartedExport | undefined> {
    if (!this.mayHaveStarted) return undefined;
    const found = await this.find(this.deps);
    if (typeof found === 'object') return found;
    await pause(this.deps.settleDelayMs, this.signal);
    const late = await this.find(this.deps);
    if (typeof late === 'object') return late;
    if (!this.hasCancelled) await requireEmptyFolder(this.deps, this.request, this.signal);
    return undefined;
  }

  /** Starts the export as soon as the quota allows it. Operations are listed again if the list becomes too old. */
  async withinQuota(): Promise<StartedExport> {
    for (;;) {
      const submission = await this.deps.submission(this.request.model, this.signal);
      const granted = { ...this.deps, vertex: submission.vertex };
      try {
        const found = await this.find(granted);
        if (typeof found === 'object') return found;
        await this.requireRunningWorkflow();
        return await this.send(granted, found);
      } catch (error) {
        if (!(error instanceof OldListError)) throw error;
      } finally {
        submission.release();
      }
    }
  }

  /** Refuses a start for a workflow that has ended meanwhile: the next heartbeat, which reports it, can be a minute away. */
  private async requireRunningWorkflow(): Promise<void> {
    if (!this.isLate() && !this.hasCancelled) return;
    const { runId } = Context.current().info.workflowExecution ?? {};
    if (!(await isRunning(runId))) throw new CancelledFailure('The workflow has ended; nothing is started for it');
  }

  /**
   * Whether the workflow can have ended unnoticed. The process measures its own wait. The server's time also shows a process
   * that was suspended between receiving the task and its first line of code.
   */
  private isLate(): boolean {
    const waitedMs = processTimers.clock.now() - this.beganAt;
    const scheduledMs = Date.now() - Context.current().info.currentAttemptScheduledTimestampMs;
    return Math.max(waitedMs, scheduledMs) >= LIST_AGE_MS;
  }

  /** The run's operation if there is one; otherwise how a new one is recorded. */
  private async find(deps: ExportDependencies): Promise<StartedExport | Exclude<Adoption, 'adopted'>> {
    const listed = await listOperations(deps.vertex, this.request, this.signal);
    this.listedAt = processTimers.clock.now();
    if (listed instanceof GoogleApiError) {
      if (this.mayHaveStarted) requireListing(this.deps, listed, this.request);
      Context.current().log.warn(
        'Operations cannot be listed. If the worker crashes right after the start, the operation is not found again.',
      );
      return 'unavailable';
    }
    requireFreePlace(this.request, listed, this.mayHaveStarted);
    this.hasCancelled = listed.ofRun.some(isCancelled);
    const survivor = survivorOf(listed.ofRun);
    if (survivor === undefined) return 'started';
    if (hasRunFolder(this.request)) await cancelOthers(deps, listed.ofRun, survivor.name);
    return this.started(survivor, 'adopted');
  }

  private async send(deps: ExportDependencies, adoption: Exclude<Adoption, 'adopted'>): Promise<StartedExport> {
    const operation = await this.callExport(deps);
    const tookMs = processTimers.clock.now() - this.listedAt;
    // No other operation can have been started meanwhile, unless this process was suspended or the place is shared.
    if (!this.mayHaveStarted && tookMs < LIST_AGE_MS && this.hasUnsharedPlace())
      return this.started(operation, adoption);
    // If the attempt was abandoned meanwhile, its operation still exists, and possibly no other attempt has its name.
    const { signal } = new AbortController();
    // A run that was reset adopts the operation. Without any run of the workflow, the operation has no use.
    if (tookMs >= LIST_AGE_MS && !(await isRunning())) {
      await withFailures('operation', () => deps.vertex.cancelOperation(operation.name, signal));
      throw new CancelledFailure(`The workflow has ended; ${operation.name}, which was started for it, is cancelled`);
    }
    const listed = await listOperations(deps.vertex, this.request, signal);
    if (listed instanceof GoogleApiError) return this.started(operation, adoption);
    const older = this.hasUnsharedPlace() ? undefined : olderConflict(this.request, listed, operation);
    if (older !== undefined && !this.mayHaveStarted) {
      await withFailures('operation', () => deps.vertex.cancelOperation(operation.name, signal));
      throw placeTaken(older, { nothingStarted: true });
    }
    const survivor =
      this.mayHaveStarted || hasRunFolder(this.request) ? (survivorOf(listed.ofRun) ?? operation) : operation;
    if (hasRunFolder(this.request)) {
      const unlisted = listed.ofRun.some(({ name }) => name === operation.name) ? [] : [operation];
      await cancelOthers(deps, [...listed.ofRun, ...unlisted], survivor.name, signal);
    }
    return this.started(survivor, survivor.name === operation.name ? adoption : 'adopted');
  }

  /** Whether only this export writes to its destinations, so that its operations can be identified with certainty. */
  private hasUnsharedPlace(): boolean {
    return hasRunFolder(this.request) && this.request.destinations.imageUri === undefined;
  }

  private started({ name, metadata }: ExportOperation, adoption: Adoption): StartedExport {
    // In a shared place, a twin can't be distinguished from another export's operation.
    const mayHaveTwin = hasRunFolder(this.request) && (this.mayHaveStarted || adoption === 'adopted');
    return { operation: name, adoption, outputInfo: metadata.outputInfo, ...(mayHaveTwin && { mayHaveTwin: true }) };
  }

  /** The last check, directly before the request is sent: quota can be granted late, and a process can be suspended. */
  private readonly beforeSend = (): void => {
    this.signal.throwIfAborted();
    if (this.request.notAfter !== undefined && Date.now() >= Date.parse(this.request.notAfter)) throw lateFailure();
    if (processTimers.clock.now() - this.listedAt > LIST_AGE_MS) throw new OldListError();
  };

  private async callExport(deps: ExportDependencies): Promise<ExportOperation> {
    const { model } = this.request;
    try {
      const sending = { signal: this.signal, beforeSend: this.beforeSend };
      return await deps.vertex.exportModel(model, bodyOf(this.request), sending);
    } catch (error) {
      // Without credentials nothing was sent.
      const isUnsent = error instanceof CredentialsError && !error.isOutage;
      const isUnanswered = error instanceof GoogleTransportError && !isUnsent;
      if (isUnanswered || (error instanceof GoogleApiError && error.ambiguous)) {
        throw unknownStart(error, deps.settleDelayMs);
      }
      // After a refusal there is nothing to cancel, unless an earlier attempt may have started an operation.
      throw failureOf(error, 'export', this.mayHaveStarted ? {} : { nothingStarted: true });
    }
  }
}

function bodyOf({ exportFormatId, destinations }: StartExportRequest): ExportRequestBody {
  const { outputUriPrefix, imageUri } = destinations;
  return {
    outputConfig: defined({
      exportFormatId,
      artifactDestination: outputUriPrefix === undefined ? undefined : { outputUriPrefix },
      imageDestination: imageUri === undefined ? undefined : { outputUri: imageUri },
    }),
  };
}

/**
 * Whether the workflow is running. An abandoned attempt also checks.
 *
 * @param runId run to check. Default: any run of the workflow id
 */
async function isRunning(runId?: string): Promise<boolean> {
  const { client, info } = Context.current();
  const handle = client.workflow.getHandle(info.workflowExecution?.workflowId ?? '', runId);
  const { status } = await client.withAbortSignal(new AbortController().signal, () => handle.describe());
  return status.name === 'RUNNING';
}

/** The failure after an answer that leaves open whether an operation was started. */
function unknownStart(error: GoogleApiError | GoogleTransportError, settleDelayMs: number): Error {
  const details = {
    type: ExportFailureType.Unavailable,
    action: 'Retrying; no action needed. The next attempt first searches for an operation that was started.',
    request: error.request,
  };
  const advisedMs = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
  const nextRetryDelayMs = Math.max(settleDelayMs, advisedMs);
  return exportFailure(error.message, details, { retry: true, nextRetryDelayMs, cause: error });
}

function lateFailure(): Error {
  return exportFailure('The deadline of the export passed before it could be started', {
    type: ExportFailureType.DeadlineExceeded,
    action: 'Start the export again with a later deadline. Nothing was started.',
  });
}
