import type { ExportOperation, VertexApi } from '../google/vertex';
import type { PollFailure } from './poll-failures';
import { Durations } from './durations';
import type { Strategy } from '../telemetry/metrics';
import type { PollSchedule } from './poll-schedule';
import type { RegionBudgets } from './budget/region-budgets';
import { RegionWatch } from './region-poller';

/** How one operation is waited for. */
export interface WatchOptions extends PollSchedule {
  /** Ends the watching, not the operation; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Whether the operation may be old: then it is looked at without a first pause. Default `false`. */
  readonly resumed?: boolean;
  /** What is exported: what is learned of one export helps with the next of its format. */
  readonly formatId?: string | undefined;
  /** From this time on, milliseconds since 1970, one poll that finds it running ends the wait. Default: never. */
  readonly parkAt?: number | undefined;
  /** Called before each look, and after a failed one. */
  readonly onPoll?: (progress: WatchProgress) => void;
}

export interface WatchProgress {
  /** Looks so far, with the one that is being made. */
  readonly polls: number;
  /** Failed looks since the last good one. */
  readonly failures: number;
  readonly strategy: Strategy;
  /** Why the latest poll failed; absent after a good answer. */
  readonly lastFailure?: PollFailure;
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
   * Failed polls slow it down. The last error is thrown after ten minutes without a good answer, after five minutes of
   * the same refusal, and after two minutes of 404.
   *
   * @throws OperationStillRunning at `parkAt`
   */
  untilDone(operation: string, options: WatchOptions): Promise<EndedOperation>;
}

/** Times of an {@link OperationWatch}, and what tests and benchmarks put in the place of chance. */
export interface WatchSettings {
  /** How long the service is asked to hold a `:wait`, in milliseconds. Default 30 000. */
  readonly longPollMs?: number | undefined;
  /** Without a good answer for this long, the last error is thrown, in milliseconds. Default 600 000. */
  readonly outageMs?: number | undefined;
  /** A 404 is thrown when it lasts this long, in milliseconds. Default 120 000. */
  readonly notFoundMs?: number | undefined;
  /** Any other refusal (400, 403, 412, …) is thrown when it lasts this long, in milliseconds. Default 300 000. */
  readonly refusedMs?: number | undefined;
  /** Numbers from 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const LONG_POLL_MS = 30_000;
const OUTAGE_MS = 600_000;
const NOT_FOUND_MS = 120_000;
const REFUSED_MS = 300_000;

/** One watch for a whole process: what it holds for a project and region shares requests, budget and experience. */
export class SharedOperationWatch implements OperationWatch {
  private readonly regions = new Map<string, RegionWatch>();
  private readonly durations = new Durations();

  /** @param vertex as it is: the watch itself asks the budgets */
  constructor(
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
    private readonly settings: WatchSettings = {},
  ) {}

  untilDone(operation: string, options: WatchOptions): Promise<EndedOperation> {
    return this.regionOf(operation).watch(operation, options);
  }

  private regionOf(operation: string): RegionWatch {
    const key = this.budgets.keyOf(operation);
    const known = this.regions.get(key);
    if (known) return known;
    const region = new RegionWatch(key, this.vertex, this.budgets, this.durations, {
      longPollMs: this.settings.longPollMs ?? LONG_POLL_MS,
      outageMs: this.settings.outageMs ?? OUTAGE_MS,
      notFoundMs: this.settings.notFoundMs ?? NOT_FOUND_MS,
      refusedMs: this.settings.refusedMs ?? REFUSED_MS,
      random: this.settings.random ?? Math.random,
    });
    this.regions.set(key, region);
    return region;
  }
}
