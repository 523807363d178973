import type { MetricMeter, MetricTags } from '@temporalio/common';
import { noopMetricMeter } from '@temporalio/common';

/** A value of a metric. */
export type RecordedValue = readonly [name: string, value: number, tags: MetricTags | undefined];

/** Creates a meter that records every value. */
export function recordingMeter(): { readonly meter: MetricMeter; readonly recorded: RecordedValue[] } {
  const recorded: RecordedValue[] = [];
  const keep =
    (name: string) =>
    (value: number, tags?: MetricTags): void => {
      recorded.push([name, value, tags]);
    };
  const meter: MetricMeter = {
    withTags: () => meter,
    createCounter: (name) => ({ ...noopMetricMeter.createCounter(name), add: keep(name) }),
    createHistogram: (name) => ({ ...noopMetricMeter.createHistogram(name), record: keep(name) }),
    createGauge: (name) => ({ ...noopMetricMeter.createGauge(name), set: keep(name) }),
  };
  return { meter, recorded };
}
