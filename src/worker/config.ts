import { z } from 'zod';
import type { GoogleOptions } from '../activities';
import { defined } from '../internal/defined';
import { nearest } from '../internal/nearest';
import { duration } from '../contract/duration-field';
import { parseStorageUri } from '../contract/resource-names';
import { credentialsProblem, endpointUrl } from '../google/endpoint';

const SERVICE_URL =
  /^(?:https?:\/\/)?[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[\w./-]*)?$|^(?:https?:\/\/)?\[[0-9a-fA-F:]+\](?::\d{1,5})?\/?$/;

const host = z
  .string()
  .regex(SERVICE_URL, { error: 'must be a URL or host:port', abort: true })
  .refine((value) => URL.canParse(value.includes('://') ? value : `https://${value}`), 'must be a URL or host:port')
  .exactOptional();
const count = (least: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least, `must be at least ${least}`);

/** Prefix of this package's settings: a misspelt one is an error, and not silently a default. */
const PREFIX = 'VERTEX_EXPORT_';

/**
 * The worker's environment, without the connection to Temporal, which `@temporalio/envconfig` reads
 * (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_PROFILE`, …).
 */
const environmentSchema = z.object({
  VERTEX_EXPORT_TASK_QUEUE: z.string().min(1).default('vertex-export').meta({
    description: 'Task queue that the worker polls.',
  }),
  VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS: count(1).default(2_000).meta({
    description: 'Most concurrent activities: each export that the worker waits for is one.',
  }),
  VERTEX_EXPORT_MAX_CACHED_WORKFLOWS: count(0).default(2_000).meta({
    description: 'Workflows that stay in memory between their tasks.',
  }),
  VERTEX_EXPORT_SHUTDOWN_GRACE: duration(0).default(10_000).meta({
    description: 'How long activities may take to end after SIGTERM. Another worker continues the rest.',
  }),
  VERTEX_EXPORT_SETTLE_DELAY: duration(0).exactOptional().meta({
    description: 'How long the service gets to list an operation if the answer to its start was lost. Default: 15 s.',
  }),
  VERTEX_EXPORT_REQUEST_TIMEOUT: duration(100).exactOptional().meta({
    description: 'Limit of a request to Google. Default: 30 s.',
  }),
  VERTEX_EXPORT_LONG_POLL: duration(100).exactOptional().meta({
    description: 'How long the service is asked to hold a long poll. Default: 30 s.',
  }),
  VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE: count(1).exactOptional().meta({
    description: 'Most requests to Vertex AI per minute, project and region. Default: 300, half of the quota.',
  }),
  VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE: count(1).exactOptional().meta({
    description: 'Most export starts per minute, project and region. Default: 60, the quota.',
  }),
  VERTEX_EXPORT_UPLOAD_BUCKETS: z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => parseStorageUri(`gs://${name}`)?.path === ''), {
      error: 'must be bucket names, separated by commas',
    })
    .exactOptional()
    .meta({
      description:
        'Buckets that Models are uploaded from, separated by commas. Differences between an export and an upload in these ' +
        'buckets are reported by file name; in other buckets they are counted. Default: none.',
    }),
  VERTEX_EXPORT_VERTEX_ENDPOINT: host.meta({
    description: 'Vertex AI endpoint, for example of Private Service Connect. Default: by location.',
  }),
  VERTEX_EXPORT_STORAGE_ENDPOINT: host.meta({
    description: 'Cloud Storage endpoint. Default: https://storage.googleapis.com.',
  }),
  VERTEX_EXPORT_REGISTRY_ENDPOINT: host.meta({
    description: "Registry endpoint for every image. Default: the host in the image's URI.",
  }),
  VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS: z.enum(['true', 'false'], 'must be true or false').default('false').meta({
    description:
      'Whether credentials may be sent to http:// endpoints of other machines, where they can be read in transit. Default: false.',
  }),
  VERTEX_EMULATOR_HOST: host.meta({ description: 'Local Vertex AI; no token is sent.' }),
  STORAGE_EMULATOR_HOST: host.meta({ description: 'Local object store; no token is sent.' }),
  REGISTRY_EMULATOR_HOST: host.meta({ description: 'Local container registry; no token is sent.' }),
  GOOGLE_CLOUD_QUOTA_PROJECT: z.string().min(1).exactOptional().meta({
    description: 'Project that quota and cost are counted for. Default: that of the credentials.',
  }),
});

/** Settings of the worker. */
export interface WorkerConfig {
  readonly taskQueue: string;
  readonly maxConcurrentExports: number;
  readonly maxCachedWorkflows: number;
  readonly shutdownGraceMs: number;
  readonly google: GoogleOptions;
}

/**
 * Parses the worker's settings from environment variables. An empty variable counts as not set.
 *
 * @throws Error with every problem
 */
export function parseWorkerConfig(env: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const names = Object.keys(environmentSchema.shape);
  const unknown = Object.keys(set)
    .filter((name) => name.startsWith(PREFIX) && !names.includes(name))
    .map((name) => {
      const meant = nearest(name, names);
      return `${name}: is not a setting of the worker${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    });
  const parsed = environmentSchema.safeParse(set);
  const invalid = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => {
        const name = path.join('.');
        return `${name}: ${message}, not ${JSON.stringify(set[name])}`;
      });
  const insecure = parsed.success ? insecureEndpoints(parsed.data) : [];
  const problems = [...invalid, ...unknown, ...insecure];
  if (!parsed.success || problems.length > 0) {
    throw new Error(`The worker's environment has problems:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
  const values = parsed.data;
  return {
    taskQueue: values.VERTEX_EXPORT_TASK_QUEUE,
    maxConcurrentExports: values.VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS,
    maxCachedWorkflows: values.VERTEX_EXPORT_MAX_CACHED_WORKFLOWS,
    shutdownGraceMs: values.VERTEX_EXPORT_SHUTDOWN_GRACE,
    google: {
      endpoints: {
        vertex: values.VERTEX_EXPORT_VERTEX_ENDPOINT,
        storage: values.VERTEX_EXPORT_STORAGE_ENDPOINT,
        registry: values.VERTEX_EXPORT_REGISTRY_ENDPOINT,
      },
      emulators: {
        vertex: values.VERTEX_EMULATOR_HOST,
        storage: values.STORAGE_EMULATOR_HOST,
        registry: values.REGISTRY_EMULATOR_HOST,
      },
      allowHttpCredentials: values.VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS === 'true',
      ...defined({
        quotaProject: values.GOOGLE_CLOUD_QUOTA_PROJECT,
        settleDelayMs: values.VERTEX_EXPORT_SETTLE_DELAY,
        requestTimeoutMs: values.VERTEX_EXPORT_REQUEST_TIMEOUT,
        longPollMs: values.VERTEX_EXPORT_LONG_POLL,
        uploadBuckets: values.VERTEX_EXPORT_UPLOAD_BUCKETS,
      }),
      maxRequestsPerMinute: values.VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE,
      maxSubmissionsPerMinute: values.VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE,
    },
  };
}

/** Each setting of an endpoint, with that of the emulator that replaces it. */
const ENDPOINTS = [
  ['VERTEX_EXPORT_VERTEX_ENDPOINT', 'VERTEX_EMULATOR_HOST'],
  ['VERTEX_EXPORT_STORAGE_ENDPOINT', 'STORAGE_EMULATOR_HOST'],
  ['VERTEX_EXPORT_REGISTRY_ENDPOINT', 'REGISTRY_EMULATOR_HOST'],
] as const;

/** The problems of endpoints that would get credentials over http. */
function insecureEndpoints(values: z.output<typeof environmentSchema>): string[] {
  if (values.VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS === 'true') return [];
  return ENDPOINTS.flatMap(([name, emulator]) => {
    const url = values[emulator] === undefined ? endpointUrl(values[name], 'https') : undefined;
    const problem = url === undefined ? undefined : credentialsProblem(url);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
}

/** The names and descriptions of all settings, for `--help`. */
export function describeSettings(): string {
  return Object.entries(environmentSchema.shape)
    .map(([name, schema]) => `  ${name}\n      ${schema.meta()?.description ?? ''}`)
    .join('\n');
}
