import type { Stepwise } from './slices';
import { runInSlices } from './slices';

/** Items that are sorted or merged without an interruption. */
const RUN = 2_048;

/** Makes a sorted copy. The sort is stable and may be interrupted after every few thousand items. */
export function* sorting<T>(items: readonly T[], compare: (a: T, b: T) => number): Stepwise<never, T[]> {
  let sorted: T[] = [];
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(compare)) sorted.push(item);
    yield undefined;
  }
  for (let width = RUN; width < sorted.length; width *= 2) {
    const merged: T[] = [];
    for (let start = 0; start < sorted.length; start += 2 * width) {
      yield* merging(sorted, { start, middle: Math.min(start + width, sorted.length), width }, compare, merged);
    }
    sorted = merged;
  }
  return sorted;
}

/** Makes a sorted copy in slices: see {@link sorting}. */
export function sortedInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  return runInSlices(sorting(items, compare), () => Promise.resolve());
}

function* merging<T>(
  from: readonly T[],
  { start, middle, width }: { start: number; middle: number; width: number },
  compare: (a: T, b: T) => number,
  merged: T[],
): Stepwise<never, void> {
  const end = Math.min(middle + width, from.length);
  let [left, right] = [start, middle];
  while (left < middle || right < end) {
    const [a, b] = [from[left], from[right]] as [T, T];
    const takeLeft = right >= end || (left < middle && compare(a, b) <= 0);
    merged.push(takeLeft ? a : b);
    if (takeLeft) left += 1;
    else right += 1;
    if (merged.length % RUN === 0) yield undefined;
  }
}
