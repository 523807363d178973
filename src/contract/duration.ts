/** A number of milliseconds, or text such as `90s`, `30m`, `12 hours`, `2d`. At most 365 days. */
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

/** The longest duration, in milliseconds: 365 days. Times beyond it are mistakes, and some can't be counted with. */
export const MAX_DURATION_MS = 365 * 86_400_000;
/** From the start of an export to its deadline, where the input has none, in milliseconds: a day. */
export const DEFAULT_DEADLINE_MS = 86_400_000;
/** The shortest time to a deadline, in milliseconds. */
export const SHORTEST_DEADLINE_MS = 1_000;

/** The longest heartbeat timeout, in milliseconds: an hour. A dead worker is not noticed earlier. */
export const MAX_HEARTBEAT_TIMEOUT_MS = 3_600_000;
/** The shortest heartbeat timeout, in milliseconds. */
export const MIN_HEARTBEAT_TIMEOUT_MS = 1_000;

/** Milliseconds of a {@link DurationInput}; `undefined` for everything else. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : undefined;
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) return undefined;
  const [, amount, unit = ''] = DURATION.exec(value.trim()) ?? [];
  const lower = unit.toLowerCase();
  const factor = UNITS[lower.startsWith('ms') || lower.startsWith('mil') ? 'ms' : lower.charAt(0)];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
