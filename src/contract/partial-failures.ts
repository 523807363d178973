import type { PartialFailure } from './export-result';
import { boundedLine } from './text';

/** Partial failures that are kept of an operation. */
export const MAX_PARTIAL_FAILURES = 20;
/** Longest message of one, in characters. */
export const MAX_PARTIAL_FAILURE_MESSAGE = 300;

/**
 * Partial failures as a person reads them, one a line.
 *
 * @param more of them that were not kept
 * @param most lines; one more counts the others
 */
export function partialFailureLines(failures: readonly PartialFailure[], more: number, most: number): string[] {
  const others = Math.max(0, failures.length - most) + more;
  return [
    ...failures.slice(0, most).map(({ status, message }) => boundedLine(`partial failure: ${status}: ${message}`)),
    ...(others > 0 ? [`and ${others} more partial failures`] : []),
  ];
}
