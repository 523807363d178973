/** A duration: a number of milliseconds, or text such as `90s`, `30m`, `12 hours`, `2d`. At most 365 days. */
export type DurationInput = number | string;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION =
  /^(\d{1,15}(?:\.\d{1,15})?)\s{0,9}(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$/i;
const MAX_TEXT_LENGTH = 64;

/** Longest duration, in milliseconds: 365 days. Longer ones are mistakes, and some exceed what timers support. */
export const MAX_DURATION_MS = 365 * 86_400_000;
/** Default time from the start of an export to its deadline, in milliseconds: a day. */
export const DEFAULT_DEADLINE_MS = 86_400_000;
/** Shortest time from the start of an export to its deadline, in milliseconds. */
export const SHORTEST_DEADLINE_MS = 1_000;

/** Longest heartbeat timeout, in milliseconds: an hour. A dead worker is detected after this time. */
export const MAX_HEARTBEAT_TIMEOUT_MS = 3_600_000;
/** Shortest heartbeat timeout, in milliseconds. */
export const MIN_HEARTBEAT_TIMEOUT_MS = 1_000;

/** Heartbeat timeout of the activity that checks the input, in milliseconds: a minute. */
export const SELECT_HEARTBEAT_TIMEOUT_MS = 60_000;

/** Milliseconds of a {@link DurationInput}; undefined for any other value. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : undefined;
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) return undefined;
  const [, amount, unit = ''] = DURATION.exec(value.trim()) ?? [];
  const lower = unit.toLowerCase();
  const factor = UNITS[lower.startsWith('ms') || lower.startsWith('mil') ? 'ms' : lower.charAt(0)];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
