import { z } from 'zod';
import type { DurationInput } from './duration';
import { MAX_DURATION_MS, milliseconds } from './duration';

/**
 * Schema of a {@link DurationInput} within bounds; gives milliseconds.
 *
 * @param leastMs shortest, in milliseconds
 * @param mostMs longest, in milliseconds. Default 365 days.
 */
export const duration = (leastMs: number, mostMs = MAX_DURATION_MS): z.ZodType<number, DurationInput> =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = milliseconds(value);
    if (ms === undefined || ms < leastMs || ms > mostMs) {
      context.addIssue({
        code: 'custom',
        message: `must be a number of milliseconds or text such as "90s", "30m", "12h", from ${leastMs} ms to ${mostMs} ms`,
        input: value,
      });
      return z.NEVER;
    }
    return ms;
  });
