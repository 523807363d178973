import type { SparseBytes } from '../reading/sparse-bytes';

/** Objects and arrays within each other. XGBoost's are far less deep. */
const MAX_DEPTH = 32;

const LENGTH_BYTES = 8;

/** Bytes of a value behind its marker. */
const VALUE_BYTES: Readonly<Record<string, number>> = {
  ...{ Z: 0, T: 0, F: 0, i: 1, U: 1, C: 1, I: 2, l: 4, d: 4, L: 8, D: 8 },
};

/**
 * Where a UBJSON value ends, with the subset of UBJSON that XGBoost writes: lengths are numbers of 64 bits.
 *
 * Sources: https://ubjson.org and https://github.com/dmlc/xgboost/blob/master/src/common/json.cc
 *
 * @param at where its marker stands, in bytes from the file's start
 * @throws MalformedFileError where it is cut off or damaged
 */
export function ubjsonEnd(bytes: SparseBytes, at = 0, depth = 0): number {
  if (depth > MAX_DEPTH) throw bytes.malformed(`is damaged: more than ${MAX_DEPTH} values are within each other`);
  const marker = markerAt(bytes, at);
  if (marker === '{') return objectEnd(bytes, at + 1, depth);
  if (marker === '[') return arrayEnd(bytes, at + 1, depth);
  if (marker === 'S') return textEnd(bytes, at + 1);
  const length = VALUE_BYTES[marker];
  if (length === undefined) throw bytes.malformed(`is damaged: no UBJSON value begins at byte ${at}`);
  return within(bytes, at + 1, length);
}

function objectEnd(bytes: SparseBytes, start: number, depth: number): number {
  let at = start;
  while (markerAt(bytes, at) !== '}') at = ubjsonEnd(bytes, textEnd(bytes, at), depth + 1);
  return at + 1;
}

function arrayEnd(bytes: SparseBytes, start: number, depth: number): number {
  const marker = markerAt(bytes, start);
  if (marker === '$') {
    const size = VALUE_BYTES[markerAt(bytes, start + 1)] ?? 0;
    const [count, at] = countAt(bytes, start + 2);
    return within(bytes, at, count * size);
  }
  if (marker === '#') {
    const [count, first] = countAt(bytes, start);
    let at = first;
    for (let index = 0; index < count; index += 1) at = ubjsonEnd(bytes, at, depth + 1);
    return at;
  }
  let at = start;
  while (markerAt(bytes, at) !== ']') at = ubjsonEnd(bytes, at, depth + 1);
  return at + 1;
}

/** The number of an array's values, and where they begin. */
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
  if (found !== marker) throw bytes.malformed(`is damaged: "${marker}" should stand at byte ${at}, not "${found}"`);
}

function markerAt(bytes: SparseBytes, at: number): string {
  return String.fromCharCode(bytes.u8(at));
}

function within(bytes: SparseBytes, start: number, length: number): number {
  if (start + length <= bytes.size) return start + length;
  throw bytes.malformed(
    `is cut off or damaged: a value at byte ${start} should have ${length} bytes, and ${bytes.size - start} are left`,
  );
}
