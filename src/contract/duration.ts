import { z } from 'zod';

/** A number of milliseconds, or text such as `90s`, `30m`, `12 hours`, `2d`. */
export type DurationInput = number | string;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$/i;

/** Milliseconds of a {@link DurationInput}; `undefined` where it is none. */
function milliseconds(value: DurationInput): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : undefined;
  const [, amount, unit = ''] = DURATION.exec(value.trim()) ?? [];
  const lower = unit.toLowerCase();
  const factor = UNITS[lower.startsWith('ms') || lower.startsWith('mil') ? 'ms' : lower.charAt(0)];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** Schema of a {@link DurationInput} of at least so many milliseconds; gives milliseconds. */
export const duration = (leastMs: number): z.ZodType<number, DurationInput> =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = milliseconds(value);
    if (ms === undefined || ms < leastMs) {
      context.addIssue({
        code: 'custom',
        message: `must be a number of milliseconds or text such as "90s", "30m", "12h", and at least ${leastMs} ms`,
        input: value,
      });
      return z.NEVER;
    }
    return ms;
  });
