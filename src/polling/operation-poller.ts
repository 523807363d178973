import type { VertexApi } from '../google/vertex';
import type { RegionBudgets } from './budget/region-budgets';
import { Durations } from './durations';
import type { PollerSettings } from './region-poller';
import { RegionPoller } from './region-poller';
import type { EndedOperation, PollOptions } from './types';

/** Waits for long-running operations. */
export interface OperationPoller {
  /**
   * Resolves when the operation has ended, with or without an error.
   *
   * A failed poll is retried after a pause that grows. The wait fails with the error of the polls after ten minutes
   * without a successful poll, after five minutes of the same refusal, or after two minutes of 404.
   *
   * @param operation `projects/P/locations/L/…/operations/O`
   * @throws OperationStillRunning if the operation is still running at `parkAt`
   */
  waitForEnd(operation: string, options: PollOptions): Promise<EndedOperation>;
}

/** Settings of a {@link SharedOperationPoller}. */
export interface PollerOptions {
  /** How long the service is asked to hold a long poll (`:wait`), in milliseconds. Default 30 000. */
  readonly longPollMs?: number | undefined;
  /** A wait fails after this long without a successful poll, in milliseconds. Default 600 000. */
  readonly outageMs?: number | undefined;
  /** A wait fails when polls are answered with 404 for this long, in milliseconds. Default 120 000. */
  readonly notFoundMs?: number | undefined;
  /**
   * A wait fails when polls get the same other refusal (400, 403, 412, …) for this long, in milliseconds.
   * Default 300 000.
   */
  readonly refusedMs?: number | undefined;
  /** Returns numbers from 0 to 1, which vary the pauses. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const LONG_POLL_MS = 30_000;
const OUTAGE_MS = 600_000;
const NOT_FOUND_MS = 120_000;
/** Default of `refusedMs`, in milliseconds. */
export const REFUSED_MS = 300_000;

/**
 * The poller of a worker process. All operations of one project and region share requests, the budget, and what is
 * learned about the service.
 */
export class SharedOperationPoller implements OperationPoller {
  private readonly regions = new Map<string, RegionPoller>();
  private readonly durations = new Durations();
  private readonly settings: PollerSettings;

  /** @param vertex a client without budgets: the poller itself acquires from `budgets` */
  constructor(
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
    options: PollerOptions = {},
  ) {
    this.settings = {
      longPollMs: options.longPollMs ?? LONG_POLL_MS,
      outageMs: options.outageMs ?? OUTAGE_MS,
      notFoundMs: options.notFoundMs ?? NOT_FOUND_MS,
      refusedMs: options.refusedMs ?? REFUSED_MS,
      random: options.random ?? Math.random,
    };
  }

  waitForEnd(operation: string, options: PollOptions): Promise<EndedOperation> {
    return this.regionOf(operation).waitForEnd(operation, options);
  }

  private regionOf(operation: string): RegionPoller {
    const region = this.budgets.keyOf(operation);
    const known = this.regions.get(region);
    if (known) return known;
    const created = new RegionPoller(region, this.vertex, this.budgets, this.durations, this.settings);
    this.regions.set(region, created);
    return created;
  }
}
