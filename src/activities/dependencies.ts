import type { MetricMeter } from '@temporalio/common';
import { withBucketCache } from '../google/bucket-cache';
import type { RegistryApi } from '../google/registry';
import type { GoogleServiceOptions } from '../google/services';
import { googleServices } from '../google/services';
import type { StorageApi } from '../google/storage';
import type { VertexApi } from '../google/vertex';
import type { Submissions } from '../polling/budget/budgeted-vertex';
import { budgetedVertex, submissionsOf } from '../polling/budget/budgeted-vertex';
import type { BudgetLimits } from '../polling/budget/region-budgets';
import { RegionBudgets } from '../polling/budget/region-budgets';
import type { OperationPoller } from '../polling/operation-poller';
import { SharedOperationPoller } from '../polling/operation-poller';
import { processTimers } from '../polling/time/timers';
import { temporalMetrics } from '../telemetry/metrics';

/** The services and settings that activities use. */
export interface ExportDependencies {
  readonly vertex: VertexApi;
  readonly storage: StorageApi;
  readonly registry: RegistryApi;
  readonly poller: OperationPoller;
  /** Buckets that Models are uploaded from, whose file names may be reported. */
  readonly uploadBuckets: readonly string[];
  /** Waits until the quota allows the start of an export of the Model. */
  readonly submission: Submissions;
  /**
   * How long the service gets to list an operation, in milliseconds, after an answer that leaves open whether an export
   * was started.
   */
  readonly settleDelayMs: number;
  /** How long a refusal that may pass is retried before it is final, in milliseconds. */
  readonly refusedMs: number;
}

/** Where Google's services are, how to connect to them, and how much to ask of them. */
export interface GoogleOptions extends GoogleServiceOptions, BudgetLimits {
  /**
   * How long the service gets to list an operation, in milliseconds, after an answer that leaves open whether an export
   * was started. Default 15 000.
   */
  settleDelayMs?: number;
  /** How long the service is asked to hold a `:wait`, in milliseconds. Default 30 000. */
  longPollMs?: number;
  /** After this long without a usable answer about an operation, its activity fails and is retried, in ms. Default 600 000. */
  outageMs?: number;
  /**
   * Buckets that Models are uploaded from. A `custom-trained` export is compared with the Model's `artifactUri`, which
   * may be in a bucket that only the worker can list. Differences are reported by file name only for these buckets and
   * the export's own; for all others they are counted. Default: none.
   */
  uploadBuckets?: readonly string[];
  /** How long a 404 about an operation is retried before it is final, in milliseconds. Default 120 000. */
  notFoundMs?: number;
  /** How long any other refusal (400, 403, 412, …) is retried before it is final, in milliseconds. Default 300 000. */
  refusedMs?: number;
  /** Receives the `vertex_export_…` metrics. Default: the meter of the worker's `Runtime`. */
  metricMeter?: MetricMeter;
}

const SETTLE_DELAY_MS = 15_000;
const REFUSED_MS = 300_000;

/**
 * Creates the dependencies of the activities, with one request budget and one poller.
 *
 * @throws EndpointError if an endpoint is not a URL, or would get credentials over `http://`
 */
export function createDependencies(options: GoogleOptions = {}): ExportDependencies {
  const { vertex, storage, registry } = googleServices(options);
  const budgets = new RegionBudgets(
    processTimers,
    temporalMetrics(() => meterOf(options)),
    options,
  );
  return {
    vertex: budgetedVertex(vertex, budgets),
    storage: withBucketCache(storage),
    registry,
    poller: new SharedOperationPoller(vertex, budgets, options),
    submission: submissionsOf(vertex, budgets),
    settleDelayMs: options.settleDelayMs ?? SETTLE_DELAY_MS,
    refusedMs: options.refusedMs ?? REFUSED_MS,
    uploadBuckets: options.uploadBuckets ?? [],
  };
}

/** Loads the runtime when the first metric is recorded, so that an application can install its own runtime before. */
async function meterOf({ metricMeter }: GoogleOptions): Promise<MetricMeter> {
  if (metricMeter) return metricMeter;
  const { Runtime } = await import('@temporalio/worker');
  return Runtime.instance().metricMeter;
}
