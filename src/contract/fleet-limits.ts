import { byteLength } from './text';

/** Maximum number of results in the result of a fleet's workflow, which is part of the workflow history. */
export const MAX_INLINE_RESULTS = 500;

// A Temporal server rejects arguments or a result of more than 2 MB (2,097,152 bytes) and ends the workflow. All limits
// below are bytes of JSON, as it is sent. The limits of the parts and the largest input add up to less than `carried`.

/**
 * Limits of the parts of a fleet's state, in bytes of JSON. `carried` is the limit of everything that a run passes to
 * the next one, including the input. The remaining bytes up to 2 MB are reserved for payload codecs.
 *
 * Source: https://docs.temporal.io/cloud/limits#per-message-grpc-limit
 */
export const FLEET_BYTES = {
  carried: 2_000_000,
  /** Exports that are planned but not started. */
  planned: 100_000,
  /** Running exports. A fleet with long names runs fewer exports at the same time. */
  running: 330_000,
  /** Results that are not in an object. If there are more, they are written to an object. */
  inlineResults: 180_000,
  /** Results whose objects are being written. */
  pendingResults: 400_000,
  failures: 50_000,
  notes: 10_000,
  resultUris: 10_000,
  /** Inputs of exports that one workflow task starts. A server accepts 4 MB of commands per task. */
  starting: 1_000_000,
} as const;

/** Maximum number of failures, notes and result objects that are listed. The others are only counted. */
export const FLEET_LISTED = { failures: 100, notes: 50, resultUris: 50 } as const;

/** Maximum number of pages of Models that one fleet reads. A page has at most 100 Models. */
export const MAX_MODEL_PAGES = 10_000;

/** Length of a value as JSON, in bytes. */
export function jsonBytes(value: unknown): number {
  return byteLength(JSON.stringify(value ?? null));
}
