/** The pauses of an exponential backoff. */
export interface Backoff {
  /** The pause after the first failure, in milliseconds. Each further failure doubles it. */
  readonly firstMs: number;
  /** The longest pause, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The pause before the next try, in milliseconds.
 *
 * @param failures failed tries in a row, the latest one included
 */
export function backoff(failures: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(firstMs * 2 ** Math.max(0, failures - 1), maxMs);
}
