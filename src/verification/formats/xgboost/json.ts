import type { SparseBytes } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** Most nested objects and arrays; models of XGBoost have far fewer. */
const MAX_DEPTH = 32;

const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING: ReadonlyMap<number, number> = new Map([
  [0x7b, 0x7d],
  [0x5b, 0x5d],
]);
const CLOSINGS: ReadonlySet<number> = new Set(CLOSING.values());

/**
 * The end of the object at the beginning of a file, and of the blanks after it. The object is not parsed: XGBoost
 * writes `NaN` and `Infinity`, too, which are not JSON.
 *
 * @throws MalformedFileError if it is cut off or damaged
 */
export function* jsonEnd(bytes: SparseBytes): Inspecting<number> {
  const open: number[] = [];
  let at = 0;
  do {
    if (at >= bytes.size) throw bytes.malformed('is cut off: its JSON has no end');
    const byte = bytes.u8(at);
    const closing = CLOSING.get(byte);
    if (byte === QUOTE) at = yield* stringEnd(bytes, at + 1);
    else if (closing !== undefined) open.push(closing);
    else if (CLOSINGS.has(byte) && open.pop() !== byte) {
      throw bytes.malformed(`is damaged: its brackets do not match at byte ${at}`);
    }
    if (open.length > MAX_DEPTH) throw bytes.malformed(`is damaged: its values are nested deeper than ${MAX_DEPTH}`);
    at += 1;
    if (bytes.meter.isDue) yield undefined;
  } while (open.length > 0);
  while (at < bytes.size && BLANKS.has(bytes.u8(at))) {
    at += 1;
    if (bytes.meter.isDue) yield undefined;
  }
  return at;
}

/** The position of the quotation mark that ends a text. */
function* stringEnd(bytes: SparseBytes, start: number): Inspecting<number> {
  for (let at = start; at < bytes.size; at += 1) {
    const byte = bytes.u8(at);
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
    if (bytes.meter.isDue) yield undefined;
  }
  throw bytes.malformed(`is cut off: the text at byte ${start} of its JSON has no end`);
}
