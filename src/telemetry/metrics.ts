import type { MetricMeter } from '@temporalio/common';
import { isThrottled } from '../google/api-error';

/** How an operation is looked at: long polls, single GETs, or a LIST that has many. */
export type Strategy = 'wait' | 'get' | 'list';

/** Where what the watcher does and sees is counted. */
export interface WatchMetrics {
  /** A request was answered, or failed. */
  called(call: string, location: string, error?: unknown): void;
  /** An operation was looked at. */
  looked(strategy: Strategy, location: string): void;
  /** The end of an operation was noticed, so many milliseconds late at most. */
  noticed(strategy: Strategy, location: string, lagMs: number): void;
  /** So many operations are watched. */
  watching(location: string, operations: number): void;
}

function instrumentsOf(meter: MetricMeter) {
  return {
    requests: meter.createCounter('vertex_export_requests', '', 'Requests to Vertex AI, by call and result'),
    polls: meter.createCounter('vertex_export_polls', '', 'Looks at running operations, by strategy'),
    lag: meter.createHistogram('vertex_export_lag', 'int', 'ms', 'From the end of an operation to its notice, at most'),
    operations: meter.createGauge('vertex_export_operations', 'int', '', 'Operations that are being watched'),
  };
}

/** Temporal metrics, by a meter that is asked for with the first record; docs/operating.md lists the names. */
export function temporalMetrics(meter: () => Promise<MetricMeter>): WatchMetrics {
  let instruments: Promise<ReturnType<typeof instrumentsOf>> | undefined;
  // What is recorded before the meter is there is not lost: it waits for it, in order.
  const record = (use: (made: ReturnType<typeof instrumentsOf>) => void): void => {
    instruments ??= meter().then(instrumentsOf);
    void instruments.then(use).catch(() => undefined);
  };
  return {
    called(call, location, error) {
      record(({ requests }) => {
        requests.add(1, { call, location, result: resultOf(error) });
      });
    },
    looked(strategy, location) {
      record(({ polls }) => {
        polls.add(1, { strategy, location });
      });
    },
    noticed(strategy, location, lagMs) {
      record(({ lag }) => {
        lag.record(Math.round(lagMs), { strategy, location });
      });
    },
    watching(location, count) {
      record(({ operations }) => {
        operations.set(count, { location });
      });
    },
  };
}

function resultOf(error: unknown): string {
  if (error === undefined) return 'ok';
  return isThrottled(error) ? 'throttled' : 'failed';
}
