import type { ObservedProcess, World } from './world';

const MINUTE_MS = 60_000;

/** Minutes in which a process sent more than it may: one line for each. */
export function overBudgetMinutes({ processes, limits }: Pick<World, 'processes' | 'limits'>): string[] {
  return processes.flatMap(({ name, requests }) => [
    ...exceeded(
      `${name}: requests`,
      timesOf(requests, () => true),
      limits.requests,
    ),
    ...exceeded(`${name}: starts of exports`, timesOf(requests, isSubmission), limits.submissions),
  ]);
}

function isSubmission(route: string): boolean {
  return route === 'models.export';
}

function timesOf(requests: ObservedProcess['requests'], counts: (route: string) => boolean): number[] {
  return requests
    .filter(({ route }) => counts(route))
    .map(({ at }) => at)
    .sort((a, b) => a - b);
}

/** Checks each sliding minute. Of overlapping violations, only one is reported. */
function exceeded(what: string, times: readonly number[], limit: number): string[] {
  const lines: string[] = [];
  let first = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - MINUTE_MS) first += 1;
    const count = index - first + 1;
    if (count <= limit) continue;
    lines.push(`${what}: ${count} in the minute before ${new Date(at).toISOString()}, and ${limit} are allowed`);
    first = index + 1;
  }
  return lines;
}
