import { z } from 'zod';
import type { DurationInput } from './duration';
import {
  DEFAULT_DEADLINE_MS,
  MAX_HEARTBEAT_TIMEOUT_MS,
  MIN_HEARTBEAT_TIMEOUT_MS,
  SHORTEST_DEADLINE_MS,
} from './duration';
import { duration } from './duration-field';
import { formatId, modelName, outputUri, outputUriPrefix } from './fields';
import { sizeProblem } from './input-size';
import type { InputProblem } from './problems';
import { problemsOf } from './problems';

/**
 * How thoroughly an export is verified. `none`: not at all. `listing`: name, size and checksum metadata of each object,
 * and the files that the format requires. `structure`: also the structure of files of known kinds. `content`: also
 * reads every byte and compares the checksums.
 */
export type VerificationLevel = 'none' | 'listing' | 'structure' | 'content';

/** Destination and format: the `outputConfig` of `projects.locations.models.export`. */
export interface OutputConfig {
  /** One of the Model's `supportedExportFormats[].id`. Default: by `formatPreference`, otherwise the Model's first. */
  exportFormatId?: string;
  /** Where files are written. */
  artifactDestination?: {
    /** `gs://bucket/path`. A missing `/` at the end is added. The bucket must be in the Model's region. */
    outputUriPrefix: string;
  };
  /** Where a container image is written. */
  imageDestination?: {
    /** `REGION-docker.pkg.dev/project/repository/image:tag` or `gcr.io/project/image:tag`. Default tag: `latest`. */
    outputUri: string;
  };
}

/**
 * How often an operation is polled if the service has no long polls, and when a dead worker is replaced. The worker
 * polls less often if it waits for more operations than its request budget allows. Once it has learned how long exports
 * of a format take, pauses are up to four times longer before the expected end and shorter around it.
 */
export interface PollingOptions {
  /** Time from the start of the operation to the first poll. Default 5 s. */
  initialDelay?: DurationInput;
  /** Factor between one pause and the next, from 1 to 10. Default 2. */
  multiplier?: number;
  /**
   * Longest pause, at least 100 ms. Default 14 s: the end of a 10-minute export is detected after 7 s on average, with
   * 44 polls.
   */
  maxDelay?: DurationInput;
  /** A worker that sends no heartbeat for this time is replaced by another one. From 1 s to 1 h. Default 60 s. */
  heartbeatTimeout?: DurationInput;
}

/**
 * How to wait for exports that run for hours or days. A parked export frees its slot in the worker; its operation is
 * checked at an interval.
 */
export interface LongExportsOptions {
  /** Time after which the export is parked. At least 1 s. */
  parkAfter: DurationInput;
  /** Interval between checks of a parked export. At least 1 s. Default 10 min. */
  checkEvery?: DurationInput;
}

/**
 * Input of `exportModelWorkflow`. `name` and `outputConfig` have the fields of the REST call.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/export
 */
export interface ExportModelInput {
  /** Resource name: `projects/P/locations/L/models/M`, optionally with `@version` or `@alias`. Default: default version. */
  name: string;
  /** Destination and format. */
  outputConfig: OutputConfig;
  /** Format ids in order of preference: the first that the Model supports is used, unless `exportFormatId` is set. */
  formatPreference?: string[];
  /**
   * Whether to export to `<outputUriPrefix>/<workflowId>/<runId>/`, so that a run always finds its operation after a
   * crash. With `false` the operation is identified only by destination and time: two simultaneous exports of the same
   * Model to the same destination can be mistaken for each other. Default `true`.
   */
  perRunFolder?: boolean;
  /** How to verify the output. */
  verification?: {
    /** How thoroughly to verify. Default `structure`. */
    level?: VerificationLevel;
  };
  /** Record of the export. */
  manifest?: {
    /**
     * Whether to write `manifest.json` into the export's directory after verification. It is an in-toto Statement with
     * the digests of all files, the Model, the operation and the run. `verifyManifest` checks a directory against it.
     * Requires `perRunFolder`, an `artifactDestination`, and a level other than `none`. Default `false`.
     */
    write?: boolean;
  };
  /** How to poll the operation. */
  polling?: PollingOptions;
  /** When to park the export. Default: never. */
  longExports?: LongExportsOptions;
  /** Time from the start of the workflow after which the operation is cancelled and the workflow fails. Default 24 h. */
  deadline?: DurationInput;
  /**
   * What to do after a failure that a person can fix: a missing role, bucket or repository, a wrong region, an exhausted
   * quota, or a failed precondition. `fail` ends the workflow. `wait` blocks it until the update `retryExport` or
   * `abortExport`; the time spent waiting extends the deadline. Default `fail`.
   */
  onBlocked?: 'fail' | 'wait';
  /**
   * Whether to delete the files in the run's folder after the operation of a failed or cancelled export is cancelled.
   * Requires `perRunFolder`. Default `false`.
   */
  deletePartialArtifacts?: boolean;
  /**
   * Maximum number of operations of one export. Another one is started after a temporary failure or a failed
   * verification. From 1 to 100. Default 3.
   */
  maxExportAttempts?: number;
}

/** Maximum number of formats in `formatPreference`. */
const MAX_FORMATS = 100;

/** Limits far above the size of any valid input. */
const SIZE_LIMITS = { values: 2_000, characters: 100_000, depth: 20 };

const POLLING_DEFAULTS = { initialDelay: 5_000, multiplier: 2, maxDelay: 14_000, heartbeatTimeout: 60_000 };

/** Schema of an {@link ExportModelInput}. Its output has all defaults, and durations in milliseconds. */
export const exportModelInputSchema = z.strictObject({
  name: modelName,
  outputConfig: z
    .strictObject({
      exportFormatId: formatId.exactOptional(),
      artifactDestination: z.strictObject({ outputUriPrefix }).exactOptional(),
      imageDestination: z.strictObject({ outputUri }).exactOptional(),
    })
    .refine((config) => config.artifactDestination !== undefined || config.imageDestination !== undefined, {
      error: 'needs artifactDestination, imageDestination or both',
    }),
  formatPreference: z
    .array(formatId)
    .min(1, 'must name at least one format')
    .max(MAX_FORMATS, `must name at most ${MAX_FORMATS} formats`)
    .exactOptional(),
  perRunFolder: z.boolean().default(true),
  verification: z
    .strictObject({ level: z.enum(['none', 'listing', 'structure', 'content']).default('structure') })
    .default({ level: 'structure' }),
  manifest: z.strictObject({ write: z.boolean().default(false) }).default({ write: false }),
  polling: z
    .strictObject({
      initialDelay: duration(0).default(POLLING_DEFAULTS.initialDelay),
      multiplier: z.number().min(1).max(10).default(POLLING_DEFAULTS.multiplier),
      maxDelay: duration(100).default(POLLING_DEFAULTS.maxDelay),
      heartbeatTimeout: duration(MIN_HEARTBEAT_TIMEOUT_MS, MAX_HEARTBEAT_TIMEOUT_MS).default(
        POLLING_DEFAULTS.heartbeatTimeout,
      ),
    })
    .default(POLLING_DEFAULTS),
  longExports: z
    .strictObject({ parkAfter: duration(1_000), checkEvery: duration(1_000).default(600_000) })
    .exactOptional(),
  deadline: duration(SHORTEST_DEADLINE_MS).default(DEFAULT_DEADLINE_MS),
  maxExportAttempts: z.int().min(1).max(100).default(3),
  onBlocked: z.enum(['fail', 'wait']).default('fail'),
  deletePartialArtifacts: z.boolean().default(false),
});

/** The schema with the rules between fields. */
const checkedInputSchema = exportModelInputSchema
  .refine((input) => input.perRunFolder || !input.deletePartialArtifacts, {
    error: 'needs perRunFolder: other directories can have files of other exports',
    path: ['deletePartialArtifacts'],
  })
  .refine((input) => input.perRunFolder || !input.manifest.write, {
    error: 'needs perRunFolder: other directories can have the manifest of another export',
    path: ['manifest', 'write'],
  })
  .refine((input) => input.outputConfig.artifactDestination !== undefined || !input.manifest.write, {
    error: 'needs an artifactDestination: a manifest lists files',
    path: ['manifest', 'write'],
  })
  .refine((input) => input.verification.level !== 'none' || !input.manifest.write, {
    error: 'needs a verification.level other than none: the manifest lists the verified files',
    path: ['manifest', 'write'],
  });

/** An {@link ExportModelInput} with all defaults, and with durations in milliseconds. */
export interface NormalizedExportInput extends Pick<ExportModelInput, 'name' | 'outputConfig' | 'formatPreference'> {
  /** Whether the export has its own folder. */
  perRunFolder: boolean;
  /** How to verify the output. */
  verification: { level: VerificationLevel };
  /** Whether to write a manifest. */
  manifest: { write: boolean };
  /** How to poll the operation, in milliseconds. */
  polling: { initialDelay: number; multiplier: number; maxDelay: number; heartbeatTimeout: number };
  /** When to park the export, in milliseconds; missing if it is never parked. */
  longExports?: { parkAfter: number; checkEvery: number };
  /** Time from the start of the workflow to the deadline, in milliseconds. */
  deadline: number;
  /** Maximum number of operations of the export. */
  maxExportAttempts: number;
  /** What to do after a failure that a person can fix. */
  onBlocked: 'fail' | 'wait';
  /** Whether to delete the files of a failed or cancelled export. */
  deletePartialArtifacts: boolean;
}

/** Checks a raw input. Returns the normalized input or all problems, at most 100. It never throws. */
export function parseExportModelInput(
  raw: unknown,
): { readonly input: NormalizedExportInput } | { readonly problems: InputProblem[] } {
  const size = sizeProblem(raw, SIZE_LIMITS, 'an export has the fields of the REST call and a few options');
  if (size !== undefined) return { problems: [size] };
  const parsed = checkedInputSchema.safeParse(raw);
  return parsed.success ? { input: parsed.data } : { problems: problemsOf(parsed.error) };
}
