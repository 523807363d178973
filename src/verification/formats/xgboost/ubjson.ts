import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** Most nested objects and arrays; models of XGBoost have far fewer. */
const MAX_DEPTH = 32;

const LENGTH_BYTES = 8;

/** Bytes of a value after its marker. */
const VALUE_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({ Z: 0, T: 0, F: 0, i: 1, U: 1, C: 1, I: 2, l: 4, d: 4, L: 8, D: 8 }),
);

/** An object or an array whose end has not been reached. */
interface Open {
  readonly isObject: boolean;
  /** Values that are left, if their number precedes them. */
  left: number | undefined;
}

/**
 * The end of the UBJSON value at the beginning of a file. It supports the subset of UBJSON that XGBoost writes: lengths
 * are numbers of 64 bits.
 *
 * Sources: https://ubjson.org and https://github.com/dmlc/xgboost/blob/master/src/common/json.cc
 *
 * @throws MalformedFileError if it is cut off or damaged
 */
export function* ubjsonEnd(bytes: SparseBytes): Inspecting<number> {
  const open: Open[] = [];
  let at = 0;
  do {
    const from = at;
    at = yield* attempt(bytes, () => readToken(bytes, from, open));
  } while (open.length > 0);
  return at;
}

/** Reads the beginning of a value, or the end of an open one. Returns the position of the next token. */
function readToken(bytes: SparseBytes, start: number, open: Open[]): number {
  const container = open.at(-1);
  let at = start;
  if (container?.left === 0) {
    open.pop();
    return at;
  }
  if (container && container.left === undefined && markerAt(bytes, at) === (container.isObject ? '}' : ']')) {
    open.pop();
    return at + 1;
  }
  if (container?.isObject === true) at = textEnd(bytes, at);
  const marker = markerAt(bytes, at);
  const { end, opened } = readValue(bytes, at, marker);
  if (container?.left !== undefined) container.left -= 1;
  if (opened) open.push(opened);
  if (open.length > MAX_DEPTH) throw bytes.malformed(`is damaged: its values are nested deeper than ${MAX_DEPTH}`);
  return end;
}

function readValue(bytes: SparseBytes, at: number, marker: string): { end: number; opened?: Open } {
  if (marker === '{') return { end: at + 1, opened: { isObject: true, left: undefined } };
  if (marker === '[') return readArray(bytes, at + 1);
  if (marker === 'S') return { end: textEnd(bytes, at + 1) };
  const length = VALUE_BYTES.get(marker);
  if (length === undefined) throw bytes.malformed(`is damaged: no UBJSON value begins at byte ${at}`);
  return { end: within(bytes, at + 1, length) };
}

function readArray(bytes: SparseBytes, start: number): { end: number; opened?: Open } {
  const marker = markerAt(bytes, start);
  if (marker === '$') {
    const size = VALUE_BYTES.get(markerAt(bytes, start + 1)) ?? 0;
    const [count, at] = countAt(bytes, start + 2);
    return { end: within(bytes, at, count * size) };
  }
  if (marker !== '#') return { end: start, opened: { isObject: false, left: undefined } };
  const [left, end] = countAt(bytes, start);
  return { end, opened: { isObject: false, left } };
}

/** The number of an array's values, and the position of the first one. */
function countAt(bytes: SparseBytes, at: number): [count: number, at: number] {
  expect(bytes, at, '#');
  return lengthAt(bytes, at + 1);
}

function textEnd(bytes: SparseBytes, at: number): number {
  const [length, start] = lengthAt(bytes, at);
  return within(bytes, start, length);
}

function lengthAt(bytes: SparseBytes, at: number): [length: number, at: number] {
  expect(bytes, at, 'L');
  const length = Number(bytes.slice(at + 1, LENGTH_BYTES).readBigInt64BE());
  if (length < 0) throw bytes.malformed(`is damaged: the length at byte ${at + 1} is ${length}`);
  return [length, at + 1 + LENGTH_BYTES];
}

function expect(bytes: SparseBytes, at: number, marker: string): void {
  const found = markerAt(bytes, at);
  if (found !== marker) throw bytes.malformed(`is damaged: "${marker}" should be at byte ${at}, not "${found}"`);
}

function markerAt(bytes: SparseBytes, at: number): string {
  return String.fromCharCode(bytes.u8(at));
}

function within(bytes: SparseBytes, start: number, length: number): number {
  if (start + length <= bytes.size) return start + length;
  throw bytes.malformed(
    `is cut off or damaged: a value at byte ${start} should have ${length} bytes, but ${bytes.size - start} are left`,
  );
}
