import { z } from 'zod';
import type { DurationInput } from './duration';
import { MAX_DURATION_MS, milliseconds } from './duration';

/**
 * Schema of a {@link DurationInput} within bounds. Its output is in milliseconds.
 *
 * @param minMs shortest duration, in milliseconds
 * @param maxMs longest duration, in milliseconds. Default 365 days.
 */
export const duration = (minMs: number, maxMs = MAX_DURATION_MS): z.ZodType<number, DurationInput> =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = milliseconds(value);
    if (ms === undefined || ms < minMs || ms > maxMs) {
      context.addIssue({
        code: 'custom',
        message: `must be a number of milliseconds or text such as "90s", "30m", "12h", from ${minMs} ms to ${maxMs} ms`,
        input: value,
      });
      return z.NEVER;
    }
    return ms;
  });
