import { GoogleApiError, GoogleTransportError } from '../google/api-error';
import type { ExportOperation, VertexApi } from '../google/vertex';
import { pause } from './pause';

/** How one operation is waited for. */
export interface WatchOptions {
  readonly initialDelayMs: number;
  readonly multiplier: number;
  readonly maxDelayMs: number;
  /** Ends the watching, not the operation; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Called before each request, and after a failed one. */
  readonly onPoll?: (progress: WatchProgress) => void;
}

export interface WatchProgress {
  /** Requests so far, with the one that is being made. */
  readonly polls: number;
  /** Failed polls since the last good one. */
  readonly failures: number;
  readonly strategy: 'wait' | 'get';
}

export interface EndedOperation {
  readonly operation: ExportOperation;
  readonly polls: number;
}

/** Waits for long-running operations. */
export interface OperationWatch {
  /**
   * Resolves when the operation is done, with or without an error.
   *
   * Failed polls only slow it down; after ten minutes without a good answer the last error is thrown.
   */
  untilDone(operation: string, options: WatchOptions): Promise<EndedOperation>;
}

/** A service that gives no good answer for so long is an outage, in milliseconds. */
const OUTAGE_MS = 600_000;
/** How long one `:wait` is asked to hold, in milliseconds. */
const DEFAULT_LONG_POLL_MS = 30_000;
/** `:wait` is used while fewer operations are in flight: a thousand of them would eat the region's quota. */
const MAX_LONG_POLLS = 20;
/** After `:wait` came back early or not at all, it is left alone for so long, in milliseconds. */
const WAIT_AGAIN_AFTER_MS = 600_000;
/** A 404 of an operation has been seen to pass: it counts when it comes so often in a row. */
const NOT_FOUND_IN_A_ROW = 3;
/** Pauses are spread by this share, so that operations started together are not asked after together. */
const JITTER = 0.1;
/** Pause after a failed poll without advice from the service, in milliseconds; doubles up to the longest. */
const FAILURE_DELAY_MS = 1_000;
const MAX_FAILURE_DELAY_MS = 60_000;

/** Times of a {@link PollingOperationWatch}, in milliseconds. */
export interface PollingTimes {
  /** How long the service is asked to hold a `:wait`. Default 30 000. */
  readonly longPollMs?: number | undefined;
  /** Without a good answer for so long, the last error is thrown. Default 600 000. */
  readonly outageMs?: number | undefined;
}

/** Whether another poll may be answered better. */
function isPassing(error: unknown): boolean {
  if (error instanceof GoogleTransportError) return true;
  if (!(error instanceof GoogleApiError)) return false;
  return [401, 408, 429].includes(error.httpStatus) || error.httpStatus >= 500;
}

/** Asks after each operation by itself: `:wait` where the service honours it, GET with growing pauses elsewhere. */
export class PollingOperationWatch implements OperationWatch {
  private longPolls = 0;
  private noWaitBefore = 0;

  private readonly longPollMs: number;
  private readonly outageMs: number;

  constructor(
    private readonly vertex: VertexApi,
    { longPollMs = DEFAULT_LONG_POLL_MS, outageMs = OUTAGE_MS }: PollingTimes = {},
  ) {
    this.longPollMs = longPollMs;
    this.outageMs = outageMs;
  }

  async untilDone(operation: string, options: WatchOptions): Promise<EndedOperation> {
    let polls = 0;
    let failures = 0;
    let notFound = 0;
    let lastGoodAt = Date.now();
    let delayMs = options.initialDelayMs;

    for (;;) {
      const strategy = failures === 0 && this.mayWait() ? 'wait' : 'get';
      if (strategy === 'get' && failures === 0) await pause(jittered(delayMs), options.signal);
      let failureDelayMs = 0;
      try {
        polls += 1;
        options.onPoll?.({ polls, failures, strategy });
        const answer = await this.look(operation, strategy, options.signal);
        if (answer.done) return { operation: answer, polls };
        if (strategy === 'get') delayMs = Math.min(Math.max(delayMs, 1) * options.multiplier, options.maxDelayMs);
        failures = 0;
        notFound = 0;
        lastGoodAt = Date.now();
      } catch (error) {
        options.signal.throwIfAborted();
        const missing = error instanceof GoogleApiError && error.status === 'NOT_FOUND';
        notFound = missing ? notFound + 1 : 0;
        const counts = missing ? notFound >= NOT_FOUND_IN_A_ROW : !isPassing(error);
        if (strategy === 'wait') this.noWaitBefore = Date.now() + (isUnimplemented(error) ? WAIT_AGAIN_AFTER_MS : 0);
        if (strategy === 'wait' && isUnimplemented(error)) continue;
        if (counts || Date.now() - lastGoodAt >= this.outageMs) throw error;
        failures += 1;
        options.onPoll?.({ polls, failures, strategy });
        const advised = error instanceof GoogleApiError ? (error.retryDelayMs ?? 0) : 0;
        failureDelayMs = Math.max(advised, Math.min(FAILURE_DELAY_MS * 2 ** (failures - 1), MAX_FAILURE_DELAY_MS));
      }
      if (failureDelayMs > 0) await pause(jittered(failureDelayMs), options.signal);
    }
  }

  private mayWait(): boolean {
    return this.longPolls < MAX_LONG_POLLS && Date.now() >= this.noWaitBefore;
  }

  private async look(operation: string, strategy: 'wait' | 'get', signal: AbortSignal): Promise<ExportOperation> {
    if (strategy === 'get') return this.vertex.getOperation(operation, signal);
    const askedAt = Date.now();
    this.longPolls += 1;
    try {
      const answer = await this.vertex.waitOperation(operation, this.longPollMs, signal);
      // The API may come back at once; to ask again without a pause would be a loop.
      if (!answer.done && Date.now() - askedAt < this.longPollMs / 2)
        this.noWaitBefore = Date.now() + WAIT_AGAIN_AFTER_MS;
      return answer;
    } finally {
      this.longPolls -= 1;
    }
  }
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof GoogleApiError && error.status === 'UNIMPLEMENTED';
}

function jittered(ms: number): number {
  return ms * (1 + JITTER * (2 * Math.random() - 1));
}
