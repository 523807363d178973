import type { GoogleStatus } from '../google/api-error';
import type { ExportOperation } from '../google/vertex';

/** How an operation is polled: by a long poll, by a single GET, or by a list that returns many operations. */
export type Strategy = 'wait' | 'get' | 'list';

/** Pauses between single polls of one operation, in milliseconds. */
export interface PollSchedule {
  /** From the start of the operation to the first poll. */
  readonly initialDelayMs: number;
  /** Each pause is the previous one times this factor. */
  readonly multiplier: number;
  /** The longest pause. */
  readonly maxDelayMs: number;
}

/** How one operation is polled, and until when. */
export interface PollOptions extends PollSchedule {
  /** Ends the wait, not the operation. The signal's reason is thrown. */
  readonly signal: AbortSignal;
  /** Whether the operation may be old. If so, it is polled at once, without an initial delay. Default `false`. */
  readonly resumed?: boolean;
  /** The export format. The durations of earlier exports of a format help to schedule the polls of later ones. */
  readonly formatId?: string | undefined;
  /**
   * From this time on, in milliseconds since 1970, the first poll that finds the operation running ends the wait.
   * Default: never.
   */
  readonly parkAt?: number | undefined;
  /** Called before each poll, and after each failed poll. Must not throw. */
  readonly onPoll?: (progress: PollProgress) => void;
}

/** The progress of one wait. */
export interface PollProgress {
  /** Polls so far, including the current one. */
  readonly polls: number;
  /** Failed polls since the last successful one. */
  readonly failures: number;
  readonly strategy: Strategy;
  /** The failure of the latest poll. Absent after a successful poll. */
  readonly lastFailure?: PollFailure;
}

/** A failed poll, as reported to people. */
export interface PollFailure {
  /** At most 300 characters, without credentials. */
  readonly message: string;
  /** Google's name of the status, if Google answered: `UNAVAILABLE`. */
  readonly status?: GoogleStatus;
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
}

/** An operation that has ended, with or without an error. */
export interface EndedOperation {
  readonly operation: ExportOperation;
  /** Polls until the end was noticed. */
  readonly polls: number;
}

/** How the wait for one operation ended. */
export type Outcome =
  /** The operation ended, with or without an error. */
  | { readonly kind: 'done'; readonly ended: EndedOperation }
  /** The operation was still running at {@link PollOptions.parkAt}. */
  | { readonly kind: 'parked' }
  /** Polls failed for too long. `error` is the error that describes the failures best. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The caller stopped waiting. `reason` is the reason of its signal. */
  | { readonly kind: 'aborted'; readonly reason: unknown };

/** Thrown if an operation is still running at {@link PollOptions.parkAt}. */
export class OperationStillRunning extends Error {
  override readonly name = 'OperationStillRunning';

  constructor(operation: string) {
    super(`The operation ${operation} is still running`);
  }
}

/** Receives what the poller measures. Locations are Google Cloud regions. */
export interface PollMetrics {
  /** Records a request that was answered, or that failed with `error`. */
  recordRequest(call: string, location: string, error?: unknown): void;
  /** Records a successful poll of one operation. */
  recordPoll(strategy: Strategy, location: string): void;
  /** Records that the end of an operation was noticed, at most `lagMs` milliseconds after it. */
  recordEnd(strategy: Strategy, location: string, lagMs: number): void;
  /** Records how many operations are polled at present. */
  recordOperations(location: string, count: number): void;
}
