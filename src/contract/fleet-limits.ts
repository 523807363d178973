import { byteLength } from './text';

// A Temporal server refuses arguments or a result of more than 2 MB (2,097,152 bytes) and ends the workflow. All limits
// below are bytes of JSON, as it is sent. Together with the largest input they come to less than CARRIED.

/**
 * The most bytes that each part of a fleet's state may have. `carried` is the limit for everything that a run gives to
 * the next one, the input included; the rest up to 2 MB is left for payload codecs.
 *
 * Source: https://docs.temporal.io/cloud/limits#per-message-grpc-limit
 */
export const FLEET_BYTES = {
  carried: 2_000_000,
  /** Exports that are planned and not started. */
  planned: 100_000,
  /** Exports that run: a fleet with long names runs fewer at the same time. */
  running: 330_000,
  /** Results that are not in an object; more than this is written to one. */
  inlineResults: 180_000,
  /** Results whose objects are being written. */
  pendingResults: 400_000,
  failures: 50_000,
  notes: 10_000,
  resultUris: 10_000,
  /** Inputs of exports whose starts are commands of one workflow task: a server takes 4 MB in all. */
  starting: 1_000_000,
} as const;

/** Failures, notes and names of results objects that are listed; the others are counted. */
export const FLEET_LISTED = { failures: 100, notes: 50, resultUris: 50 } as const;

/** Pages of Models that one fleet reads. A page has at most 100 Models. */
export const MAX_MODEL_PAGES = 10_000;

/** Length of a value as JSON, in bytes. */
export function jsonBytes(value: unknown): number {
  return byteLength(JSON.stringify(value ?? null));
}
