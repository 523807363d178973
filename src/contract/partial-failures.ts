import type { PartialFailure } from './export-result';
import { boundedLine } from './text';

/** Most partial failures that are kept of an operation. */
export const MAX_PARTIAL_FAILURES = 20;
/** Longest message of a partial failure, in characters. */
export const MAX_PARTIAL_FAILURE_MESSAGE = 300;

/**
 * Partial failures as text, one line each.
 *
 * @param more number of partial failures that were not kept
 * @param most most lines; one more counts the others
 */
export function partialFailureLines(failures: readonly PartialFailure[], more: number, most: number): string[] {
  const others = Math.max(0, failures.length - most) + more;
  return [
    ...failures.slice(0, most).map(({ status, message }) => boundedLine(`partial failure: ${status}: ${message}`)),
    ...(others > 0 ? [`and ${others} more partial failures`] : []),
  ];
}
