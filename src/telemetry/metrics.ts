import type { MetricMeter } from '@temporalio/common';
import { isThrottled } from '../google/api-error';
import type { PollMetrics } from '../polling/types';

function createInstruments(meter: MetricMeter) {
  return {
    requests: meter.createCounter('vertex_export_requests', '', 'Requests to Vertex AI, by call and result'),
    polls: meter.createCounter('vertex_export_polls', '', 'Polls of running operations, by strategy'),
    lag: meter.createHistogram(
      'vertex_export_lag',
      'int',
      'ms',
      'Longest possible time from the end of an operation until it was noticed',
    ),
    operations: meter.createGauge('vertex_export_operations', 'int', '', 'Operations that are polled at present'),
  };
}

/**
 * Records the poller's metrics on a Temporal meter. `docs/operating.md` lists their names.
 *
 * @param meter called once, for the first record
 */
export function temporalMetrics(meter: () => Promise<MetricMeter>): PollMetrics {
  let instruments: Promise<ReturnType<typeof createInstruments>> | undefined;
  // Records made before the meter is available wait for it, in order.
  const record = (use: (created: ReturnType<typeof createInstruments>) => void): void => {
    instruments ??= meter().then(createInstruments);
    void instruments.then(use).catch(() => undefined);
  };
  return {
    recordRequest(call, location, error) {
      record(({ requests }) => {
        requests.add(1, { call, location, result: requestResult(error) });
      });
    },
    recordPoll(strategy, location) {
      record(({ polls }) => {
        polls.add(1, { strategy, location });
      });
    },
    recordEnd(strategy, location, lagMs) {
      record(({ lag }) => {
        lag.record(Math.round(lagMs), { strategy, location });
      });
    },
    recordOperations(location, count) {
      record(({ operations }) => {
        operations.set(count, { location });
      });
    },
  };
}

function requestResult(error: unknown): string {
  if (error === undefined) return 'ok';
  return isThrottled(error) ? 'throttled' : 'failed';
}
