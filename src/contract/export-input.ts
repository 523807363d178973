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

/** How far `verifyExport` looks. */
export type VerificationLevel = 'none' | 'listing' | 'structure' | 'content';

/** Where to and in which format: the `outputConfig` of `projects.locations.models.export`. */
export interface OutputConfig {
  /** One of the Model's `supportedExportFormats[].id`. Default: chosen by `formatPreference`, then the Model's first. */
  exportFormatId?: string;
  artifactDestination?: {
    /** `gs://bucket/path`; a `/` is appended where it is missing. The bucket must be in the Model's region. */
    outputUriPrefix: string;
  };
  imageDestination?: {
    /** `REGION-docker.pkg.dev/project/repository/image:tag` or `gcr.io/project/image:tag`; no tag means `latest`. */
    outputUri: string;
  };
}

/**
 * How often a running operation is asked after where the service has no long polls, and how soon a dead worker is
 * noticed. Less often where more operations are waited for than the quota has requests, and where the worker has
 * learned how long exports of the format take: then pauses are up to four times as long before the end is expected,
 * and shorter when it is.
 */
export interface PollingOptions {
  /** Time from the start of the operation to the first look at it. Default 5 s. */
  initialDelay?: DurationInput;
  /** Each pause is this many times the one before. Default 2. */
  multiplier?: number;
  /** No pause is longer. Default 14 s: a 10-minute export is noticed after 7 s on average, with 44 looks. */
  maxDelay?: DurationInput;
  /** A worker that is silent for this long is given up, and another one continues. From 1 s to 1 h. Default 60 s. */
  heartbeatTimeout?: DurationInput;
}

/** How exports are waited for that run for hours or days. */
export interface LongExportsOptions {
  /** An export that is waited for longer gives its slot in the worker back. At least 1 s. */
  parkAfter: DurationInput;
  /** From then on it is looked at so often, by an attempt of the activity of its own. At least 1 s. Default 10 min. */
  checkEvery?: DurationInput;
}

/**
 * Input of `exportModelWorkflow`. `name` and `outputConfig` mirror the REST call, so that a request can be pasted.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/export
 */
export interface ExportModelInput {
  /** `projects/P/locations/L/models/M`, with `@version` or `@alias` behind it where not the default version is meant. */
  name: string;
  outputConfig: OutputConfig;
  /** Format ids in order of preference; the first that the Model supports is taken. `exportFormatId` goes before. */
  formatPreference?: string[];
  /**
   * Export below `<outputUriPrefix>/<workflowId>/<runId>/`, so that a crashed run finds its own operation with
   * certainty. `false` exports below `outputUriPrefix` itself; the run's operation is then told by prefix and create
   * time only, which two exports of one Model to one place at the same time can confuse. Default `true`.
   */
  perRunFolder?: boolean;
  verification?: {
    /**
     * `none`; `listing`: every object's name, size, crc32c, the files that the format must have; `structure`: looks
     * into the files whose kinds are known, too; `content`: reads every byte as well and compares the checksums.
     * Default `structure`.
     */
    level?: VerificationLevel;
  };
  manifest?: {
    /**
     * Write `manifest.json` beside the export when it is verified: every file with its digests, and the Model,
     * operation and run that made it, as an in-toto Statement; `verifyManifest` checks a place against it later.
     * Needs `perRunFolder`, an `artifactDestination`, and another level than `none`. Default `false`.
     */
    write?: boolean;
  };
  polling?: PollingOptions;
  /** Default: an export keeps its slot until it ends. */
  longExports?: LongExportsOptions;
  /** From the workflow's start; past it the operation is cancelled and the workflow fails. Default 24 h. */
  deadline?: DurationInput;
  /**
   * What a failure does that a person can mend (a missing right, bucket or repository, a wrong region, quota, a failed
   * precondition): `fail` ends the workflow; `wait` keeps it, for days if need be, until the update `retryExport` goes
   * on or `abortExport` gives up. The deadline is put off by the time spent waiting. Default `fail`.
   */
  onBlocked?: 'fail' | 'wait';
  /**
   * After a cancel and at the deadline: remove what the operation left in the run's own folder. Needs `perRunFolder`.
   * Default `false`.
   */
  deletePartialArtifacts?: boolean;
  /** Operations that may be started in all when one fails for a passing reason or its files do not verify. Default 3. */
  maxExportAttempts?: number;
}

/** Formats that one export can choose from. */
const MAX_FORMATS = 100;

/** Far more than any valid input has. */
const SIZE_LIMITS = { values: 2_000, characters: 100_000, depth: 20 };

const POLLING_DEFAULTS = { initialDelay: 5_000, multiplier: 2, maxDelay: 14_000, heartbeatTimeout: 60_000 };

/** Checks an {@link ExportModelInput}, fills in the defaults, and turns durations into milliseconds. */
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

/** The schema with what concerns several fields. */
const checkedInputSchema = exportModelInputSchema
  .refine((input) => input.perRunFolder || !input.deletePartialArtifacts, {
    error: 'needs perRunFolder: elsewhere there may be files of others',
    path: ['deletePartialArtifacts'],
  })
  .refine((input) => input.perRunFolder || !input.manifest.write, {
    error: 'needs perRunFolder: elsewhere the manifest of another export may stand',
    path: ['manifest', 'write'],
  })
  .refine((input) => input.outputConfig.artifactDestination !== undefined || !input.manifest.write, {
    error: 'needs an artifactDestination: it names files, and an image has a manifest of its own',
    path: ['manifest', 'write'],
  })
  .refine((input) => input.verification.level !== 'none' || !input.manifest.write, {
    error: 'needs another verification.level than none: nothing would be known of the files',
    path: ['manifest', 'write'],
  });

/** An {@link ExportModelInput} with defaults filled in and durations in milliseconds. */
export type NormalizedExportInput = z.output<typeof exportModelInputSchema>;

/** Checks a raw input. Never throws: either the normalised input or every problem at once, at most a hundred. */
export function parseExportModelInput(
  raw: unknown,
): { readonly input: NormalizedExportInput } | { readonly problems: InputProblem[] } {
  const size = sizeProblem(raw, SIZE_LIMITS, 'an export takes the fields of the REST call and a few options');
  if (size !== undefined) return { problems: [size] };
  const parsed = checkedInputSchema.safeParse(raw);
  return parsed.success ? { input: parsed.data } : { problems: problemsOf(parsed.error) };
}
