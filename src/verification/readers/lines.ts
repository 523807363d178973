import type { SparseBytes } from './sparse-bytes';
import { attempt } from './sparse-bytes';
import type { Inspecting } from './work';

const LINE_FEED = 0x0a;
/** Bytes that are read at once. */
const PART_BYTES = 64 * 1024;
const BYTES_PER_STEP = 16;

/** Counts the lines in a part of a file; the last line may lack a line feed. */
export function* countLines(bytes: SparseBytes, start: number, length: number): Inspecting<number> {
  const end = start + length;
  let count = 0;
  for (let at = start; at < end; at += PART_BYTES) {
    const part = yield* attempt(bytes, () => bytes.slice(at, Math.min(PART_BYTES, end - at)));
    bytes.meter.charge(part.length / BYTES_PER_STEP);
    for (let feed = part.indexOf(LINE_FEED); feed >= 0; feed = part.indexOf(LINE_FEED, feed + 1)) count += 1;
    if (at + part.length === end && part.at(-1) !== LINE_FEED) count += 1;
  }
  return count;
}
