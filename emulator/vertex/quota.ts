import { ApiError } from '../api-error';
import type { EmulatorOptions, Quotas } from '../options';

const SERVICE_QUOTAS: Quotas = { submissionsPerMinute: 60, requestsPerMinute: 600 };
const WINDOW_MS = 60_000;

type Kind = keyof Quotas;

const METRICS: Readonly<Record<Kind, string>> = {
  submissionsPerMinute: 'aiplatform.googleapis.com/job_lro_submit_requests_per_minute_per_region',
  requestsPerMinute: 'aiplatform.googleapis.com/resource_management_requests_per_minute_per_region',
};

/** Counts the requests of the last minute for each project and region. */
export class QuotaMeter {
  private readonly limits: Quotas;
  private readonly times = new Map<string, number[]>();

  constructor(quotas: EmulatorOptions['quotas'] = 'off') {
    this.limits = quotas === 'off' ? {} : quotas === 'service' ? SERVICE_QUOTAS : quotas;
  }

  /** @throws ApiError RESOURCE_EXHAUSTED with RetryInfo if the limit is reached */
  take(kind: Kind, region: string): void {
    const limit = this.limits[kind];
    if (limit === undefined) return;
    const key = `${kind} ${region}`;
    const now = Date.now();
    const recent = (this.times.get(key) ?? []).filter((at) => now - at < WINDOW_MS);
    this.times.set(key, recent);
    const [oldest] = recent;
    if (recent.length < limit || oldest === undefined) {
      recent.push(now);
      return;
    }
    const retryDelay = `${((oldest + WINDOW_MS - now) / 1_000).toFixed(3)}s`;
    const metric = METRICS[kind];
    throw new ApiError(
      'RESOURCE_EXHAUSTED',
      `Quota exceeded for ${metric} with region: ${region.split('/')[1] ?? ''}.`,
      [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'RATE_LIMIT_EXCEEDED',
          domain: 'googleapis.com',
          metadata: { quota_metric: metric, service: 'aiplatform.googleapis.com' },
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
      ],
    );
  }
}
