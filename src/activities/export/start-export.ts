import type { Info } from '@temporalio/activity';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { Adoption } from '../../contract/export-result';
import type { StartedExport, StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError, GoogleTransportError } from '../../google/api-error';
import { CredentialsError } from '../../google/credentials-error';
import type { ExportOperation, ExportRequestBody } from '../../google/vertex';
import { pause } from '../../internal/pause';
import { processTimers } from '../../polling/time/timers';
import type { ExportDependencies } from '../dependencies';
import { requireEmptyFolder, requireListing } from './earlier-start';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { hasOwnFolder } from './own-operation';
import { cancelOthers, listOperations, survivorOf } from './own-operations';
import { requireOwnFolder } from './run-folder';
import { olderInTheWay, placeTaken, requireFreePlace } from './shared-place';

/** A list of operations that is older is read again before an export is sent, in milliseconds. */
const LIST_AGE_MS = 5_000;
/** An attempt that begins later than this after the activity was scheduled is not the first one, in milliseconds. */
const FIRST_ATTEMPT_MS = 1_000;

/**
 * Starts the export, once: whatever happened before, the operations of the run are looked for first. Where an earlier
 * attempt may have started one, the service gets time to show it, and nothing is started while it can't be looked for.
 */
export async function startExport(deps: ExportDependencies, request: StartExportRequest): Promise<StartedExport> {
  const { info } = Context.current();
  requireOwnFolder(request, info);
  return withHeartbeats(
    request.heartbeatTimeoutMs,
    () => ({ step: 'starting, or waiting for its turn within the quota', model: request.model }),
    async () => {
      const start = new Start(deps, request, request.mayHaveStarted === true || !isFirstAttempt(info));
      return (await start.afterEarlierStart()) ?? (await start.withinQuota());
    },
  );
}

/** The counter alone does not tell: a reset of the activity sets it back, and forgets the heartbeats. */
function isFirstAttempt(info: Info): boolean {
  const isPrompt = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs < FIRST_ATTEMPT_MS;
  return info.attempt === 1 && info.heartbeatDetails === undefined && isPrompt;
}

/** The list has become too old while the request waited to be sent. */
class OldListError extends Error {
  override readonly name = 'OldListError';
}

/** One attempt to start an export. */
class Start {
  private readonly signal = Context.current().cancellationSignal;
  private readonly beganAt = processTimers.clock.now();
  private listedAt = -Infinity;

  constructor(
    private readonly deps: ExportDependencies,
    private readonly request: StartExportRequest,
    /** Whether an operation of this run may exist already. */
    private readonly mayHaveStarted: boolean,
  ) {}

  /** Looks twice for what an earlier attempt may have started; `undefined` where there is nothing. */
  async afterEarlierStart(): Promise<StartedExport | undefined> {
    if (!this.mayHaveStarted) return undefined;
    const found = await this.find(this.deps);
    if (typeof found === 'object') return found;
    await pause(this.deps.settleDelayMs, this.signal);
    const late = await this.find(this.deps);
    if (typeof late === 'object') return late;
    await requireEmptyFolder(this.deps, this.request, this.signal);
    return undefined;
  }

  /** Starts the export as soon as the quota allows it. What is listed must not grow old in the queue. */
  async withinQuota(): Promise<StartedExport> {
    for (;;) {
      const submission = await this.deps.submission(this.request.model, this.signal);
      const granted = { ...this.deps, vertex: submission.vertex };
      try {
        await this.requireRunningWorkflow();
        const found = await this.find(granted);
        if (typeof found === 'object') return found;
        return await this.send(granted, found);
      } catch (error) {
        if (!(error instanceof OldListError)) throw error;
      } finally {
        submission.release();
      }
    }
  }

  /** A workflow that was terminated in the queue learns of it with the next heartbeat only, which can take a minute. */
  private async requireRunningWorkflow(): Promise<void> {
    if (processTimers.clock.now() - this.beganAt < LIST_AGE_MS) return;
    const { client, info } = Context.current();
    const { workflowId = '', runId } = info.workflowExecution ?? {};
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    if (status.name !== 'RUNNING') throw new CancelledFailure('The workflow has ended: nothing is started for it');
  }

  /** The run's own operation where there is one; else how a new one comes to the run. */
  private async find(deps: ExportDependencies): Promise<StartedExport | Exclude<Adoption, 'adopted'>> {
    const listed = await listOperations(deps.vertex, this.request, this.signal);
    this.listedAt = processTimers.clock.now();
    if (listed instanceof GoogleApiError) {
      if (this.mayHaveStarted) requireListing(this.deps, listed, this.request);
      Context.current().log.warn('Operations can not be listed: a crash between start and record could go unnoticed.');
      return 'unavailable';
    }
    requireFreePlace(this.request, listed, this.mayHaveStarted);
    const survivor = survivorOf(listed.own);
    if (survivor === undefined) return 'started';
    if (hasOwnFolder(this.request)) await cancelOthers(deps, listed.own, survivor.name);
    return this.started(survivor, 'adopted');
  }

  private async send(deps: ExportDependencies, adoption: Exclude<Adoption, 'adopted'>): Promise<StartedExport> {
    const operation = await this.callExport(deps);
    const tookMs = processTimers.clock.now() - this.listedAt;
    // Nobody else can have started one meanwhile, unless this process stood still, or the place is shared.
    if (!this.mayHaveStarted && tookMs < LIST_AGE_MS && this.hasOwnPlace()) return this.started(operation, adoption);
    // An attempt that was given up meanwhile has started an operation all the same: it ends when another one has won.
    const { signal } = new AbortController();
    const listed = await listOperations(deps.vertex, this.request, signal);
    if (listed instanceof GoogleApiError) return this.started(operation, adoption);
    const older = this.hasOwnPlace() ? undefined : olderInTheWay(this.request, listed, operation);
    if (older !== undefined && !this.mayHaveStarted) {
      await withFailures('operation', () => deps.vertex.cancelOperation(operation.name, signal));
      throw placeTaken(older, { nothingStarted: true });
    }
    const survivor =
      this.mayHaveStarted || hasOwnFolder(this.request) ? (survivorOf(listed.own) ?? operation) : operation;
    if (hasOwnFolder(this.request)) {
      const unlisted = listed.own.some(({ name }) => name === operation.name) ? [] : [operation];
      await cancelOthers(deps, [...listed.own, ...unlisted], survivor.name, signal);
    }
    return this.started(survivor, survivor.name === operation.name ? adoption : 'adopted');
  }

  /** Whether nobody else writes where this export does, so that its operations can be told from all others. */
  private hasOwnPlace(): boolean {
    return hasOwnFolder(this.request) && this.request.destinations.imageUri === undefined;
  }

  private started({ name, metadata }: ExportOperation, adoption: Adoption): StartedExport {
    // In a shared place a twin can't be told from an operation of somebody else.
    const mayHaveTwin = hasOwnFolder(this.request) && (this.mayHaveStarted || adoption === 'adopted');
    return { operation: name, adoption, outputInfo: metadata.outputInfo, ...(mayHaveTwin && { mayHaveTwin: true }) };
  }

  /** The last check, directly before the request is sent: a grant can come late, and a process can stand still. */
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
      // Refused, and no earlier attempt can have started one: there is nothing to cancel.
      throw failureOf(error, 'export', this.mayHaveStarted ? {} : { nothingStarted: true });
    }
  }
}

function bodyOf({ exportFormatId, destinations }: StartExportRequest): ExportRequestBody {
  const { outputUriPrefix, imageUri } = destinations;
  return {
    outputConfig: {
      exportFormatId,
      ...(outputUriPrefix === undefined ? {} : { artifactDestination: { outputUriPrefix } }),
      ...(imageUri === undefined ? {} : { imageDestination: { outputUri: imageUri } }),
    },
  };
}

/** The answer does not say whether an operation was started: the next attempt looks for it. */
function unknownStart(error: GoogleApiError | GoogleTransportError, settleDelayMs: number): Error {
  const details = {
    type: ExportFailureType.Unavailable,
    action: 'Retrying; no action needed. The next attempt first looks for an operation that was started.',
    request: error.request,
  };
  const advisedMs = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
  const nextRetryDelayMs = Math.max(settleDelayMs, advisedMs);
  return exportFailure(error.message, details, { retry: true, nextRetryDelayMs, cause: error });
}

function lateFailure(): Error {
  return exportFailure('The deadline of the export passed before it could be started', {
    type: ExportFailureType.DeadlineExceeded,
    action: 'Give a later deadline. Nothing was started.',
  });
}
